//! Checks of refused requests, and the errors that they get.

use http::Method;
use serde_json::{Value, json};

use super::{
    IMAGE, Outcome, accepted_id, dual_request, ensure, ensure_eq, ensure_status, fresh_external_id,
    only_on, single_request, task_of,
};
use crate::target::{Host, Reply, Stop, Target};

fn ensure_code(reply: &Reply, status: u16, code: i64) -> Result<(), String> {
    ensure_status(reply, status)?;
    ensure_eq("code", &reply.json()?["code"], &json!(code))
}

/// On CometAPI the gateway refuses the request itself; on Kling the code is checked.
fn ensure_refused_by_gateway_or_kling(
    target: &Target,
    reply: &Reply,
    status: u16,
    code: i64,
) -> Result<(), String> {
    ensure_status(reply, status)?;
    match target.host() {
        Host::Comet => Ok(()),
        Host::Kling => ensure_code(reply, status, code),
    }
}

async fn parameter_refused(target: &Target, request: &Value) -> Result<Value, Stop> {
    let reply = target.create(request).await?;
    ensure_code(&reply, 400, 1201)?;
    Ok(reply.json()?)
}

fn without(mut request: Value, pointer: &str, member: &str) -> Value {
    let members = request.pointer_mut(pointer).and_then(Value::as_object_mut);
    if let Some(members) = members {
        members.remove(member);
    }
    request
}

async fn create_with_key(target: &Target, key: Option<&str>) -> Result<Reply, Stop> {
    let body = dual_request().to_string();
    target
        .send(Method::POST, &target.effects_url(), key, body)
        .await
}

pub(super) async fn no_key(target: &Target) -> Outcome {
    let reply = create_with_key(target, None).await?;
    Ok(ensure_refused_by_gateway_or_kling(
        target, &reply, 401, 1001,
    )?)
}

pub(super) async fn wrong_key(target: &Target) -> Outcome {
    let reply = create_with_key(target, Some("sk-wrong")).await?;
    Ok(ensure_refused_by_gateway_or_kling(
        target, &reply, 401, 1002,
    )?)
}

pub(super) async fn gateway_words(target: &Target) -> Outcome {
    only_on(target, Host::Comet, "Kling is not a gateway")?;
    let body = create_with_key(target, Some("sk-wrong")).await?.json()?;
    let error = &body["error"];
    ensure_eq("error.type", &error["type"], &json!("comet_api_error"))?;
    let message = error["message"].as_str().unwrap_or_default();
    ensure(
        message.contains("(request id: ") && message.ends_with(')'),
        || format!("error.message has no request id: {message:?}"),
    )?;
    Ok(())
}

pub(super) async fn kling_words(target: &Target) -> Outcome {
    let body = target.query("no-such-task").await?.json()?;
    for member in ["message", "request_id"] {
        ensure(
            body[member].as_str().is_some_and(|text| !text.is_empty()),
            || format!("{member} is {}", body[member]),
        )?;
    }
    Ok(ensure_eq("data", &body["data"], &Value::Null)?)
}

pub(super) async fn malformed(target: &Target) -> Outcome {
    let url = target.effects_url();
    let reply = target
        .send(
            Method::POST,
            &url,
            Some(target.api_key()),
            "{\"effect_scene\":",
        )
        .await?;
    Ok(ensure_refused_by_gateway_or_kling(
        target, &reply, 400, 1200,
    )?)
}

pub(super) async fn wrong_path(target: &Target) -> Outcome {
    let url = format!("{}-of-none", target.effects_url());
    let reply = target
        .send(Method::GET, &url, Some(target.api_key()), "")
        .await?;
    match target.host() {
        Host::Kling => ensure_code(&reply, 404, 1203)?,
        Host::Comet => ensure(!reply.status.is_success(), || {
            format!("HTTP {} for an unknown path", reply.status.as_u16())
        })?,
    }
    Ok(())
}

pub(super) async fn wrong_method(target: &Target) -> Outcome {
    let url = format!("{}/1", target.effects_url());
    let reply = target
        .send(Method::DELETE, &url, Some(target.api_key()), "")
        .await?;
    Ok(ensure_code(&reply, 404, 1202)?)
}

pub(super) async fn no_scene(target: &Target) -> Outcome {
    let request = without(dual_request(), "", "effect_scene");
    parameter_refused(target, &request).await.map(drop)
}

pub(super) async fn unknown_scene(target: &Target) -> Outcome {
    let mut request = dual_request();
    request["effect_scene"] = "no_such_effect".into();
    parameter_refused(target, &request).await.map(drop)
}

pub(super) async fn no_input(target: &Target) -> Outcome {
    let request = without(dual_request(), "", "input");
    parameter_refused(target, &request).await.map(drop)
}

pub(super) async fn no_image(target: &Target) -> Outcome {
    let request = without(single_request(IMAGE), "/input", "image");
    let body = parameter_refused(target, &request).await?;
    Ok(ensure_eq(
        "message",
        &body["message"],
        &json!("image can not be null"),
    )?)
}

pub(super) async fn three_images(target: &Target) -> Outcome {
    let mut request = dual_request();
    request["input"]["images"] = json!([IMAGE, IMAGE, IMAGE]);
    parameter_refused(target, &request).await.map(drop)
}

pub(super) async fn one_of_two(target: &Target) -> Outcome {
    let mut request = dual_request();
    request["input"] = single_request(IMAGE)["input"].clone();
    parameter_refused(target, &request).await.map(drop)
}

pub(super) async fn duration_number(target: &Target) -> Outcome {
    let mut request = single_request(IMAGE);
    request["input"]["duration"] = json!(5);
    Ok(ensure_status(&target.create(&request).await?, 400)?)
}

pub(super) async fn no_duration(target: &Target) -> Outcome {
    only_on(
        target,
        Host::Comet,
        "Kling has not documented it since March 2026",
    )?;
    let request = without(single_request(IMAGE), "/input", "duration");
    Ok(ensure_status(&target.create(&request).await?, 400)?)
}

pub(super) async fn data_prefix(target: &Target) -> Outcome {
    let request = single_request("data:image/png;base64,iVBORw0KGgo=");
    let body = parameter_refused(target, &request).await?;
    let wanted = json!("File is not in a valid base64 format");
    Ok(ensure_eq("message", &body["message"], &wanted)?)
}

pub(super) async fn unknown_task(target: &Target) -> Outcome {
    let reply = target.query("no-such-task").await?;
    ensure_code(&reply, 400, 1201)?;
    let wanted = json!("Task not found by id/external id: no-such-task");
    Ok(ensure_eq("message", &reply.json()?["message"], &wanted)?)
}

pub(super) async fn duplicate(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "not known for CometAPI")?;
    let mut request = single_request(IMAGE);
    let external_id = fresh_external_id();
    request["external_task_id"] = json!(external_id);
    let id = accepted_id(target, &request).await?;
    let body = parameter_refused(target, &request).await?;
    let wanted = json!(format!("External_task_id {external_id} already exists"));
    ensure_eq("message", &body["message"], &wanted)?;
    let found = task_of(&target.query(&external_id).await?)?;
    Ok(ensure_eq(
        "task_id of the first",
        &found["task_id"],
        &json!(id),
    )?)
}

pub(super) async fn leaves_no_task(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "CometAPI has no query by external id")?;
    let mut request = dual_request();
    let external_id = fresh_external_id();
    request["external_task_id"] = json!(external_id);
    request["effect_scene"] = json!("no_such_effect");
    target.create(&request).await?;
    Ok(ensure_code(&target.query(&external_id).await?, 400, 1201)?)
}
