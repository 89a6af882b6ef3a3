//! `kling mock`: start-up time, and memory when idle.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::measure::{Stopwatch, median};
use crate::report::{Goal, Report, Row};

/// Starts the program `kling` next to this one; returns the milliseconds until its ready
/// line, and its resident memory in MiB.
fn start() -> Option<(f64, f64)> {
    let program = std::env::current_exe().ok()?.with_file_name("kling");
    let watch = Stopwatch::wall();
    let mut child = Command::new(program)
        .args(["mock", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?)
        .read_line(&mut line)
        .ok()?;
    let ready = watch.millis();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = resident.trim().trim_end_matches(" kB").parse().ok()?;
    child.kill().ok()?;
    child.wait().ok()?;
    line.contains("base_url")
        .then_some((ready, kilobytes / 1024.0))
}

pub(crate) fn ready(report: &mut Report) {
    let runs: Vec<_> = (0..11).filter_map(|_| start()).collect();
    for (what, unit, values, most) in [
        (
            "kling mock: ready",
            "ms",
            runs.iter().map(|run| run.0).collect::<Vec<_>>(),
            30.0,
        ),
        (
            "kling mock: memory when idle",
            "MiB",
            runs.iter().map(|run| run.1).collect(),
            12.0,
        ),
    ] {
        let mut values = values;
        report.add(Row {
            what: what.into(),
            unit,
            ours: median(&mut values),
            baseline: None,
            ratio: None,
            goal: Goal::AtMost(most),
        });
    }
}
