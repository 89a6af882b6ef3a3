//! Checks of the answer to a query.

use serde_json::Value;

use super::shared_task::SharedTask;
use super::{Outcome, ensure, ensure_eq, only_on, task_of};
use crate::target::{Host, Target};

pub(super) async fn envelope(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    for answer in &shared.answers {
        ensure(answer["code"].is_i64() || answer["code"].is_u64(), || {
            format!("code is {}, not an integer", answer["code"])
        })?;
        let words = ["SUCCEED", "success", "成功", ""];
        let message = answer["message"].as_str();
        ensure(message.is_some_and(|it| words.contains(&it)), || {
            format!("message is {}", answer["message"])
        })?;
    }
    Ok(())
}

pub(super) async fn members(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "CometAPI omits members")?;
    let shared = SharedTask::get(target).await?;
    let members = [
        "task_id",
        "task_status",
        "task_status_msg",
        "task_info",
        "task_result",
        "created_at",
        "updated_at",
    ];
    let end = shared.final_task()?;
    for member in members {
        ensure(end.get(member).is_some(), || {
            format!("no {member} in a finished task")
        })?;
    }
    Ok(())
}

pub(super) async fn no_strangers(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    for task in shared.snapshots() {
        for name in ["progress", "cover_image_url", "session_id"] {
            let video = &task["task_result"]["videos"][0];
            ensure(
                task.get(name).is_none() && video.get(name).is_none(),
                || format!("{name} in {}", task["task_status"]),
            )?;
        }
    }
    Ok(())
}

pub(super) async fn running(target: &Target) -> Outcome {
    only_on(target, Host::Comet, "Kling has other members")?;
    let shared = SharedTask::get(target).await?;
    for task in shared
        .snapshots()
        .filter(|task| task["task_status"] == "processing")
    {
        ensure_eq("task_result", &task["task_result"], &serde_json::json!({}))?;
        ensure(task.get("task_status_msg").is_none(), || {
            "task_status_msg in a task that is processing".to_owned()
        })?;
    }
    Ok(())
}

pub(super) async fn video(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let video = &shared.final_task()?["task_result"]["videos"][0];
    for member in ["id", "url"] {
        ensure(
            video[member].as_str().is_some_and(|it| !it.is_empty()),
            || format!("{member} of the video is not a string"),
        )?;
    }
    Ok(())
}

fn is_decimal(value: &Value) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    value.as_str().is_some_and(|text| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        digits(whole) && digits(fraction)
    })
}

pub(super) async fn deductions(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "not documented by CometAPI")?;
    let shared = SharedTask::get(target).await?;
    let end = shared.final_task()?;
    let money = &end["final_balance_deduction"];
    for (name, value) in [
        ("final_unit_deduction", &end["final_unit_deduction"]),
        ("quota", &money["quota"]),
        ("list_price", &money["list_price"]),
    ] {
        ensure(is_decimal(value), || {
            format!("{name} is {value}, not a decimal in a string")
        })?;
    }
    Ok(())
}

pub(super) async fn watermark(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "not documented by CometAPI")?;
    let shared = SharedTask::get(target).await?;
    let end = shared.final_task()?;
    let enabled = &end["watermark_info"]["enabled"];
    ensure(enabled.is_boolean(), || {
        format!("watermark_info.enabled is {enabled}")
    })?;
    let url = &end["task_result"]["videos"][0]["watermark_url"];
    ensure(url.is_null() || url.is_string(), || {
        "watermark_url is not a string".to_owned()
    })?;
    Ok(())
}

pub(super) async fn external_id(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "not known for CometAPI")?;
    let shared = SharedTask::get(target).await?;
    let found = task_of(&target.query(&shared.external_id).await?)?;
    Ok(ensure_eq(
        "task_id",
        &found["task_id"],
        &shared.id()?.into(),
    )?)
}
