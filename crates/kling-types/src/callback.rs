//! The body that the service posts to `callback_url` when a task changes.
//!
//! Three bodies are accepted, and read into the same type: the task object alone (*documented* by Kling for these paths, and by CometAPI), the newer
//! flat form (*documented*; Kling's page frames the two by model, its path is
//! the likelier rule: *contradictory*), and an envelope as a query answers it
//! (*inferred*: nobody has published a callback they received). Gateways may
//! post a task id of their upstream's: look the task up by its external id, or
//! by a token in the callback URL.
//!
//! This module does not authenticate callbacks: verify the signature over the raw bytes
//! first.
//!
//! ```
//! use kling_types::TaskState;
//! use kling_types::callback::{CallbackShape, TaskCallback};
//!
//! let body = br#"{"id": "123", "status": "succeeded", "external_id": "job-7",
//!     "outputs": [{"type": "video", "url": "https://example.com/v.mp4"}]}"#;
//! let callback = TaskCallback::from_slice(body)?;
//! assert_eq!(callback.shape(), CallbackShape::Flat);
//! assert_eq!(callback.task().state(), TaskState::Succeed);
//! assert_eq!(callback.task().videos().len(), 1);
//! # Ok::<(), kling_types::callback::ReadCallbackError>(())
//! ```

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::json::read_json;
use crate::shape;
use crate::task::Task;
use crate::wire::Extra;

/// A callback: its task, and the shape of its body.
#[derive(Clone, PartialEq)]
pub struct TaskCallback {
    shape: CallbackShape,
    task: Task,
    body: Extra,
}

/// The shapes of a callback's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackShape {
    /// The task object alone, with `task_id`.
    Legacy,
    /// `{id, status, message, create_time, update_time, external_id, outputs[],
    /// billing[]}`.
    Flat,
    /// The task in the `data` of an envelope, as a query answers it.
    Enveloped,
}

impl TaskCallback {
    /// A callback to send: `task` in a body of this shape.
    pub fn new(shape: CallbackShape, task: Task) -> Self {
        let body = match shape {
            CallbackShape::Legacy => json!(task),
            CallbackShape::Flat => Value::Object(shape::to_flat(&task)),
            CallbackShape::Enveloped => json!({"code": 0, "message": "SUCCEED", "data": task}),
        };
        let body = match body {
            Value::Object(members) => members,
            _ => Extra::new(),
        };
        TaskCallback { shape, task, body }
    }

    /// Parses a raw body, by the rules of [`read_json`].
    pub fn from_slice(body: &[u8]) -> Result<Self, ReadCallbackError> {
        match read_json(body) {
            Ok(Value::Object(members)) => Self::from_members(members),
            Ok(_) => Err(ReadCallbackError::NotAnObject),
            Err(error) => Err(ReadCallbackError::NotJson(error.to_string())),
        }
    }

    /// Reads a body that was parsed already.
    pub fn from_members(members: Extra) -> Result<Self, ReadCallbackError> {
        match shape::find_in_body(&members) {
            Some((task, shape)) => Ok(TaskCallback {
                shape,
                task,
                body: members,
            }),
            None => {
                let mut members: Vec<_> = members.into_iter().map(|(name, _)| name).collect();
                members.sort_unstable();
                members.truncate(12);
                Err(ReadCallbackError::NoTask { members })
            }
        }
    }

    /// The shape of the body.
    pub fn shape(&self) -> CallbackShape {
        self.shape
    }

    /// The task as the callback shows it.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// The task, owned.
    pub fn into_task(self) -> Task {
        self.task
    }
}

impl fmt::Debug for TaskCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskCallback")
            .field("shape", &self.shape)
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

impl Serialize for TaskCallback {
    /// The body as it came.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TaskCallback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Extra::deserialize(deserializer)?;
        TaskCallback::from_members(members).map_err(D::Error::custom)
    }
}

/// Why a body is not a callback about a task.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadCallbackError {
    /// It is not JSON; the text says where.
    NotJson(String),
    /// It is JSON, but not an object.
    NotAnObject,
    /// It is an object without a task.
    NoTask {
        /// The names of its first members.
        members: Vec<String>,
    },
}

impl fmt::Display for ReadCallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadCallbackError::NotJson(error) => write!(f, "the callback is not JSON: {error}"),
            ReadCallbackError::NotAnObject => f.write_str("the callback is not a JSON object"),
            ReadCallbackError::NoTask { members } => {
                f.write_str(
                    "the callback has neither a usable `task_id` nor `id` and `status`, \
                     at its top or in `data`",
                )?;
                match members.join(", ").as_str() {
                    "" => f.write_str("; it is empty"),
                    names => write!(f, "; it has {names}"),
                }
            }
        }
    }
}

impl std::error::Error for ReadCallbackError {}
