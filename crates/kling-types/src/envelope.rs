//! The wrapper around every answer: `{code, message, request_id, data}`.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::ids::TaskId;
use crate::shape;
use crate::status::{TaskState, TaskStatus};
use crate::task::Task;
use crate::wire::{Extra, FromWire, Read, wire_object};

/// The envelope's `code`: 0 for success.
///
/// A number at Kling, a string at some gateways (`"0"`, `"success"`,
/// `"task_not_exist"`): both *seen live* or in the source of gateways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireCode {
    /// A number, as Kling writes it.
    Number(i64),
    /// A word or a number in a string, as gateways write it.
    Text(String),
}

impl WireCode {
    /// Kling's code for success.
    pub const OK: WireCode = WireCode::Number(0);

    /// The code's number, if it is one or spells one.
    pub fn number(&self) -> Option<i64> {
        match self {
            WireCode::Number(number) => Some(*number),
            WireCode::Text(text) => text.trim().parse().ok(),
        }
    }

    /// Whether it means success: 0, `"0"`, or `"success"` in any case.
    pub fn is_success(&self) -> bool {
        self.number() == Some(0)
            || matches!(self, WireCode::Text(text) if text.trim().eq_ignore_ascii_case("success"))
    }
}

impl Serialize for WireCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            WireCode::Number(number) => serializer.serialize_i64(*number),
            WireCode::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl FromWire for WireCode {
    fn from_wire(value: &Value) -> Option<Read<Self>> {
        match value {
            Value::Number(_) => Some(i64::from_wire(value)?.map(WireCode::Number)),
            Value::String(text) => Read::exact(WireCode::Text(text.clone())),
            _ => None,
        }
    }
}

wire_object! {
    /// The answer to a create and to a query: an envelope around one task.
    ///
    /// The task is found in `data`, in `data.data` and in `data.data.data`, where
    /// gateways have put it (*seen live*). `data` that holds no task reads as
    /// `None` and stays in `extra`.
    pub struct TaskEnvelope {
        /// 0 for success.
        "code" => code: Option<WireCode>,
        /// Free text: `SUCCEED`, `success`, `成功` or empty on success.
        "message" => message: Option<String>,
        /// The id to quote to support. Absent on CometAPI's creates; may equal
        /// the task id (*seen live*).
        "request_id" => request_id: Option<String>,
        /// The task.
        "data" => data: Option<Task>,
    }
}

impl TaskEnvelope {
    /// The answer of a service that did what it was asked.
    ///
    /// ```
    /// use kling_types::{Task, TaskEnvelope, TaskId, TaskStatus};
    ///
    /// let task = Task::new(TaskId::new("7").expect("not empty"), TaskStatus::SUBMITTED);
    /// let answer = TaskEnvelope::success("SUCCEED", None, task);
    /// assert_eq!(
    ///     serde_json::to_string(&answer)?,
    ///     r#"{"code":0,"message":"SUCCEED","data":{"task_id":"7","task_status":"submitted"}}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn success(message: impl Into<String>, request_id: Option<String>, task: Task) -> Self {
        TaskEnvelope {
            code: Some(WireCode::OK),
            message: Some(message.into()),
            request_id,
            data: Some(task),
            extra: Extra::new(),
        }
    }

    /// The task that was asked for: `data`, or the answer itself where a gateway
    /// sends a task without an envelope (*seen live*; not by CometAPI).
    ///
    /// `asked` stands in for the id where the answer has none that can be used. A
    /// gateway's answer for a failed task may hold no more than `status` and
    /// `error`, with or without a `data` around them. Such a body also reads as a
    /// [`ServiceError`](crate::ServiceError): after a query, look here first. A
    /// failure without an id, a `task_status` and an `error`, or whose status is the
    /// word `error`, is the query's own.
    pub fn task_for(&self, asked: &TaskId) -> Option<Cow<'_, Task>> {
        if let Some(task) = &self.data {
            return Some(self.with_reason(task));
        }
        let (mut body, is_alone) = match self.extra.get("data") {
            Some(Value::Object(record)) => (record.clone(), false),
            _ => (self.extra.clone(), true),
        };
        let word = status_word(&body)?;
        let is_own_word = body.contains_key("task_status");
        // A code without data is an answer about the query, unless it speaks of the
        // task by the task's own word, or tells of one that failed.
        let is_about_task = || {
            let has_failed = TaskStatus::from(word).state() == TaskState::Failed;
            is_own_word || (has_failed && tells_why_it_failed(word, &body))
        };
        match &self.code {
            Some(code) if is_alone && !(code.is_success() && is_about_task()) => return None,
            _ => {}
        }
        let id = |key: &str| body.get(key).and_then(TaskId::from_wire);
        let names_itself = id("task_id").or_else(|| id("id")).is_some();
        match TaskStatus::from(word).state() {
            _ if is_own_word => {}
            TaskState::Unknown => return None,
            TaskState::Failed if !names_itself && !tells_why_it_failed(word, &body) => {
                return None;
            }
            _ => {}
        }
        if let Some(message) = &self.message
            && self.code.is_none()
        {
            body.insert("message".to_owned(), message.as_str().into());
        }
        if !names_itself {
            let key = if is_own_word { "task_id" } else { "id" };
            body.insert(key.to_owned(), asked.as_str().into());
        }
        let (task, _) = shape::find_in_body(&body)?;
        Some(Cow::Owned(task))
    }
}

