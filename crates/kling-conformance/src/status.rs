//! The status of a check's result, and the level of a check.

use std::fmt;

/// How binding a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Left open: where it is not so, the check is skipped.
    May,
    /// Seen, but no client depends on it: a warning.
    Should,
    /// Clients depend on it: a failure.
    Must,
}

/// What became of a check, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Status {
    /// It was not asked for.
    Disabled,
    /// It can't be made here.
    Skip,
    /// It holds, or fails as expected.
    Pass,
    /// It does not hold, and should.
    Warn,
    /// It does not hold, and must; or it holds, and was expected not to.
    Fail,
    /// The suite is at fault.
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
