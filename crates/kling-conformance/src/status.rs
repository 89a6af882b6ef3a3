//! The status of a check's result, and the level of a check.

use std::fmt;

/// How binding a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Optional: a deviation skips the check.
    May,
    /// Observed, but no client depends on it: a deviation is a warning.
    Should,
    /// Clients depend on it: a deviation is a failure.
    Must,
}

/// The status of a check's result, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Status {
    /// The check was not selected.
    Disabled,
    /// The check does not apply to this target.
    Skip,
    /// The target conforms, or fails as expected.
    Pass,
    /// The target deviates from a requirement of the level `should`.
    Warn,
    /// The target deviates from a requirement of the level `must`, or a check passes that
    /// was expected to fail.
    Fail,
    /// An error of the suite itself.
    Error,
}

impl Level {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::May => "may",
            Level::Should => "should",
            Level::Must => "must",
        }
    }

    pub(crate) fn deviation_status(self) -> Status {
        match self {
            Level::May => Status::Skip,
            Level::Should => Status::Warn,
            Level::Must => Status::Fail,
        }
    }
}

impl Status {
    /// The name in reports.
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
