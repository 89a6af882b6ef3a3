//! Checks of the create that a client sends.

use kling_mock::Operation;
use serde_json::Value;

use super::evidence::Evidence;
use super::scenario::{LEFT, PORTRAIT, RIGHT};
use crate::checks::Outcome;
use crate::exchange::{has_null, or_absent};
use crate::target::{Host, Stop};

pub(super) fn request(evidence: &Evidence) -> Outcome {
    let create = evidence.create()?;
    let headers = create.headers();
    let kind = headers.get("content-type").map(String::as_str);
    evidence.ensure(
        kind.is_some_and(|kind| kind.starts_with("application/json")),
        &format!("the content type is {}", or_absent(kind)),
    )?;
    let key = headers.get("authorization");
    evidence.ensure(
        key.is_some_and(|key| key.starts_with("Bearer ")),
        "there is no Authorization: Bearer header",
    )
}

pub(super) fn scene(evidence: &Evidence) -> Outcome {
    let body = evidence.body()?;
    let scene = &body["effect_scene"];
    evidence.ensure(scene == "color_mixing", &format!("effect_scene is {scene}"))?;
    let image = &body["input"]["image"];
    evidence.ensure(image.is_string(), "input.image is not a string")
}

pub(super) fn pair(evidence: &Evidence) -> Outcome {
    let images = evidence.body()?["input"]["images"].clone();
    evidence.ensure(
        images == serde_json::json!([LEFT, RIGHT]),
        &format!("input.images is {images}, not the two images in order"),
    )
}

/// The journal replaces an image by the length of its base64.
pub(super) fn base64(evidence: &Evidence) -> Outcome {
    let image = evidence.body()?["input"]["image"].clone();
    let image = image.as_str().unwrap_or_default();
    evidence.ensure(!image.starts_with("data:"), "input.image starts with data:")?;
    let length = PORTRAIT.len().div_ceil(3) * 4;
    evidence.ensure(
        image.starts_with(&format!("<{length} characters")) && image.ends_with('>'),
        "input.image is not the whole file as base64",
    )
}

pub(super) fn duration(evidence: &Evidence) -> Outcome {
    let duration = evidence.body()?["input"]["duration"].clone();
    let fits = match evidence.host {
        Host::Comet => duration.is_string(),
        Host::Kling => duration.is_string() || duration.is_null(),
    };
    evidence.ensure(fits, &format!("input.duration is {duration}"))
}

pub(super) fn no_null(evidence: &Evidence) -> Outcome {
    let body = evidence.body()?;
    evidence.ensure(
        !has_null(&body),
        &format!("the body contains a null: {body}"),
    )
}

pub(super) fn external_id(evidence: &Evidence) -> Outcome {
    let id = evidence.body()?["external_task_id"].clone();
    evidence.ensure(
        id.as_str().is_some_and(|id| !id.is_empty()),
        "the create has no external_task_id, so a lost task cannot be looked up",
    )
}

pub(super) fn fresh_id(evidence: &Evidence) -> Outcome {
    let bodies = evidence.of(Operation::Create);
    let ids: Vec<Value> = bodies
        .filter_map(|entry| Some(entry.request_body().json()?["external_task_id"].clone()))
        .filter(Value::is_string)
        .collect();
    let Some((first, others)) = ids.split_first() else {
        return Err(Stop::Skip(
            "the client sends no external_task_id".to_owned(),
        ));
    };
    evidence.ensure(
        !others.contains(first),
        "two jobs have the same external_task_id",
    )
}

pub(super) fn any_scene(evidence: &Evidence) -> Outcome {
    evidence.create().map(drop)
}

pub(super) fn small_picture(evidence: &Evidence) -> Outcome {
    evidence.ensure(
        evidence.of(Operation::Create).next().is_none(),
        "it sent an image of 338 x 191 pixels, which is charged and then fails",
    )?;
    evidence.ensure_failed("the image was not sent, but it reported a success")
}
