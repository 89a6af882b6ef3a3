//! Checks of how a task's status changes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::shared_task::{SharedTask, poll_until_terminal};
use super::{Outcome, accepted_id, ensure, ensure_eq, single_request, task_of};
use crate::target::Target;

/// The position of a status in the lifecycle.
fn rank(task: &Value) -> Option<u8> {
    match task["task_status"].as_str()? {
        "submitted" => Some(0),
        "processing" => Some(1),
        "succeed" | "failed" => Some(2),
        _ => None,
    }
}

pub(super) async fn words(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    for task in shared.snapshots() {
        ensure(rank(task).is_some(), || {
            format!("task_status is {}", task["task_status"])
        })?;
    }
    Ok(())
}

/// Each two consecutive answers.
fn pairs(tasks: &[Value]) -> impl Iterator<Item = (&Value, &Value)> {
    tasks.iter().zip(tasks.iter().skip(1))
}

pub(super) async fn forward(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let tasks: Vec<Value> = shared.snapshots().cloned().collect();
    for (before, after) in pairs(&tasks) {
        ensure(rank(before) <= rank(after), || {
            let (before, after) = (&before["task_status"], &after["task_status"]);
            format!("the status went back from {before} to {after}")
        })?;
    }
    Ok(())
}

pub(super) async fn ends(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    sleep(Duration::from_secs(2)).await;
    let again = task_of(&target.query(&shared.id()?).await?)?;
    let end = shared.final_task()?;
    for member in ["task_status", "updated_at"] {
        ensure_eq(member, &again[member], &end[member])?;
    }
    Ok(())
}

pub(super) async fn updated_at(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let mut tasks = vec![shared.created_task()?];
    tasks.extend(shared.snapshots().cloned());
    for (before, after) in pairs(&tasks) {
        let same_status = before["task_status"] == after["task_status"];
        let same_time = before["updated_at"] == after["updated_at"];
        ensure(same_status == same_time, || {
            let show = |task: &Value| format!("{} at {}", task["task_status"], task["updated_at"]);
            format!("{}, then {}", show(before), show(after))
        })?;
        ensure(
            after["updated_at"].as_i64() >= before["updated_at"].as_i64(),
            || "updated_at went back".to_owned(),
        )?;
    }
    Ok(())
}

pub(super) async fn same_task(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let new = shared.created_task()?;
    for task in shared.snapshots() {
        for member in ["task_id", "created_at"] {
            ensure_eq(member, &task[member], &new[member])?;
        }
    }
    Ok(())
}

/// Without videos, the member may be absent, null or an empty list.
fn is_none(videos: &Value) -> bool {
    videos.is_null() || videos.as_array().is_some_and(Vec::is_empty)
}

pub(super) async fn result(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    for task in shared.snapshots() {
        let has_result = !is_none(&task["task_result"]["videos"]);
        ensure(has_result == (task["task_status"] == "succeed"), || {
            let with = if has_result { "a result" } else { "no result" };
            format!("{} with {with}", task["task_status"])
        })?;
    }
    shared.video_url()?;
    Ok(())
}

pub(super) async fn pixels(target: &Target) -> Outcome {
    let picture = include_bytes!("../../fixtures/media/too-small-338x191.png");
    let request = single_request(&STANDARD.encode(picture));
    let id = accepted_id(target, &request).await?;
    let answers = poll_until_terminal(target, target.api_key(), &id).await?;
    let last = answers.last().cloned().unwrap_or_default();
    let task = &last["data"];
    ensure_eq("task_status", &task["task_status"], &json!("failed"))?;
    let reason = &task["task_status_msg"];
    ensure_eq("task_status_msg", reason, &json!("Image pixel is invalid"))?;
    let videos = &task["task_result"]["videos"];
    Ok(ensure(is_none(videos), || {
        format!("a failed task has the videos {videos}")
    })?)
}
