//! Finds the task in an answer, whatever envelope a gateway puts around it.

use kling_types::{ServiceError, Task, TaskEnvelope, TaskId, without_signatures};
use serde::Deserialize as _;
use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// What an answer holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// The task of an answer in the documented shape.
    Task(Box<Task>),
    /// Any other answer, unchanged.
    Json(Value),
}

impl Content {
    /// The task in it, or the answer that has none; see [`find_task`].
    pub(crate) fn into_task(self, asked: Option<&TaskId>) -> Result<Box<Task>, Value> {
        match self {
            Content::Task(task) => Ok(task),
            Content::Json(answer) => find_task(&answer, asked).map(Box::new).ok_or(answer),
        }
    }
}

/// The task in an answer.
///
/// `asked` is the id in the query. Gateways that replace the body of a failed task with
/// their own omit the id (*in the source of gateways*); then the task is the one that
/// was asked for.
pub(crate) fn find_task(answer: &Value, asked: Option<&TaskId>) -> Option<Task> {
    Task::find(answer).or_else(|| {
        let envelope = TaskEnvelope::deserialize(answer).ok()?;
        Some(envelope.task_for(asked?)?.into_owned())
    })
}

/// The error for an answer without a task: `what`, and the service's message. Failed
/// tasks were seen to be reported in this way, with code 0 (*seen live*).
pub(crate) fn no_task(answer: &Value, what: &str) -> Error {
    /// Enough for a sentence.
    const SHOWN: usize = 200;
    let error = Error::new(ErrorKind::Decode, what);
    let Ok(envelope) = TaskEnvelope::deserialize(answer) else {
        return error;
    };
    let message = envelope
        .message
        .filter(|message| !message.trim().is_empty());
    // Some gateways put the message elsewhere.
    let other = || ServiceError::parse(200, answer).map(|error| error.message);
    let message = message.or_else(other).unwrap_or_default();
    let message: String = message.trim().chars().take(SHOWN).collect();
    let request_id = envelope.request_id.map(|id| format!("(request id {id})"));
    match (message.is_empty(), request_id) {
        (true, None) => error,
        (true, Some(id)) => error.with_note(&id),
        (false, None) => error.with_note(&format!("it says {message:?}")),
        (false, Some(id)) => error.with_note(&format!("it says {message:?} {id}")),
    }
}

/// The beginning of an answer that can't be understood, for an error message, so that
/// an id in it is not lost. Long texts, which may be pictures, are cut, and the queries
/// of URLs, which may be signatures, are removed.
pub(crate) fn quoted(answer: &Value) -> String {
    const SHOWN: usize = 400;
    let text = shortened(answer).to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn shortened(value: &Value) -> Value {
    const SHOWN: usize = 60;
    match value {
        Value::String(text) => {
            let shown = without_signatures(text);
            match shown.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}…", &shown[..end]).into(),
                None => shown.into_owned().into(),
            }
        }
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| (key.clone(), shortened(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}
