//! `cargo xtask bench`: builds the program and the benchmarks with the release
//! profile, and runs them.

use std::process::Command;

use crate::Failure;

/// Arguments go to `kling-bench`: names, `--json FILE`, `--gate`, `--counted`.
pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let build = ["build", "--release", "-p", "kling-cli", "-p", "kling-bench"];
    cargo(&build)?;
    let mut bench = vec!["run", "--release", "-p", "kling-bench", "--"];
    bench.extend(args);
    cargo(&bench)
}

fn cargo(args: &[&str]) -> Result<(), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(args).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", args.join(" ")).into()),
        Err(error) => Err(format!("cargo {}: {error}", args.join(" ")).into()),
    }
}
