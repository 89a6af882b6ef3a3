//! The evidence about a client that a scenario collects.

use std::time::Duration;

use bytes::Bytes;
use kling_mock::{JournalEntry, Operation};
use serde_json::Value;

use crate::checks::Outcome;
use crate::child::CommandOutput;
use crate::exchange::Exchange;
use crate::target::{Host, Stop};

/// Decides from the evidence whether a client conforms.
pub(crate) type Judge = fn(&Evidence) -> Outcome;

/// Longer than any conforming run, which waits for a second or two at most.
const SLOW: Duration = Duration::from_secs(10);

/// The requests that reached the service, and the results of the client's runs.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(super) host: Host,
    pub(super) key: String,
    pub(super) journal: Vec<JournalEntry>,
    pub(super) charges: usize,
    /// The result of each run.
    pub(super) runs: Vec<CommandOutput>,
    /// The file at `KLING_OUTPUT`, if there is one.
    pub(super) file: Option<Bytes>,
    /// The video that the service has for the task, if any.
    pub(super) expected_file: Option<Bytes>,
}

impl Evidence {
    pub(super) fn of(&self, operation: Operation) -> impl Iterator<Item = &JournalEntry> {
        let all = self.journal.iter();
        all.filter(move |entry| entry.operation() == operation)
    }

    /// The first create.
    pub(super) fn create(&self) -> Result<&JournalEntry, Stop> {
        let first = self.of(Operation::Create).next();
        first.ok_or_else(|| self.deviates("no create reached the service"))
    }

    /// The body of the first create.
    pub(super) fn body(&self) -> Result<Value, Stop> {
        let body = self.create()?.request_body().json();
        body.ok_or_else(|| self.deviates("the create's body is not JSON"))
    }

    /// Queries, including those at paths that the service does not have.
    pub(super) fn queries(&self) -> impl Iterator<Item = &JournalEntry> {
        self.journal.iter().filter(|entry| {
            entry.method() == "GET"
                && matches!(entry.operation(), Operation::Get | Operation::Unmatched)
        })
    }

    /// The path of the effects collection.
    pub(super) fn path(&self) -> &'static str {
        match self.host {
            Host::Comet => "/kling/v1/videos/effects",
            Host::Kling => "/v1/videos/effects",
        }
    }

    pub(super) fn succeeded(&self) -> bool {
        self.runs.iter().all(|ended| ended.code == Some(0))
    }

    /// Whether a run took longer than any conforming one does.
    pub(super) fn was_slow(&self) -> bool {
        let slow = |ended: &CommandOutput| ended.timed_out || ended.elapsed >= SLOW;
        self.runs.iter().any(slow)
    }

    /// The first run's last line on stdout that is a JSON object.
    pub(super) fn result(&self) -> Option<Value> {
        let lines = self.runs.first()?.stdout.lines().rev();
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .find(Value::is_object)
    }

    /// An id that the result contains.
    pub(super) fn reported_id(&self, id: &str) -> Option<String> {
        Some(self.result()?[id].as_str()?.to_owned())
    }

    /// The error message in the result.
    pub(super) fn error(&self) -> String {
        let error = self.result().map(|result| result["error"].clone());
        let error = error.unwrap_or_default();
        let text = error.as_str().or_else(|| error["message"].as_str());
        text.unwrap_or_default().to_owned()
    }

    pub(super) fn ensure(&self, holds: bool, otherwise: &str) -> Result<(), Stop> {
        if holds {
            Ok(())
        } else {
            Err(self.deviates(otherwise))
        }
    }

    /// Requires that the client reported a failure.
    pub(super) fn ensure_failed(&self, otherwise: &str) -> Result<(), Stop> {
        self.ensure(!self.succeeded(), otherwise)
    }

    /// Requires that every run succeeded.
    pub(super) fn ensure_succeeded(&self, otherwise: &str) -> Result<(), Stop> {
        self.ensure(self.succeeded(), otherwise)
    }

    /// Requires that at most this many creates were sent.
    pub(super) fn ensure_creates(&self, most: usize) -> Result<(), Stop> {
        let creates = self.of(Operation::Create).count();
        self.ensure(
            creates <= most,
            &format!("it sent {creates} creates; at most {most} are allowed"),
        )
    }

    /// A deviation, described together with how the client exited.
    pub(super) fn deviates(&self, what: &str) -> Stop {
        let Some(ended) = self.runs.last() else {
            return Stop::Internal("the client did not run".to_owned());
        };
        let how = match ended.code {
            _ if ended.timed_out => "it timed out and was killed".to_owned(),
            Some(code) => format!("it exited with code {code}"),
            None => "it was killed by a signal".to_owned(),
        };
        let said = ended.stderr.lines().rev().find(|it| !it.trim().is_empty());
        let said: String = said.unwrap_or_default().chars().take(200).collect();
        let said = said.replace(&self.key, "***");
        Stop::Deviation(if said.is_empty() {
            format!("{what}; {how}")
        } else {
            format!("{what}; {how}; its last line on stderr: {}", said.trim())
        })
    }

    /// The requests and answers, for the report.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.journal.iter().map(Exchange::of_entry).collect()
    }
}
