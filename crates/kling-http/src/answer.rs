//! Finds the task in an answer, in whichever wrapping a gateway puts it.

use kling_types::{Task, TaskEnvelope, TaskId};
use serde::Deserialize as _;
use serde_json::Value;

/// The task in an answer.
///
/// `asked` is the id that the query named. Gateways that put a body of their
/// own in place of a failed task's leave the id out (*in the source of
/// gateways*); then it is the one asked for.
pub(crate) fn find_task(answer: &Value, asked: Option<&TaskId>) -> Option<Task> {
    Task::find(answer).or_else(|| {
        let envelope = TaskEnvelope::deserialize(answer).ok()?;
        Some(envelope.task_for(asked?)?.into_owned())
    })
}
