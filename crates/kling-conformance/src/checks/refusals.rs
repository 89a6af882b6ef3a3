//! What is refused, and in which words.

use http::Method;
use serde_json::{Value, json};

use super::{dual_request, ensure, ensure_eq, ensure_status, single_request};
use crate::target::{Host, Reply, Target};

/// Refused by the gateway itself where there is one, else in Kling's words.
fn ensure_refused_at_the_door(
    target: &Target,
    reply: &Reply,
    status: u16,
    kling_code: i64,
) -> Result<(), String> {
    ensure_status(reply, status)?;
    let body = reply.json()?;
    match target.host() {
        Host::Comet => {
            let error = &body["error"];
            ensure_eq("error.type", &error["type"], &json!("comet_api_error"))?;
            let message = error["message"].as_str().unwrap_or_default();
            ensure(message.contains("(request id: "), || {
                format!("error.message names no request id: {message:?}")
            })
        }
        Host::Kling => ensure_kling_error(&body, kling_code),
    }
}

fn ensure_kling_error(body: &Value, code: i64) -> Result<(), String> {
    ensure_eq("code", &body["code"], &json!(code))?;
    ensure(
        body["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        || format!("no message in {body}"),
    )?;
    ensure(body["data"].is_null(), || {
        format!("an error has data: {body}")
    })
}

async fn ensure_parameter_refused(target: &Target, request: &Value) -> Result<(), String> {
    let reply = target.create(request).await?;
    ensure_status(&reply, 400)?;
    ensure_kling_error(&reply.json()?, 1201)
}

pub(super) async fn no_key(target: &Target) -> Result<(), String> {
    let body = dual_request().to_string();
    let reply = target
        .send(Method::POST, &target.effects_url(), None, body)
        .await?;
    ensure_refused_at_the_door(target, &reply, 401, 1001)
}

pub(super) async fn wrong_key(target: &Target) -> Result<(), String> {
    let body = dual_request().to_string();
    let reply = target
        .send(Method::POST, &target.effects_url(), Some("sk-wrong"), body)
        .await?;
    ensure_refused_at_the_door(target, &reply, 401, 1002)
}

pub(super) async fn unknown_scene(target: &Target) -> Result<(), String> {
    let mut request = dual_request();
    request["effect_scene"] = "no_such_effect".into();
    ensure_parameter_refused(target, &request).await
}

pub(super) async fn three_images(target: &Target) -> Result<(), String> {
    let mut request = dual_request();
    let image = request["input"]["images"][0].clone();
    request["input"]["images"] = json!([image, image, image]);
    ensure_parameter_refused(target, &request).await
}

pub(super) async fn one_of_two(target: &Target) -> Result<(), String> {
    let mut request = dual_request();
    request["input"] = single_request("https://example.com/me.jpg")["input"].clone();
    ensure_parameter_refused(target, &request).await
}

pub(super) async fn malformed(target: &Target) -> Result<(), String> {
    let key = target.key().to_owned();
    let reply = target
        .send(
            Method::POST,
            &target.effects_url(),
            Some(&key),
            "{\"effect_scene\":",
        )
        .await?;
    ensure_refused_at_the_door(target, &reply, 400, 1200)
}

pub(super) async fn data_prefix(target: &Target) -> Result<(), String> {
    let request = single_request("data:image/png;base64,iVBORw0KGgo=");
    let reply = target.create(&request).await?;
    ensure_status(&reply, 400)?;
    let body = reply.json()?;
    ensure_kling_error(&body, 1201)?;
    ensure_eq(
        "message",
        &body["message"],
        &json!("File is not in a valid base64 format"),
    )
}

pub(super) async fn unknown_task(target: &Target) -> Result<(), String> {
    let reply = target.query("no-such-task").await?;
    ensure_status(&reply, 400)?;
    let body = reply.json()?;
    ensure_kling_error(&body, 1201)?;
    let wanted = json!("Task not found by id/external id: no-such-task");
    ensure_eq("message", &body["message"], &wanted)
}
