//! Tests the schema of requests with the vectors in Python, and the OpenAPI document with
//! linters and against the fake service.

use std::path::PathBuf;

use super::super::{FOLDER, JSON, OPENAPI};
use super::mock::{self, Mock};
use super::said;
use super::tools::{Tools, ours};
use crate::workspace;

fn path() -> PathBuf {
    workspace::root().join(FOLDER).join(OPENAPI)
}

/// Runs the vectors of requests in Python, whose regular expressions differ.
pub(super) fn run_vectors(tools: &Tools) -> Result<String, String> {
    let root = workspace::root();
    let mut vectors = tools.python("python");
    vectors.arg(ours().join("python/vectors.py"));
    vectors.arg(
        root.join(FOLDER)
            .join(JSON)
            .join("EffectRequest.schema.json"),
    );
    vectors.arg(root.join("fixtures/vectors/requests.json"));
    Ok(said(&mut vectors)?.trim().to_owned())
}

/// Validates and lints the OpenAPI document.
pub(super) fn lint(tools: &Tools) -> Result<(), String> {
    said(tools.python("openapi-spec-validator").arg(path()))?;
    println!("ok openapi-spec-validator: {FOLDER}/{OPENAPI}");
    let mut redocly = tools.node("redocly");
    redocly.arg("lint").arg("--config");
    redocly.arg(ours().join("redocly.yaml"));
    said(redocly.arg(path()).env("REDOCLY_TELEMETRY", "off"))?;
    println!("ok redocly lint: {FOLDER}/{OPENAPI}");
    Ok(())
}

/// Checks with schemathesis that the fake service conforms to the document.
pub(super) fn test_against_mock(
    tools: &Tools,
    provider: &str,
    prefix: &str,
) -> Result<String, String> {
    let mock = Mock::start(provider)?;
    let mut schemathesis = tools.python("schemathesis");
    schemathesis.arg("--config-file");
    schemathesis.arg(ours().join("schemathesis.toml"));
    schemathesis.arg("run").arg(path());
    let url = format!("{}{prefix}", mock.base_url());
    schemathesis.args(["--url", &url, "--seed", "4711"]);
    let key = format!("Authorization: Bearer {}", mock::KEY);
    schemathesis.args(["--header", &key, "--max-examples", "50", "--no-color"]);
    schemathesis.args(["--generation-database", "none"]);
    // It writes files to the current directory.
    schemathesis.current_dir(&tools.folder);
    schemathesis.env("SCHEMATHESIS_HOOKS", "hooks");
    schemathesis.env("PYTHONPATH", ours().join("python"));
    let report = said(&mut schemathesis)?;
    let figure = report.lines().find(|line| line.contains(" generated, "));
    Ok(figure.unwrap_or_default().trim().to_owned())
}
