//! Counts of requests, by operation and outcome.

use std::fmt;

use http::StatusCode;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

/// The operation of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Operation {
    /// Creating a task.
    Create,
    /// Querying a task.
    Get,
    /// Listing tasks.
    List,
    /// Fetching the file of a result.
    Asset,
    /// A callback: the service's own request, which reports a change of status.
    Callback,
    /// A path or method that the service does not have.
    Unmatched,
}

impl Operation {
    pub(crate) const ALL: [Operation; 6] = [
        Operation::Create,
        Operation::Get,
        Operation::List,
        Operation::Asset,
        Operation::Callback,
        Operation::Unmatched,
    ];

    /// Its name in the journal and in expectations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Get => "get",
            Operation::List => "list",
            Operation::Asset => "asset",
            Operation::Callback => "callback",
            Operation::Unmatched => "unmatched",
        }
    }

    /// Whether it is a request to the service, rather than one from it.
    pub(crate) const fn is_service(self) -> bool {
        !matches!(self, Operation::Callback)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The outcome of a request, by the answer that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// A status of 2xx.
    Success,
    /// A status of 4xx.
    Refused,
    /// Any other status.
    Failed,
    /// No answer was sent: a fault broke or held the connection.
    Lost,
}

impl Outcome {
    pub(super) const ALL: [Outcome; 4] = [
        Outcome::Success,
        Outcome::Refused,
        Outcome::Failed,
        Outcome::Lost,
    ];

    pub(super) fn of(status: Option<StatusCode>) -> Self {
        match status {
            None => Outcome::Lost,
            Some(status) if status.is_success() => Outcome::Success,
            Some(status) if status.is_client_error() => Outcome::Refused,
            Some(_) => Outcome::Failed,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::Lost => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The number of requests, including those evicted from the journal.
///
/// Serialises as `{"create":{"success":1}}`, without zeros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals([[u64; Outcome::ALL.len()]; Operation::ALL.len()]);

impl Totals {
    pub(super) fn count(&mut self, operation: Operation, outcome: Outcome) {
        self.0[operation as usize][outcome as usize] += 1;
    }

    /// The count of one operation.
    pub fn of(&self, operation: Operation) -> u64 {
        self.0[operation as usize].iter().sum()
    }

    /// The count of one operation with one outcome.
    pub fn with(&self, operation: Operation, outcome: Outcome) -> u64 {
        self.0[operation as usize][outcome as usize]
    }

    /// The count of all requests.
    pub fn all(&self) -> u64 {
        self.0.iter().flatten().sum()
    }
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// One operation's counts.
        struct Row<'a>(&'a [u64; Outcome::ALL.len()]);

        impl Serialize for Row<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let counts = Outcome::ALL.into_iter().zip(self.0);
                let mut map = serializer.serialize_map(None)?;
                for (outcome, count) in counts.filter(|(_, count)| **count > 0) {
                    map.serialize_entry(outcome.as_str(), count)?;
                }
                map.end()
            }
        }

        let rows = Operation::ALL.into_iter().zip(&self.0);
        let mut map = serializer.serialize_map(None)?;
        for (operation, row) in rows.filter(|(_, row)| row.iter().any(|count| *count > 0)) {
            map.serialize_entry(operation.as_str(), &Row(row))?;
        }
        map.end()
    }
}
