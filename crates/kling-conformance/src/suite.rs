//! Selects and runs checks.

use std::fmt;

use crate::checks::{Check, How, Outcome, all};
use crate::client;
use crate::exchange::Exchange;
use crate::status::Status;
use crate::target::{Stop, Target};

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckResult {
    /// The check's stable id.
    pub check: &'static str,
    /// The status.
    pub status: Status,
    /// The reason, unless it passed.
    pub message: Option<String>,
    /// What was sent and received, unless it passed.
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
    /// Every check of servers.
    fn default() -> Self {
        Selection::of(all())
    }
}

impl Selection {
    /// Every check of clients.
    pub fn of_clients() -> Self {
        Selection::of(client::all())
    }

    fn of(among: &'static [Check]) -> Self {
        Selection {
            among,
            only: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// Selects only the checks whose id is this, or starts with it and a dot.
    pub fn only(mut self, id: &str) -> Result<Self, String> {
        self.known(id)?;
        self.only.push(id.to_owned());
        Ok(self)
    }

    /// Expects these checks to fail: a failure then passes, and a success fails,
    /// because the expectation is out of date.
    pub fn expecting(mut self, id: &str) -> Result<Self, String> {
        self.known(id)?;
        self.expected.push(id.to_owned());
        Ok(self)
    }

    fn known(&self, id: &str) -> Result<(), String> {
        if self.among.iter().any(|check| covers(id, check.id)) {
            Ok(())
        } else {
            Err(format!("there is no check {id:?}"))
        }
    }

    pub(crate) fn includes(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|given| covers(given, id))
    }

    /// The result, turned round if it was expected.
    pub(crate) fn expects(&self, result: CheckResult) -> CheckResult {
        if self
            .expected
            .iter()
            .any(|given| covers(given, result.check))
        {
            turned_round(result)
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

/// Like [`run_selected`], but passes each result to `progress` as soon as it is there,
/// because a run may take long.
pub async fn run_with_progress(
    target: &Target,
    selection: &Selection,
    mut progress: impl FnMut(&CheckResult),
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for check in all() {
        let How::Asks(ask) = check.how else { continue };
        if !selection.includes(check.id) {
            results.push(CheckResult::disabled(check));
            continue;
        }
        target.state().exchanges.clear();
        let outcome = ask(target).await;
        let exchanges = std::mem::take(&mut target.state().exchanges);
        let result = selection.expects(CheckResult::new(check, outcome, exchanges));
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
            Err(Stop::Deviates(why)) => (check.level.of_deviation(), Some(why)),
            Err(Stop::Broken(why)) => (Status::Error, Some(why)),
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

fn turned_round(result: CheckResult) -> CheckResult {
    let (status, message) = match (result.status, result.message) {
        (Status::Warn | Status::Fail, why) => (
            Status::Pass,
            Some(format!("as expected: {}", why.unwrap_or_default())),
        ),
        (Status::Pass, _) => (
            Status::Fail,
            Some("holds, though it was expected not to: take it off the list".to_owned()),
        ),
        other => other,
    };
    CheckResult {
        status,
        message,
        ..result
    }
}
