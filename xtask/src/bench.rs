//! `cargo xtask bench`: builds the program and the benchmarks with the release
//! profile, and runs them all.

use std::process::Command;

use crate::Failure;

/// Those that live with the crate whose insides they measure.
static IN_CRATES: &[(&str, &str)] = &[
    ("kling-types", "one_buffer"),
    ("kling-http", "cadence"),
    ("kling-http", "waiters"),
    ("kling-http", "download"),
];

/// Arguments go to `kling-bench`: names, `--json FILE`, `--gate`, `--counted`.
/// With names, or with `--counted`, the benchmarks inside the crates do not run,
/// as most of them time.
pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let build = ["build", "--release", "-p", "kling-cli", "-p", "kling-bench"];
    cargo(&build)?;
    let mut bench = vec!["run", "--release", "-p", "kling-bench", "--"];
    bench.extend(args);
    cargo(&bench)?;
    let narrowed = args
        .iter()
        .any(|arg| *arg == "--counted" || !arg.starts_with("--"));
    if narrowed {
        return Ok(());
    }
    // A benchmark that misses its goal fails; the others run all the same.
    let missed: Vec<_> = IN_CRATES
        .iter()
        .filter(|(package, bench)| cargo(&["bench", "-p", package, "--bench", bench]).is_err())
        .map(|(_, bench)| *bench)
        .collect();
    if missed.is_empty() || !args.contains(&"--gate") {
        return Ok(());
    }
    Err(format!("a goal was missed in: {}", missed.join(", ")).into())
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
