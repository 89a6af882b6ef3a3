//! What a create answers.

use serde_json::{Value, json};

use super::{
    accepted_id, documented_request, dual_request, ensure, ensure_eq, ensure_status, include_json,
    single_request,
};
use crate::target::{Host, Target};

pub(super) async fn accepted(target: &Target) -> Result<(), String> {
    // Kling ended `hug`, which CometAPI's page still names.
    let (request, sample) = match target.host() {
        Host::Comet => (
            documented_request(),
            include_str!("../../../../fixtures/samples/resp.cometapi.effects.create.json"),
        ),
        Host::Kling => (
            dual_request(),
            include_str!("../../../../fixtures/samples/resp.kling.effects.create.docshape.json"),
        ),
    };
    let sample = include_json(sample);
    let reply = target.create(&request).await?;
    ensure_status(&reply, 200)?;
    let body = reply.json()?;
    ensure_eq("the set of members", &names(&body), &names(&sample))?;
    ensure_eq(
        "the set of data's members",
        &names(&body["data"]),
        &names(&sample["data"]),
    )?;
    ensure_eq("code", &body["code"], &json!(0))?;
    ensure_eq("message", &body["message"], &sample["message"])?;
    ensure_eq(
        "task_status",
        &body["data"]["task_status"],
        &json!("submitted"),
    )?;
    ensure_eq("task_info", &body["data"]["task_info"], &json!({}))?;
    ensure_eq(
        "updated_at",
        &body["data"]["updated_at"],
        &body["data"]["created_at"],
    )?;
    // Milliseconds: seconds would be a thousand times smaller.
    ensure(
        body["data"]["created_at"]
            .as_i64()
            .is_some_and(|at| at > 100_000_000_000),
        || {
            format!(
                "created_at is {}, not milliseconds",
                body["data"]["created_at"]
            )
        },
    )
}

pub(super) async fn single(target: &Target) -> Result<(), String> {
    accepted_id(target, &single_request("https://example.com/me.jpg"))
        .await
        .map(|_| ())
}

pub(super) async fn id_is_text(target: &Target) -> Result<(), String> {
    let id = accepted_id(target, &dual_request()).await?;
    let digits = match target.host() {
        Host::Comet => 19,
        Host::Kling => 18,
    };
    ensure(
        id.len() == digits && id.bytes().all(|b| b.is_ascii_digit()),
        || format!("the id {id:?} does not have {digits} digits"),
    )
}

/// The names of an object's members.
fn names(object: &Value) -> Value {
    object
        .as_object()
        .map(|members| members.keys().cloned().collect::<Vec<_>>())
        .into()
}
