//! Checks of the create that a client sends.

use kling_mock::Operation;
use serde_json::Value;

use super::scenario::{LEFT, PORTRAIT, RIGHT};
use super::seen::Seen;
use crate::exchange::{has_null, told};
use crate::target::{Host, Stop};

type Judged = Result<(), Stop>;

pub(super) fn request(seen: &Seen) -> Judged {
    let create = seen.create()?;
    let headers = create.headers();
    let kind = headers.get("content-type").map(String::as_str);
    seen.ensure(
        kind.is_some_and(|kind| kind.starts_with("application/json")),
        &format!("the content type is {}", told(kind)),
    )?;
    let key = headers.get("authorization");
    seen.ensure(
        key.is_some_and(|key| key.starts_with("Bearer ")),
        "there is no Authorization: Bearer header",
    )
}

pub(super) fn scene(seen: &Seen) -> Judged {
    let body = seen.body()?;
    let scene = &body["effect_scene"];
    seen.ensure(scene == "color_mixing", &format!("effect_scene is {scene}"))?;
    let image = &body["input"]["image"];
    seen.ensure(image.is_string(), "input.image is no text")
}

pub(super) fn pair(seen: &Seen) -> Judged {
    let images = seen.body()?["input"]["images"].clone();
    seen.ensure(
        images == serde_json::json!([LEFT, RIGHT]),
        &format!("input.images is {images}, not the two in their order"),
    )
}

/// The journal shows a picture as its length in base64.
pub(super) fn base64(seen: &Seen) -> Judged {
    let image = seen.body()?["input"]["image"].clone();
    let image = image.as_str().unwrap_or_default();
    seen.ensure(!image.starts_with("data:"), "input.image begins with data:")?;
    let length = PORTRAIT.len().div_ceil(3) * 4;
    seen.ensure(
        image.starts_with(&format!("<{length} characters")) && image.ends_with('>'),
        "input.image is not the file in base64, in one piece",
    )
}

pub(super) fn duration(seen: &Seen) -> Judged {
    let duration = seen.body()?["input"]["duration"].clone();
    let fits = match seen.host {
        Host::Comet => duration.is_string(),
        Host::Kling => duration.is_string() || duration.is_null(),
    };
    seen.ensure(fits, &format!("input.duration is {duration}"))
}

pub(super) fn no_null(seen: &Seen) -> Judged {
    let body = seen.body()?;
    seen.ensure(!has_null(&body), &format!("a null in {body}"))
}

pub(super) fn external_id(seen: &Seen) -> Judged {
    let id = seen.body()?["external_task_id"].clone();
    seen.ensure(
        id.as_str().is_some_and(|id| !id.is_empty()),
        "the create has no external_task_id, so a lost answer can't be looked up",
    )
}

pub(super) fn fresh_id(seen: &Seen) -> Judged {
    let bodies = seen.of(Operation::Create);
    let ids: Vec<Value> = bodies
        .filter_map(|entry| Some(entry.request_body().json()?["external_task_id"].clone()))
        .filter(Value::is_string)
        .collect();
    let Some((first, others)) = ids.split_first() else {
        return Err(Stop::Skip("it sends no external_task_id".to_owned()));
    };
    seen.ensure(
        !others.contains(first),
        "two jobs have the same external_task_id",
    )
}

pub(super) fn any_scene(seen: &Seen) -> Judged {
    seen.create().map(drop)
}

pub(super) fn small_picture(seen: &Seen) -> Judged {
    seen.ensure(
        seen.of(Operation::Create).next().is_none(),
        "it sent a picture of 338 x 191 pixels, which is paid and fails",
    )?;
    seen.ensure_failed("it told of a success")
}
