//! `cargo xtask bench`: builds the program and the benchmarks, optimised, and runs
//! them. With `KLING_BENCH=PROGRAM` it runs that program and builds nothing: a debug
//! build of `kling-bench` runs every benchmark quickly and with small sizes, which is how
//! CI checks that each of them works.

use std::process::Command;

use crate::{Failure, workspace};

/// What `--all` measures besides, as npm packages; the second is a program for
/// Java.
const PROGRAMS: [&str; 2] = ["@stoplight/prism-cli@5.12.0", "wiremock@3.13.2"];

/// Arguments go to `kling-bench`: names, `--json FILE`, `--plot FILE`, `--gate`,
/// `--counted`, `--builds`. With `--all` it also measures programs of other languages, which
/// are installed under `target`.
pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let directory = workspace::root().join("target/rivals");
    let directory = directory.to_string_lossy();
    let mut args = args.to_vec();
    if let Some(at) = args.iter().position(|arg| *arg == "--all") {
        args.insert(at + 1, &directory);
        let install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
        std::fs::create_dir_all(&*directory).map_err(|error| error.to_string())?;
        let npm = [&install[..], &[&directory], &PROGRAMS].concat();
        succeed(Command::new("npm").args(npm))?;
    }
    if let Some(program) = std::env::var_os("KLING_BENCH") {
        return succeed(Command::new(program).args(args));
    }
    let profile = "--profile=measured";
    cargo(&["build", profile, "-p", "kling-cli", "-p", "kling-bench"])?;
    let mut bench = vec!["run", profile, "-p", "kling-bench", "--"];
    bench.extend(&args);
    cargo(&bench)
}

fn cargo(args: &[&str]) -> Result<(), Failure> {
    // Files are named from where the caller is.
    succeed(workspace::cargo_command().current_dir(".").args(args))
}

fn succeed(command: &mut Command) -> Result<(), Failure> {
    let ended = match command.status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    Err(format!("{command:?}: {ended}").into())
}
