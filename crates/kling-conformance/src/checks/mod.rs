//! The checks, in the order in which a user meets what they are about.

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::target::{Reply, Target};

mod create;
mod lifecycle;
mod refusals;

type Run = for<'a> fn(&'a Target) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// One sentence of the contract, with the proof of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Check {
    /// Its stable id.
    pub id: &'static str,
    /// What must be true.
    pub sentence: &'static str,
    /// Where it is from, and how sure that is.
    pub source: &'static str,
    pub(crate) run: Run,
}

/// Makes a table of checks out of async functions.
macro_rules! checks {
    ($($id:literal: $run:path, $sentence:literal, $source:literal;)*) => {
        &[$(Check {
            id: $id,
            sentence: $sentence,
            source: $source,
            run: |target| Box::pin($run(target)),
        }),*]
    };
}

/// Every check.
pub fn all() -> &'static [Check] {
    checks! {
        "create.accepted": create::accepted,
            "a create answers 200 with code 0 and a submitted task whose two times are equal",
            "seen live on CometAPI, 2026-03-13";
        "create.single": create::single,
            "a scene for one image takes it in input.image",
            "documented";
        "create.id_is_text": create::id_is_text,
            "a task's id is a string of 18 or 19 digits",
            "seen live on both hosts";
        "lifecycle.forward": lifecycle::forward,
            "a status only moves forward, and updated_at moves with it and only with it",
            "documented";
        "lifecycle.result": lifecycle::result,
            "a task that succeeds has a video's URL, which serves an MP4 file, whole and in part",
            "documented";
        "lifecycle.pixels": lifecycle::pixels,
            "too small a picture is accepted, and the task fails with: Image pixel is invalid",
            "seen live";
        "refusal.no_key": refusals::no_key,
            "a request without a key is refused with 401",
            "documented";
        "refusal.wrong_key": refusals::wrong_key,
            "a request with a wrong key is refused with 401",
            "documented";
        "refusal.unknown_scene": refusals::unknown_scene,
            "an unknown scene is refused with 400 and code 1201",
            "CometAPI documents the refusal; its form is inferred";
        "refusal.three_images": refusals::three_images,
            "three images are refused with 400 and code 1201",
            "documented: exactly two";
        "refusal.one_of_two": refusals::one_of_two,
            "one image for a scene of two is refused with 400 and code 1201",
            "documented: exactly two";
        "refusal.malformed": refusals::malformed,
            "a body that is no JSON is refused with 400 and a reason",
            "documented";
        "refusal.data_prefix": refusals::data_prefix,
            "base64 with a data: prefix is refused at once",
            "seen live";
        "refusal.unknown_task": refusals::unknown_task,
            "an unknown task is refused with 400 and code 1201, and the id is named",
            "seen live; the documented 404 is not used";
    }
}

/// The call on CometAPI's own page.
fn documented_request() -> Value {
    include_json(include_str!(
        "../../../../fixtures/samples/req.cometapi.effects.hug.new.json"
    ))
}

/// A request for one image, which both hosts take.
fn single_request(image: &str) -> Value {
    serde_json::json!({
        "effect_scene": "color_mixing",
        "input": { "image": image, "duration": "5" },
    })
}

/// A request for two images, which both hosts take.
fn dual_request() -> Value {
    let image = "https://example.com/person.jpg";
    serde_json::json!({
        "effect_scene": "hug_pro",
        "input": { "images": [image, image], "duration": "5" },
    })
}

/// A fixture; they are checked to be JSON where they live.
fn include_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Fails with a sentence unless the condition holds.
fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn ensure_status(reply: &Reply, wanted: u16) -> Result<(), String> {
    ensure(reply.status.as_u16() == wanted, || {
        let body = String::from_utf8_lossy(&reply.body);
        format!("HTTP {} instead of {wanted}: {body}", reply.status.as_u16())
    })
}

fn ensure_eq(what: &str, is: &Value, wanted: &Value) -> Result<(), String> {
    ensure(is == wanted, || {
        format!("{what} is {is} instead of {wanted}")
    })
}

/// Creates a task that must be accepted, and gives its id.
async fn accepted_id(target: &Target, request: &Value) -> Result<String, String> {
    let reply = target.create(request).await?;
    ensure_status(&reply, 200)?;
    let body = reply.json()?;
    let id = body["data"]["task_id"].as_str();
    id.map(str::to_owned)
        .ok_or_else(|| format!("no data.task_id in {body}"))
}
