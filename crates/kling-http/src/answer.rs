//! Finds the task in an answer, in whichever wrapping a gateway puts it.

use kling_types::{Task, TaskId};
use serde::Deserialize as _;
use serde_json::{Map, Value};

/// How deep a task may lie in `data` of `data`: three levels have been seen.
const MAX_DEPTH: u8 = 4;

/// The task in an answer: at `data`, `data.data` or `data.data.data`. Of two on
/// the way, the inner one, which is the service's own, under the outer one's
/// id, which is what the host that answers knows it by.
///
/// `asked` is the id that the query named. Gateways that put a body of their
/// own in place of a failed task's leave the id out (*in the source of
/// gateways*); then it is the one asked for.
pub(crate) fn find_task(answer: &Value, asked: Option<&TaskId>) -> Option<Task> {
    descend(answer, asked, MAX_DEPTH)
}

fn descend(value: &Value, asked: Option<&TaskId>, depth: u8) -> Option<Task> {
    let members = value.as_object()?;
    let inner = members.get("data").filter(|_| depth > 0);
    let Some(mut task) = inner.and_then(|inner| descend(inner, asked, depth - 1)) else {
        return read_task(members.clone(), asked);
    };
    if let Some(outer) = members.get("task_id")
        && let Ok(id) = TaskId::deserialize(outer)
    {
        task.id = id;
    }
    Some(task)
}

/// A task, or a gateway's wrapper of one that speaks of it in its own words.
fn read_task(mut members: Map<String, Value>, asked: Option<&TaskId>) -> Option<Task> {
    for (theirs, ours) in [
        ("status", "task_status"),
        ("fail_reason", "task_status_msg"),
    ] {
        if !members.contains_key(ours)
            && let Some(text @ Value::String(_)) = members.get(theirs)
        {
            members.insert(ours.to_owned(), text.clone());
        }
    }
    let reason = match members.get("error") {
        Some(Value::Object(error)) => error.get("message").cloned(),
        other => other.cloned(),
    };
    if !members.contains_key("task_status_msg")
        && let Some(text @ Value::String(_)) = reason
    {
        members.insert("task_status_msg".to_owned(), text);
    }
    if !members.contains_key("task_id") {
        // Without an id, only a status makes it a task.
        let asked = asked.filter(|_| members.contains_key("task_status"))?;
        members.insert("task_id".to_owned(), asked.as_str().into());
    }
    serde_json::from_value(Value::Object(members)).ok()
}
