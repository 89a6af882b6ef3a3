//! The program from outside: arguments in; output, files and exit codes out.

// A test that can't go on stops where it is.
#![allow(clippy::unwrap_used)]

mod after_paying;
mod commands;
mod effect;
mod help;
mod killed;
mod mock;
mod run;
mod settings;
mod several;
