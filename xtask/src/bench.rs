//! `cargo xtask bench`: builds the program and the benchmarks with optimisations, and
//! runs them. With `KLING_BENCH=PROGRAM`, it runs that program instead: a debug build of
//! `kling-bench` runs every benchmark with small sizes, which CI uses to check that all
//! of them work.

use std::process::Command;

use crate::{Failure, workspace};

/// The programs that `--all` measures too, as npm packages; the second is a Java
/// program.
const PROGRAMS: [&str; 2] = ["@stoplight/prism-cli@5.12.0", "wiremock@3.13.2"];

/// Passes its arguments to `kling-bench`: names, `--json FILE`, `--plot FILE`, `--gate`,
/// `--counted`, `--builds`. `--all` also installs programs in other languages in `target`, and
/// measures them.
pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let directory = workspace::root().join("target/alternatives");
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
    // File names are relative to the caller's directory.
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
