//! Wraps the answer to a query in a gateway's own record.

use kling_types::{TaskEnvelope, TaskState};
use serde_json::{Value, json};

/// How the task is wrapped in the answer to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Wrapping {
    /// Only the envelope: the task is at `data`.
    #[default]
    None,
    /// CometAPI's record, which its omni queries had until April 2026 (*seen
    /// live*): the task is at `data.data`.
    Omni,
    /// The record of gateways of its family, with Kling's whole answer in it
    /// (*documented* by one): the task is at `data.data.data`.
    Gateway,
}

impl Wrapping {
    /// The record around the answer to a query; `None` if there is none.
    pub(crate) fn wrap(self, envelope: &TaskEnvelope) -> Option<Value> {
        let task = envelope.data.as_ref()?;
        let (action, inner) = match self {
            Wrapping::None => return None,
            Wrapping::Omni => ("EFFECTS", json!(task)),
            Wrapping::Gateway => ("effects", json!(envelope)),
        };
        let state = task.state();
        let (word, progress) = match state {
            TaskState::Succeed => ("SUCCESS", "100%"),
            TaskState::Failed => ("FAILURE", "100%"),
            TaskState::Submitted => ("SUBMITTED", "0%"),
            _ => ("IN_PROGRESS", "50%"),
        };
        let reason = match state {
            TaskState::Failed => task.status_msg.as_deref().unwrap_or_default(),
            _ => "",
        };
        Some(json!({
            "code": "success",
            "message": "",
            "data": {
                "task_id": task.id,
                "action": action,
                "status": word,
                "progress": progress,
                "fail_reason": reason,
                "data": inner,
            },
        }))
    }
}
