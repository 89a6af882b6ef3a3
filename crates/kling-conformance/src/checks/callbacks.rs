//! Checks of callbacks.

use std::time::Duration;

use bytes::Bytes;
use kling_http::webhook::{Receiver, Secret};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::shared_task::SharedTask;
use super::{Outcome, ensure, ensure_eq};
use crate::inbox::{Inbox, Received};
use crate::target::{Stop, Target};

/// The callbacks for the shared task; the last one may arrive some seconds later.
async fn received(target: &Target) -> Result<(&Inbox, Vec<Received>), Stop> {
    let inbox = target.inbox.as_ref();
    let inbox = inbox
        .ok_or_else(|| Stop::Skip("callbacks cannot be received (--callback-listen)".to_owned()))?;
    SharedTask::get(target).await?;
    for _ in 0..20 {
        if inbox.all().len() >= 2 {
            break;
        }
        sleep(Duration::from_millis(500)).await;
    }
    let all = inbox.all();
    ensure(!all.is_empty(), || "no callback was received".to_owned())?;
    Ok((inbox, all))
}

fn json_of(body: &Bytes) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body is not JSON ({error})"))
}

pub(super) async fn each_change(target: &Target) -> Outcome {
    let (_, all) = received(target).await?;
    let mut posted = Vec::new();
    for Received { body, .. } in &all {
        posted.push(json_of(body)?["task_status"].clone());
    }
    // A repeated callback is not a new change.
    posted.dedup();
    let submitted_too = json!(["submitted", "processing", "succeed"]);
    ensure(
        json!(posted) == submitted_too || json!(posted) == json!(["processing", "succeed"]),
        || format!("the posted changes are {}", json!(posted)),
    )?;
    Ok(())
}

pub(super) async fn shape(target: &Target) -> Outcome {
    let (_, all) = received(target).await?;
    for Received { headers, body, .. } in &all {
        let task = json_of(body)?;
        for member in ["task_id", "task_status", "created_at", "updated_at"] {
            ensure(task.get(member).is_some(), || {
                format!("no {member} in a callback")
            })?;
        }
        ensure(task.get("data").is_none(), || {
            "the task is in an envelope".to_owned()
        })?;
        let kind = headers.get(http::header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        ensure(kind.starts_with("application/json"), || {
            format!("the content type is {kind:?}")
        })?;
    }
    Ok(())
}

pub(super) async fn same_task(target: &Target) -> Outcome {
    let (_, all) = received(target).await?;
    let shared = SharedTask::get(target).await?;
    for Received { body, .. } in &all {
        let posted = json_of(body)?;
        let status = &posted["task_status"];
        for task in shared
            .snapshots()
            .filter(|task| task["task_status"] == *status)
        {
            for member in ["task_id", "created_at", "updated_at"] {
                ensure_eq(member, &posted[member], &task[member])?;
            }
        }
    }
    Ok(())
}

pub(super) async fn signature(target: &Target) -> Outcome {
    let (inbox, all) = received(target).await?;
    let secret = inbox.secret().ok_or_else(|| {
        Stop::Skip("no signing secret was given (--webhook-secret-env)".to_owned())
    })?;
    let secret = Secret::parse(secret).map_err(|error| Stop::Internal(error.to_string()))?;
    let receiver = Receiver::new([secret]);
    for Received { at, headers, body } in &all {
        let outcome = receiver.receive(headers, body, *at);
        outcome.map_err(|error| error.to_string())?;
    }
    Ok(())
}
