//! What becomes of a task.

use std::time::Duration;

use http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{Method, Request};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{accepted_id, dual_request, ensure, ensure_eq, ensure_status, single_request};
use crate::target::Target;

/// The longest a check waits for a task.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Between two queries: as a polite client, growing.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Every answer about a task, from its creation to its end.
async fn history(target: &Target, id: &str) -> Result<Vec<Value>, String> {
    let began = Instant::now();
    let mut wait = FIRST_WAIT;
    let mut seen = Vec::new();
    loop {
        let reply = target.query(id).await?;
        ensure_status(&reply, 200)?;
        let body = reply.json()?;
        ensure_eq("code", &body["code"], &json!(0))?;
        let status = body["data"]["task_status"].clone();
        seen.push(body["data"].clone());
        if status == "succeed" || status == "failed" {
            return Ok(seen);
        }
        ensure(began.elapsed() < PATIENCE, || {
            format!("the task is still {status} after {} s", PATIENCE.as_secs())
        })?;
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

pub(super) async fn forward(target: &Target) -> Result<(), String> {
    let id = accepted_id(target, &dual_request()).await?;
    let seen = history(target, &id).await?;
    let rank = |task: &Value| match task["task_status"].as_str() {
        Some("submitted") => Ok(0),
        Some("processing") => Ok(1),
        Some("succeed" | "failed") => Ok(2),
        other => Err(format!(
            "the status {other:?} is none of the documented words"
        )),
    };
    for pair in seen.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        ensure(rank(before)? <= rank(after)?, || {
            format!(
                "the status went back from {} to {}",
                before["task_status"], after["task_status"]
            )
        })?;
        let same_status = before["task_status"] == after["task_status"];
        let same_time = before["updated_at"] == after["updated_at"];
        ensure(same_status == same_time, || {
            format!("updated_at does not follow the status: {before} and then {after}")
        })?;
        ensure_eq("created_at", &after["created_at"], &before["created_at"])?;
    }
    for task in &seen {
        ensure_eq("task_id", &task["task_id"], &json!(id))?;
        ensure(
            task["updated_at"].as_i64() >= task["created_at"].as_i64(),
            || format!("updated_at is before created_at in {task}"),
        )?;
        let has_result = !task["task_result"]["videos"].is_null();
        ensure(has_result == (task["task_status"] == "succeed"), || {
            format!("the result does not go with the status in {task}")
        })?;
    }
    Ok(())
}

pub(super) async fn result(target: &Target) -> Result<(), String> {
    let id = accepted_id(target, &single_request("https://example.com/me.jpg")).await?;
    let seen = history(target, &id).await?;
    let last = seen.last().cloned().unwrap_or_default();
    ensure_eq("task_status", &last["task_status"], &json!("succeed"))?;
    let url = last["task_result"]["videos"][0]["url"].as_str();
    let url = url.ok_or_else(|| format!("no video's URL in {last}"))?;

    // No credentials: results lie on other hosts.
    let whole = target.send(Method::GET, url, None, "").await?;
    ensure_status(&whole, 200)?;
    ensure(
        whole
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value == "video/mp4"),
        || {
            format!(
                "the file's content type is {:?}",
                whole.headers.get(CONTENT_TYPE)
            )
        },
    )?;
    ensure(whole.body.get(4..8) == Some(b"ftyp"), || {
        "the file is no MP4".to_owned()
    })?;

    if whole
        .headers
        .get(ACCEPT_RANGES)
        .is_none_or(|value| value != "bytes")
    {
        return Ok(());
    }
    let request = Request::get(url)
        .header(RANGE, "bytes=100-199")
        .body("".into());
    let part = target
        .send_request(request.map_err(|error| error.to_string())?)
        .await?;
    ensure_status(&part, 206)?;
    let range = format!("bytes 100-199/{}", whole.body.len());
    ensure(
        part.headers
            .get(CONTENT_RANGE)
            .is_some_and(|value| value == range.as_str()),
        || {
            format!(
                "Content-Range is {:?} instead of {range}",
                part.headers.get(CONTENT_RANGE)
            )
        },
    )?;
    ensure(whole.body.get(100..200) == Some(&*part.body), || {
        "the part is not what the whole file has there".to_owned()
    })
}

pub(super) async fn pixels(target: &Target) -> Result<(), String> {
    let picture = include_bytes!("../../../../fixtures/media/too-small-338x191.png");
    let id = accepted_id(target, &single_request(&base64(picture))).await?;
    let seen = history(target, &id).await?;
    let last = seen.last().cloned().unwrap_or_default();
    ensure_eq("task_status", &last["task_status"], &json!("failed"))?;
    ensure_eq(
        "task_status_msg",
        &last["task_status_msg"],
        &json!("Image pixel is invalid"),
    )
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
