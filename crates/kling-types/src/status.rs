//! Task statuses.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::wire::{Field, Read};

/// The status of a task, as the service spells it.
///
/// Kling says `submitted`, `processing`, `succeed`, `failed` (*documented*).
/// Gateways have other words and other cases for the same (*seen live* or in
/// the source of gateways); [`state`](Self::state) gives the meaning.
///
/// ```
/// use kling_types::{TaskState, TaskStatus};
///
/// assert_eq!(TaskStatus::from("IN_PROGRESS").state(), TaskState::Processing);
/// assert_eq!(TaskStatus::from("IN_PROGRESS").as_str(), "IN_PROGRESS");
/// assert!(!TaskStatus::from("reviewing").is_terminal());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskStatus(Cow<'static, str>);

/// What a [`TaskStatus`] means: Kling's four states (*documented*). There is no
/// word for cancelled or expired (*inferred* from absence).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// Accepted, waiting for its turn.
    Submitted,
    /// In progress.
    Processing,
    /// Finished, with a result. Terminal.
    Succeed,
    /// Finished, without a result; the reason is in `task_status_msg`. Terminal.
    Failed,
    /// A word that this version does not know, or none. Not terminal: the task may
    /// still finish.
    Unknown,
}

impl TaskState {
    /// Whether a task in this state never changes again.
    pub const fn is_terminal(self) -> bool {
        matches!(self, TaskState::Succeed | TaskState::Failed)
    }
}

impl TaskStatus {
    /// Kling's `submitted`.
    pub const SUBMITTED: TaskStatus = TaskStatus(Cow::Borrowed("submitted"));
    /// Kling's `processing`.
    pub const PROCESSING: TaskStatus = TaskStatus(Cow::Borrowed("processing"));
    /// Kling's `succeed`.
    pub const SUCCEED: TaskStatus = TaskStatus(Cow::Borrowed("succeed"));
    /// Kling's `failed`.
    pub const FAILED: TaskStatus = TaskStatus(Cow::Borrowed("failed"));

    /// The word on the wire; empty if the service gave none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the word means, in any case.
    pub fn state(&self) -> TaskState {
        match self.0.trim().to_ascii_lowercase().as_str() {
            "submitted" | "not_start" | "queued" | "pending" => TaskState::Submitted,
            "processing" | "in_progress" | "running" => TaskState::Processing,
            "succeed" | "succeeded" | "success" | "completed" | "done" => TaskState::Succeed,
            "failed" | "fail" | "failure" | "error" => TaskState::Failed,
            _ => TaskState::Unknown,
        }
    }

    /// Whether a task with this status never changes again.
    pub fn is_terminal(&self) -> bool {
        self.state().is_terminal()
    }
}

impl From<String> for TaskStatus {
    fn from(word: String) -> Self {
        TaskStatus(Cow::Owned(word))
    }
}

impl From<&str> for TaskStatus {
    fn from(word: &str) -> Self {
        TaskStatus(Cow::Owned(word.to_owned()))
    }
}

impl FromStr for TaskStatus {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(TaskStatus::from(word))
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for TaskStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TaskStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(TaskStatus::from)
    }
}

impl Field for TaskStatus {
    /// A task without a status is a task in an unknown state, not an error.
    fn read(member: Option<&Value>) -> Option<Read<Self>> {
        match member {
            Some(Value::String(word)) if !word.is_empty() => Read::exact(word.as_str().into()),
            _ => Read::respelled(TaskStatus(Cow::Borrowed(""))),
        }
    }

    fn read_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TaskStatus::deserialize(deserializer)
    }

    fn is_unset(&self) -> bool {
        self.0.is_empty()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
