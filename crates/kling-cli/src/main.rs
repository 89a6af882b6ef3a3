//! `kling`: photos in, a video out; and the service offline, for tests.

mod args;
mod effect;
mod exit;
mod mock;
mod output;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

// One thread is enough for one task, and starts faster than several.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Args::parse().command {
        Command::Effect(args) => effect::run(&args).await,
        Command::Mock(args) => mock::run(&args).await,
    }
}
