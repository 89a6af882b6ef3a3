//! Errors of accounts and tasks that can't be set up.

use crate::auth::KeyError;

/// Why an account or a task could not be added or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupError {
    /// The setting that is invalid in itself; none if it conflicts with what already
    /// exists.
    member: Option<&'static str>,
    message: String,
}

impl std::fmt::Display for SetupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SetupError {}

impl SetupError {
    /// A conflict with what already exists.
    pub(in crate::engine) fn conflict(account: &str, why: &str) -> Self {
        SetupError {
            member: None,
            message: format!("account {account:?}: {why}"),
        }
    }

    /// A setting that is invalid for any service.
    pub(in crate::engine) fn invalid(account: &str, member: &'static str, why: &str) -> Self {
        SetupError {
            member: Some(member),
            ..SetupError::conflict(account, why)
        }
    }

    pub(in crate::engine) fn key(account: &str, error: &KeyError) -> Self {
        SetupError {
            member: error.member,
            ..SetupError::conflict(account, &error.why)
        }
    }

    pub(in crate::engine) fn unknown(account: &str) -> Self {
        SetupError {
            member: None,
            message: format!("there is no account {account:?}"),
        }
    }

    /// The JSON name of the setting that is invalid in itself.
    pub(crate) fn member(&self) -> Option<&'static str> {
        self.member
    }
}
