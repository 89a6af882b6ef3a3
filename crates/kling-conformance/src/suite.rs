//! Running the checks.

use std::fmt;

use crate::checks::{Check, all};
use crate::exchange::Exchange;
use crate::status::Status;
use crate::target::{Stop, Target};

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckResult {
    /// The check's stable id.
    pub check: &'static str,
    /// How it ended.
    pub status: Status,
    /// Why, unless it passed.
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

/// Which checks to make, and what is known to fail.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    only: Vec<String>,
    expected: Vec<String>,
}

impl Selection {
    /// Makes only the checks whose id is this or begins with it and a dot.
    pub fn only(mut self, id: &str) -> Result<Self, String> {
        known(id)?;
        self.only.push(id.to_owned());
        Ok(self)
    }

    /// Expects these checks not to hold: a failure passes, and success fails,
    /// for the expectation is out of date.
    pub fn expecting(mut self, id: &str) -> Result<Self, String> {
        known(id)?;
        self.expected.push(id.to_owned());
        Ok(self)
    }
}

fn covers(given: &str, id: &str) -> bool {
    id.strip_prefix(given)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn known(id: &str) -> Result<(), String> {
    if all().iter().any(|check| covers(id, check.id)) {
        Ok(())
    } else {
        Err(format!("there is no check {id:?}"))
    }
}

/// Holds a target to every check, one after the other.
pub async fn run(target: &Target) -> Vec<CheckResult> {
    run_selected(target, &Selection::default()).await
}

/// Holds a target to these checks, one after the other.
pub async fn run_selected(target: &Target, selection: &Selection) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for check in all() {
        let among = |ids: &[String]| ids.iter().any(|id| covers(id, check.id));
        if !selection.only.is_empty() && !among(&selection.only) {
            results.push(disabled(check));
            continue;
        }
        let result = run_one(target, check).await;
        results.push(if among(&selection.expected) {
            turned_round(result)
        } else {
            result
        });
    }
    results
}

async fn run_one(target: &Target, check: &Check) -> CheckResult {
    target.state().exchanges.clear();
    let outcome = (check.run)(target).await;
    let exchanges = std::mem::take(&mut target.state().exchanges);
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

fn disabled(check: &Check) -> CheckResult {
    CheckResult {
        check: check.id,
        status: Status::Disabled,
        message: None,
        exchanges: Vec::new(),
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
