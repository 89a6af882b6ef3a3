//! Selects and runs checks.

use std::fmt;

use crate::checks::{Check, Kind, Outcome, all};
use crate::client;
use crate::exchange::Exchange;
use crate::status::Status;
use crate::target::{Stop, Target};

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckResult {
    /// The id of the check.
    pub check: &'static str,
    /// The status.
    pub status: Status,
    /// The reason for the status, unless the check passed.
    pub message: Option<String>,
    /// The requests and answers, unless the check passed.
    pub exchanges: Vec<Exchange>,
}

impl fmt::Display for CheckResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8} {}", self.status, self.check)?;
        match &self.message {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

/// Which checks to run, and which are expected to fail.
#[derive(Debug, Clone)]
pub struct Selection {
    among: &'static [Check],
    only: Vec<String>,
    expected: Vec<String>,
}

impl Default for Selection {
    /// Selects every check of servers.
    fn default() -> Self {
        Selection::of(all())
    }
}

impl Selection {
    /// Selects every check of clients.
    pub fn clients() -> Self {
        Selection::of(client::all())
    }

    fn of(among: &'static [Check]) -> Self {
        Selection {
            among,
            only: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// Restricts the selection to the check with this id, or to the group of checks whose
    /// ids start with it and a dot. May be called several times.
    pub fn only(mut self, id: &str) -> Result<Self, String> {
        self.ensure_known(id)?;
        self.only.push(id.to_owned());
        Ok(self)
    }

    /// Expects these checks to fail. A failure then passes, and a success fails, since the
    /// expectation is out of date.
    pub fn expect_failure(mut self, id: &str) -> Result<Self, String> {
        self.ensure_known(id)?;
        self.expected.push(id.to_owned());
        Ok(self)
    }

    fn ensure_known(&self, id: &str) -> Result<(), String> {
        if self.among.iter().any(|check| covers(id, check.id)) {
            Ok(())
        } else {
            Err(format!("there is no check {id:?}"))
        }
    }

    pub(crate) fn includes(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|given| covers(given, id))
    }

    /// Inverts the result if the check is expected to fail.
    pub(crate) fn apply_expectation(&self, result: CheckResult) -> CheckResult {
        if self
            .expected
            .iter()
            .any(|given| covers(given, result.check))
        {
            inverted(result)
        } else {
            result
        }
    }
}

fn covers(given: &str, id: &str) -> bool {
    id.strip_prefix(given)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Runs every check against a target, one after another.
pub async fn run(target: &Target) -> Vec<CheckResult> {
    run_selected(target, &Selection::default()).await
}

/// Runs the selected checks against a target, one after another.
pub async fn run_selected(target: &Target, selection: &Selection) -> Vec<CheckResult> {
    run_with_progress(target, selection, |_| {}).await
}

/// Like [`run_selected`], but passes each result to `progress` as soon as it is
/// available.
pub async fn run_with_progress(
    target: &Target,
    selection: &Selection,
    mut progress: impl FnMut(&CheckResult),
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for check in all() {
        let Kind::Server(run) = check.kind else {
            continue;
        };
        if !selection.includes(check.id) {
            results.push(CheckResult::disabled(check));
            continue;
        }
        target.state().exchanges.clear();
        let outcome = run(target).await;
        let exchanges = std::mem::take(&mut target.state().exchanges);
        let result = selection.apply_expectation(CheckResult::new(check, outcome, exchanges));
        progress(&result);
        results.push(result);
    }
    results
}

impl CheckResult {
    pub(crate) fn new(check: &Check, outcome: Outcome, exchanges: Vec<Exchange>) -> Self {
        let (status, message) = match outcome {
            Ok(()) => (Status::Pass, None),
            Err(Stop::Skip(why)) => (Status::Skip, Some(why)),
            Err(Stop::Deviation(why)) => (check.level.deviation_status(), Some(why)),
            Err(Stop::Internal(why)) => (Status::Error, Some(why)),
        };
        CheckResult {
            check: check.id,
            status,
            exchanges: if status > Status::Pass {
                exchanges
            } else {
                Vec::new()
            },
            message,
        }
    }

    pub(crate) fn disabled(check: &Check) -> Self {
        CheckResult {
            check: check.id,
            status: Status::Disabled,
            message: None,
            exchanges: Vec::new(),
        }
    }
}

fn inverted(result: CheckResult) -> CheckResult {
    let (status, message) = match (result.status, result.message) {
        (Status::Warn | Status::Fail, why) => (
            Status::Pass,
            Some(format!("as expected: {}", why.unwrap_or_default())),
        ),
        (Status::Pass, _) => (
            Status::Fail,
            Some("passes although it was expected to fail: remove the expectation".to_owned()),
        ),
        other => other,
    };
    CheckResult {
        status,
        message,
        ..result
    }
}
