//! The members of a task, under the names that the vectors use.

use kling_types::{Task, TaskState, Video};
use serde_json::{Value, json};

/// The members of a task that a vector may expect.
pub(super) fn task_members(task: &Task) -> Value {
    let balance = task.balance_deduction.as_ref();
    let watermark = task.watermark_info.as_ref();
    json!({
        "id": task.id.as_str(),
        "status": task.status.as_str(),
        "state": state(task.state()),
        "reason": task.failure_reason(),
        "external_id": task.external_id().map(AsRef::<str>::as_ref),
        "created_ms": task.created_at.map(kling_types::UnixMillis::get),
        "updated_ms": task.updated_at.map(kling_types::UnixMillis::get),
        "units": task.unit_deduction.map(|amount| amount.to_string()),
        "quota": balance.and_then(|it| it.quota).map(|amount| amount.to_string()),
        "list_price": balance.and_then(|it| it.list_price).map(|amount| amount.to_string()),
        "watermark": watermark.and_then(|it| it.enabled),
        "videos": task.videos().iter().map(video).collect::<Vec<_>>(),
    })
}

fn video(video: &Video) -> Value {
    json!({
        "id": video.id.as_ref().map(AsRef::<str>::as_ref),
        "url": video.url,
        "watermark_url": video.watermark_url,
        "duration": video.duration.map(|seconds| seconds.to_string()),
        "address": video.address(),
    })
}

/// The name of a state.
pub(super) fn state(state: TaskState) -> &'static str {
    match state {
        TaskState::Submitted => "submitted",
        TaskState::Processing => "processing",
        TaskState::Succeed => "succeed",
        TaskState::Failed => "failed",
        _ => "unknown",
    }
}

/// `valid` or `invalid`.
pub(super) fn verdict(is_valid: bool) -> &'static str {
    if is_valid { "valid" } else { "invalid" }
}

/// The input: the test's `raw`, or its `body` as JSON.
pub(super) fn text(test: &Value) -> String {
    match test["raw"].as_str() {
        Some(raw) => raw.to_owned(),
        None => test["body"].to_string(),
    }
}

/// Fails unless serialising the parsed value yields the same JSON.
pub(super) fn ensure_round_trip(read: &impl serde::Serialize, input: &Value) -> Result<(), String> {
    let written = serde_json::to_value(read).map_err(|error| error.to_string())?;
    if written == *input {
        Ok(())
    } else {
        Err(format!("the round trip yields {written}"))
    }
}
