//! `cargo xtask fidelity`: the known facts about the service, and what proves them.

use std::process::Command;

use kling_conformance::{client, fidelity};
use serde_json::Value;

use crate::{Failure, workspace};

const PATH: &str = "docs/fidelity.md";

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let is_check = match args {
        [] => false,
        ["--check"] => true,
        _ => return Err(Failure::Usage),
    };
    let mut passed = fidelity::passed_by_mock()?;
    for provider in ["comet", "kling"] {
        passed.extend(passed_by_kling(provider)?);
    }
    let document = fidelity::document(&passed)?;
    let path = workspace::root().join(PATH);
    if !is_check {
        workspace::write(&path, &document.text)?;
        println!("wrote {PATH}");
    }
    if !document.problems.is_empty() {
        return Err(Failure::Failed(document.problems.join("\n")));
    }
    let found = workspace::read(&path)?;
    match workspace::first_difference(&found, &document.text) {
        None => println!("ok {PATH}: {} checks pass", passed.len()),
        Some(difference) => {
            let command = fidelity::COMMAND;
            let text = format!("{PATH}: {difference}\nmend it with `{command}`");
            return Err(Failure::Failed(text));
        }
    }
    Ok(())
}

/// The checks of clients that the program `kling` passes.
fn passed_by_kling(provider: &str) -> Result<Vec<&'static str>, String> {
    let kling = workspace::kling()?;
    let effect = format!(
        "'{}' effect $KLING_SCENE $KLING_IMAGES --output \"$KLING_OUTPUT\" --json",
        kling.display()
    );
    let output = Command::new(&kling)
        .args(["conformance", "client", "--json", "--provider", provider])
        .args(["--command", &effect])
        .output()
        .map_err(|e| format!("cannot run {}: {e}", kling.display()))?;
    // It fails if a check does; the report says which one.
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
        let why = String::from_utf8_lossy(&output.stderr);
        format!("kling conformance client: {}", why.trim())
    })?;
    let results = report["results"].as_array().into_iter().flatten();
    let pass = results.filter(|result| result["status"] == "pass");
    let known = |result: &Value| {
        let id = result["check"].as_str()?;
        let check = client::all().iter().find(|check| check.id == id)?;
        Some(check.id)
    };
    Ok(pass.filter_map(known).collect())
}
