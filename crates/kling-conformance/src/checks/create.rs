//! Checks of the answer to a create.

use serde_json::{Value, json};

use super::shared_task::SharedTask;
use super::{
    IMAGE, Outcome, accepted_id, dual_request, ensure, ensure_eq, ensure_status, only_on,
    single_request, task_of,
};
use crate::target::{Host, Target};

pub(super) async fn accepted(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    ensure(shared.created_task()?.is_object(), || {
        "data is not a task".to_owned()
    })?;
    Ok(())
}

pub(super) async fn single(target: &Target) -> Outcome {
    accepted_id(target, &single_request(IMAGE)).await.map(drop)
}

pub(super) async fn submitted(target: &Target) -> Outcome {
    let task = SharedTask::get(target).await?.created_task()?;
    Ok(ensure_eq(
        "task_status",
        &task["task_status"],
        &json!("submitted"),
    )?)
}

pub(super) async fn times(target: &Target) -> Outcome {
    let task = SharedTask::get(target).await?.created_task()?;
    ensure_eq("updated_at", &task["updated_at"], &task["created_at"])?;
    // A time in seconds would be smaller.
    let created = &task["created_at"];
    ensure(
        created.as_i64().is_some_and(|at| at > 100_000_000_000),
        || format!("created_at is {created}, not milliseconds"),
    )?;
    Ok(())
}

pub(super) async fn id_is_text(target: &Target) -> Outcome {
    let reply = target.create(&single_request(IMAGE)).await?;
    let task = task_of(&reply)?;
    let digits = match target.host() {
        Host::Comet => 19,
        Host::Kling => 18,
    };
    let fits = |id: &str| id.len() == digits && id.bytes().all(|b| b.is_ascii_digit());
    ensure(task["task_id"].as_str().is_some_and(fits), || {
        format!(
            "task_id is {}, not {digits} digits in a string",
            task["task_id"]
        )
    })?;
    Ok(())
}

pub(super) async fn message(target: &Target) -> Outcome {
    let shared = SharedTask::get(target).await?;
    let body = shared.created.json()?;
    match target.host() {
        Host::Comet => {
            ensure_eq("message", &body["message"], &json!("success"))?;
            ensure_eq("request_id", &body["request_id"], &Value::Null)?;
        }
        Host::Kling => {
            ensure_eq("message", &body["message"], &json!("SUCCEED"))?;
            ensure(body["request_id"].is_string(), || {
                "no request_id".to_owned()
            })?;
        }
    }
    Ok(())
}

pub(super) async fn members(target: &Target) -> Outcome {
    let task = task_of(&target.create(&single_request(IMAGE)).await?)?;
    let members = task
        .as_object()
        .map(|members| members.keys().collect::<Vec<_>>());
    ensure_eq(
        "the list of members",
        &json!(members),
        &json!([
            "created_at",
            "task_id",
            "task_info",
            "task_status",
            "updated_at"
        ]),
    )?;
    Ok(ensure_eq("task_info", &task["task_info"], &json!({}))?)
}

pub(super) async fn readable(target: &Target) -> Outcome {
    let id = accepted_id(target, &dual_request()).await?;
    Ok(ensure_status(&target.query(&id).await?, 200)?)
}

pub(super) async fn external_id(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "not observed on CometAPI")?;
    let shared = SharedTask::get(target).await?;
    let wanted = json!(shared.external_id);
    let echoed = |task: &Value| {
        let info = &task["task_info"]["external_task_id"];
        ensure_eq("task_info.external_task_id", info, &wanted)
    };
    echoed(&shared.created_task()?)?;
    Ok(echoed(shared.final_task()?)?)
}

pub(super) async fn no_duration(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "CometAPI requires one")?;
    let mut request = single_request(IMAGE);
    request["input"]
        .as_object_mut()
        .map(|input| input.remove("duration"));
    accepted_id(target, &request).await.map(drop)
}

pub(super) async fn ten_seconds(target: &Target) -> Outcome {
    let mut request = single_request(IMAGE);
    request["input"]["duration"] = json!("10");
    accepted_id(target, &request).await.map(drop)
}