/// The word for where a task stands, here or in what is wrapped.
fn status_word(body: &Extra) -> Option<&str> {
    let here = body.get("task_status").or_else(|| body.get("status"));
    here.and_then(Value::as_str)
        .or_else(|| status_word(body.get("data")?.as_object()?))
}

impl TaskEnvelope {
    /// The task, with the reason of its failure from the envelope's message if it has
    /// none itself (*seen live*).
    fn with_reason<'a>(&self, task: &'a Task) -> Cow<'a, Task> {
        let message = self.message.as_deref().unwrap_or_default();
        let around = Extra::from_iter([("message".to_owned(), message.into())]);
        match shape::reason_for(task, &around) {
            None => Cow::Borrowed(task),
            reason => Cow::Owned(Task {
                status_msg: reason,
                ..task.clone()
            }),
        }
    }
}

/// Whether a failure without an id is a task's. Gateways put a task's reason into
/// `error` or `fail_reason` (in their source); what speaks of an error in other
/// words has failed to ask, and so has an `error` of a `type`, as APIs have them. A
/// task that is running, and paid for, must not be taken for failed.
fn tells_why_it_failed(word: &str, body: &Extra) -> bool {
    let is_the_api_s = |error: &Value| error.get("type").is_some();
    let error = body.get("error");
    let has_reason = error.is_some_and(|error| !is_the_api_s(error));
    (has_reason || body.contains_key("fail_reason")) && !word.trim().eq_ignore_ascii_case("error")
}

wire_object! {
    /// The answer to a list: `data` is a bare array without a total
    /// (*documented*), newest first (*inferred*). A page shorter than asked for is the last one.
    ///
    /// Items in the flat shape of Kling's unified list read into the same facts.
    pub struct TaskListEnvelope {
        /// 0 for success.
        "code" => code: Option<WireCode>,
        /// Free text.
        "message" => message: Option<String>,
        /// The id to quote to support.
        "request_id" => request_id: Option<String>,
        /// The tasks of this page.
        "data" => data: Vec<Task>,
    }
}

impl TaskListEnvelope {
    /// The answer of a service that did what it was asked.
    pub fn success(
        message: impl Into<String>,
        request_id: Option<String>,
        tasks: Vec<Task>,
    ) -> Self {
        // No tasks are an empty list all the same, not an answer without one.
        let mut extra = Extra::new();
        if tasks.is_empty() {
            extra.insert("data".to_owned(), Value::Array(Vec::new()));
        }
        TaskListEnvelope {
            code: Some(WireCode::OK),
            message: Some(message.into()),
            request_id,
            data: tasks,
            extra,
        }
    }
}
