//! `kling mock`, for as long as it is needed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::workspace;

pub(super) const KEY: &str = "key-of-the-schemas";

pub(super) struct Mock {
    process: Child,
    base_url: String,
}

impl Mock {
    pub(super) fn start(provider: &str) -> Result<Self, String> {
        let program = workspace::kling()?;
        let mut process = Command::new(&program)
            .args(["mock", "--provider", provider, "--seed", "4711"])
            .args(["--account", &format!("default:{KEY}:100000")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot run {}: {e}", program.display()))?;
        let mut ready = String::new();
        if let Some(stdout) = process.stdout.take() {
            // An empty line says that it ended: it has told why.
            let _ = BufReader::new(stdout).read_line(&mut ready);
        }
        let base_url = serde_json::from_str(&ready)
            .ok()
            .and_then(|ready: Value| Some(ready["base_url"].as_str()?.to_owned()));
        // Made before the base URL is looked at, so that it is stopped.
        let mut mock = Mock {
            process,
            base_url: String::new(),
        };
        mock.base_url = base_url.ok_or_else(|| format!("kling mock did not start: {ready:?}"))?;
        Ok(mock)
    }

    /// Without the prefix that paths have at its provider.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
