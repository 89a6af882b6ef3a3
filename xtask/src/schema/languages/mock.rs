//! Runs `kling mock`, which is killed on drop.

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
            // The line is empty if the program exited with an error.
            let _ = BufReader::new(stdout).read_line(&mut ready);
        }
        let base_url = serde_json::from_str(&ready)
            .ok()
            .and_then(|ready: Value| Some(ready["base_url"].as_str()?.to_owned()));
        // Created before the base URL is checked, so that the process is killed.
        let mut mock = Mock {
            process,
            base_url: String::new(),
        };
        mock.base_url = base_url.ok_or_else(|| format!("kling mock did not start: {ready:?}"))?;
        Ok(mock)
    }

    /// The base URL, without the provider's path prefix.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It has no state to save.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
