//! The program from outside: arguments in; output, files and exit codes out.

mod effect;
mod help;
mod mock;
mod run;
