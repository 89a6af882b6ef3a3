//! The program from outside: arguments in; output, files and exit codes out.

// A test that can't go on stops where it is.
#![allow(clippy::unwrap_used)]

mod after_paying;
mod commands;
<<<<<<< HEAD
#[cfg(unix)]
mod docs;
=======
mod conformance;
>>>>>>> 44a9a5e (Options for tokens, slots and callbacks of a real server)
mod effect;
#[cfg(unix)]
mod examples;
mod help;
mod killed;
mod mock;
mod run;
mod settings;
