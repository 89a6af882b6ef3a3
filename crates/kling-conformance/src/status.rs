//! The status of a check's result, and the level of a check.

use std::fmt;

/// How binding a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Optional: if it does not hold, the check is skipped.
    May,
    /// Observed, but no client depends on it: if it does not hold, a warning.
    Should,
    /// Clients depend on it: if it does not hold, a failure.
    Must,
}

/// The status of a check's result, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Status {
    /// The check was not selected.
    Disabled,
    /// The check can't be run here.
    Skip,
    /// It holds, or fails as expected.
    Pass,
    /// A warning: it does not hold, and should.
    Warn,
    /// A failure: it does not hold, and must; or it holds although it was expected
    /// to fail.
    Fail,
    /// An error of the suite itself.
    Error,
}

impl Level {
    /// In a report.
    pub fn name(self) -> &'static str {
        match self {
            Level::May => "may",
            Level::Should => "should",
            Level::Must => "must",
        }
    }

    pub(crate) fn of_deviation(self) -> Status {
        match self {
            Level::May => Status::Skip,
            Level::Should => Status::Warn,
            Level::Must => Status::Fail,
        }
    }
}

impl Status {
    /// In a report.
    pub fn name(self) -> &'static str {
        match self {
            Status::Disabled => "disabled",
            Status::Skip => "skip",
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
            Status::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
