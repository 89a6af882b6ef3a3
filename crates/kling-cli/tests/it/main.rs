//! The program from outside: arguments in; output, files and exit codes out.

// A test that can't go on stops where it is.
#![allow(clippy::unwrap_used)]

mod after_paying;
mod again;
mod commands;
mod conformance;
mod connect;
#[cfg(unix)]
mod docs;
mod effect;
mod events;
#[cfg(unix)]
mod examples;
mod exit_codes;
mod help;
mod killed;
mod mock;
mod pipes;
mod run;
mod settings;
mod several;
#[cfg(unix)]
mod signals;
mod tasks;
#[cfg(unix)]
mod waiting;
mod webhook;
