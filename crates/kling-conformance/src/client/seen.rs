//! The evidence that a scenario collected about a client.

use std::time::Duration;

use bytes::Bytes;
use kling_mock::{JournalEntry, Operation};
use serde_json::Value;

use crate::child::Ended;
use crate::exchange::Exchange;
use crate::target::{Host, Stop};

/// Says whether a client did right.
pub(crate) type Judge = fn(&Seen) -> Result<(), Stop>;

/// Longer than any run that is right: those are told to wait for a second or two.
const LATE: Duration = Duration::from_secs(10);

/// All that reached the service, and all that the client left behind.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(super) host: Host,
    pub(super) key: String,
    pub(super) journal: Vec<JournalEntry>,
    pub(super) charges: usize,
    /// Each run's.
    pub(super) ended: Vec<Ended>,
    /// What lies where the video was to be saved.
    pub(super) file: Option<Bytes>,
    /// The video, if the task has one.
    pub(super) whole: Option<Bytes>,
}

impl Seen {
    pub(super) fn of(&self, operation: Operation) -> impl Iterator<Item = &JournalEntry> {
        let all = self.journal.iter();
        all.filter(move |entry| entry.operation() == operation)
    }

    /// The first create, or why there is nothing to judge.
    pub(super) fn create(&self) -> Result<&JournalEntry, Stop> {
        let first = self.of(Operation::Create).next();
        first.ok_or_else(|| self.deviates("no create reached the service"))
    }

    /// The body of the first create.
    pub(super) fn body(&self) -> Result<Value, Stop> {
        let body = self.create()?.request_body().json();
        body.ok_or_else(|| self.deviates("the create's body is no JSON"))
    }

    /// Queries of a task, also at paths that the service does not have.
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
        self.ended.iter().all(|ended| ended.code == Some(0))
    }

    /// Whether a run took longer than any that is right.
    pub(super) fn was_late(&self) -> bool {
        let late = |ended: &Ended| ended.killed || ended.took >= LATE;
        self.ended.iter().any(late)
    }

    /// The first run's last line on stdout that is a JSON object.
    pub(super) fn result(&self) -> Option<Value> {
        let lines = self.ended.first()?.stdout.lines().rev();
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .find(Value::is_object)
    }

    /// An id in the result.
    pub(super) fn told(&self, id: &str) -> Option<String> {
        Some(self.result()?[id].as_str()?.to_owned())
    }

    /// What the result says of the failure.
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

    /// It must end in failure.
    pub(super) fn ensure_failed(&self, otherwise: &str) -> Result<(), Stop> {
        self.ensure(!self.succeeded(), otherwise)
    }

    /// It must end in success.
    pub(super) fn ensure_succeeded(&self, otherwise: &str) -> Result<(), Stop> {
        self.ensure(self.succeeded(), otherwise)
    }

    /// At most this many creates may have been sent.
    pub(super) fn ensure_creates(&self, most: usize) -> Result<(), Stop> {
        let creates = self.of(Operation::Create).count();
        self.ensure(
            creates <= most,
            &format!("it sent {creates} creates; {most} may be sent"),
        )
    }

    /// What it did instead, and how it ended.
    pub(super) fn deviates(&self, what: &str) -> Stop {
        let Some(ended) = self.ended.last() else {
            return Stop::Broken("the client was not run".to_owned());
        };
        let how = match ended.code {
            _ if ended.killed => "it did not end, and was killed".to_owned(),
            Some(code) => format!("it ended with exit code {code}"),
            None => "it was stopped by a signal".to_owned(),
        };
        let said = ended.stderr.lines().rev().find(|it| !it.trim().is_empty());
        let said: String = said.unwrap_or_default().chars().take(200).collect();
        let said = said.replace(&self.key, "***");
        Stop::Deviates(if said.is_empty() {
            format!("{what}; {how}")
        } else {
            format!("{what}; {how}, saying: {}", said.trim())
        })
    }

    /// For the report.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.journal.iter().map(Exchange::of_entry).collect()
    }
}
