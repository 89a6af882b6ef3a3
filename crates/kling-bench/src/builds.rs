//! The build cost of each crate: the number of its dependencies, and the time of a cold
//! build in the dev profile. Only with `--builds`, since it takes minutes.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::process::Command;

use crate::measure::{Stopwatch, size};
use crate::report::{Goal, Report, Row};

/// A package, and the arguments that select its features.
static BUILT: &[(&str, &str)] = &[
    ("kling-types", ""),
    ("kling-http", "--no-default-features"),
    ("kling-http", ""),
    ("kling-mock", ""),
    ("kling-conformance", ""),
    ("kling-cli", ""),
];

pub(crate) fn run(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let target = std::env::temp_dir().join(format!("kling-bench-{}", std::process::id()));
    for &(package, features) in BUILT.iter().take(size(BUILT.len(), 1)) {
        eprintln!("{package} {features} ...");
        let crates = crates(package, features)?;
        let seconds = build(package, features, &target);
        // Also after a failure, so that the next build is cold.
        std::fs::remove_dir_all(&target)?;
        report.add(Row {
            what: format!("{package} {features}: cold build of {crates} crates"),
            unit: "s",
            ours: seconds?,
            baseline: None,
            ratio: None,
            goal: Goal::None,
        });
    }
    Ok(())
}

/// The number of crates that are built, including the crate itself.
fn crates(package: &str, features: &str) -> Result<usize, Box<dyn Error>> {
    let tree = cargo(&[
        "tree",
        "--edges=normal",
        "--prefix=none",
        "--format={p}",
        "-p",
        package,
    ])
    .args(features.split_whitespace())
    .output()?;
    let tree = String::from_utf8(tree.stdout)?;
    // Repeated crates are marked.
    let crates: BTreeSet<_> = (tree.lines())
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect();
    Ok(crates.len())
}

/// The wall time in seconds, with all cores.
fn build(package: &str, features: &str, target: &Path) -> Result<f64, Box<dyn Error>> {
    let watch = Stopwatch::wall();
    let built = cargo(&["build", "--quiet", "--locked", "--target-dir"])
        .arg(target)
        .args(["-p", package])
        .args(features.split_whitespace())
        .status()?;
    if !built.success() {
        return Err(format!("{package}: {built}").into());
    }
    Ok(watch.millis() / 1e3)
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    cargo
}
