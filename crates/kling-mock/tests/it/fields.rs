//! What a create must have in it, field by field.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kling_mock::{Plan, Profile};
use serde_json::{Value, json};

use crate::answers::{COMET, KLING, changed, comet, kling};
use crate::door::Door;
use crate::{dual, sample, single};

/// Refused as a wrong parameter, with this message.
async fn check_refused(prefix: &str, profile: Profile, body: Value, message: &str) {
    let mock = comet().profile(profile).build();
    let answer = Door::of(&mock).create(prefix, &body).await;
    let said = answer.json();
    assert_eq!(
        (answer.status, said["code"].as_i64()),
        (400, Some(1201)),
        "{body} {said}"
    );
    assert_eq!(said["message"], message, "{body}");
    assert_eq!(mock.charges(), [], "{body}");
}

async fn check_refused_by_comet(body: Value, message: &str) {
    check_refused(COMET, Profile::comet(), body, message).await;
}

fn without(pointer: &str) -> Value {
    let mut body = single();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
    parent.expect("a parent").remove(key).expect("a member");
    body
}

/// The documented requests are accepted, each at its host.
#[tokio::test]
async fn documented_requests_are_accepted() {
    let comet = Door::of(&comet().build());
    for name in [
        "req.cometapi.effects.hug.new",
        "req.cometapi.effects.hug.old",
    ] {
        assert_eq!(
            comet.create(COMET, &sample(name)).await.status,
            200,
            "{name}"
        );
    }
    let kling_now = Door::of(&kling().build());
    for name in [
        "req.kling.effects.dual.2026-09",
        "req.kling.effects.single.2026-09",
    ] {
        assert_eq!(
            kling_now.create(KLING, &sample(name)).await.status,
            200,
            "{name}"
        );
    }
    let then = kling_types::scene::Date::new(2025, 12, 12);
    let kling_then = Door::of(&kling().scenes_as_of(then).build());
    for name in [
        "req.kling.effects.dual.2025-12",
        "req.kling.effects.single.2025-12",
    ] {
        assert_eq!(
            kling_then.create(KLING, &sample(name)).await.status,
            200,
            "{name}"
        );
    }
}

#[tokio::test]
async fn pictures_and_scenes_must_match() {
    let one_of_two = changed("/effect_scene", json!("hug_pro"));
    check_refused_by_comet(one_of_two, "images can not be null").await;
    let mut two_of_one = dual();
    two_of_one["effect_scene"] = json!("color_mixing");
    check_refused_by_comet(two_of_one, "image can not be null").await;
    for count in [0, 1, 3] {
        let mut wrong = dual();
        wrong["input"]["images"] = vec!["https://example.com/a.jpg"; count].into();
        check_refused_by_comet(wrong, "images size must be 2").await;
    }
    let mut both = dual();
    both["input"]["image"] = json!("https://example.com/a.jpg");
    check_refused_by_comet(both, "image and images can not be set at the same time").await;
    check_refused_by_comet(without("/input/image"), "image can not be null").await;
}

#[tokio::test]
async fn missing_and_wrong_fields() {
    check_refused_by_comet(json!({}), "effect_scene can not be null").await;
    check_refused_by_comet(without("/input"), "input can not be null").await;
    check_refused_by_comet(
        changed("/effect_scene", json!(null)),
        "effect_scene can not be null",
    )
    .await;
    check_refused_by_comet(
        changed("/effect_scene", json!(5)),
        "effect_scene value '5' is invalid",
    )
    .await;
    check_refused_by_comet(
        changed("/effect_scene", json!("")),
        "effect_scene value '' is invalid",
    )
    .await;
    check_refused_by_comet(changed("/input", json!("x")), "input value 'x' is invalid").await;
    check_refused_by_comet(
        changed("/input/image", json!(7)),
        "image value '7' is invalid",
    )
    .await;
    check_refused_by_comet(changed("/input/image", json!("")), "image can not be null").await;
    check_refused_by_comet(
        changed("/input/duration", json!(5)),
        "duration value '5' is invalid",
    )
    .await;
    check_refused_by_comet(
        changed("/input/duration", json!("7")),
        "duration value '7' is invalid",
    )
    .await;
    check_refused_by_comet(
        changed("/callback_url", json!("x")),
        "callback_url value 'x' is invalid",
    )
    .await;
    check_refused_by_comet(
        changed("/external_task_id", json!(5)),
        "external_task_id value '5' is invalid",
    )
    .await;
    // Long values are not sent back whole.
    let long = changed("/input/mode", json!("x".repeat(5_000)));
    let message = format!("mode value '{}' is invalid", "x".repeat(100));
    check_refused_by_comet(long, &message).await;
}

#[tokio::test]
async fn duration_is_required_at_cometapi_only() {
    check_refused_by_comet(without("/input/duration"), "duration can not be null").await;
    let answer = Door::of(&kling().build())
        .create(KLING, &without("/input/duration"))
        .await;
    assert_eq!(answer.status, 200);
}

/// `hug` is retired at Kling, and still on CometAPI's page.
#[tokio::test]
async fn scenes_are_those_of_the_day() {
    let hug = sample("req.cometapi.effects.hug.new");
    let message = "effect_scene value 'hug' is invalid";
    check_refused(KLING, Profile::kling(), hug.clone(), message).await;
    let unknown = changed("/effect_scene", json!("no_such_effect"));
    let message = "effect_scene value 'no_such_effect' is invalid";
    check_refused_by_comet(unknown, message).await;
}

const TOO_SMALL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../fixtures/media/too-small-338x191.png"
);

/// Seen live: accepted and paid, and only then found too small.
#[tokio::test]
async fn a_too_small_image_fails_the_task() {
    use kling_http::{EffectRequest, ImageSource, Scene};
    let picture = ImageSource::file(TOO_SMALL).expect("the picture");
    let request = EffectRequest::single(Scene::COLOR_MIXING, picture).with_duration("5");
    let body: Value = serde_json::to_value(request).expect("JSON");

    let mock = comet().plan(Plan::polls(1, 1)).build();
    let door = Door::of(&mock);
    let created = door.create(COMET, &body).await;
    assert_eq!(created.status, 200);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let task = door.query(COMET, &created.task_id()).await.task();
        seen.push((task["task_status"].clone(), task["task_status_msg"].clone()));
    }
    let failed = (json!("failed"), json!("Image pixel is invalid"));
    let nothing = |status: &str| (json!(status), json!(null));
    assert_eq!(seen, [nothing("submitted"), nothing("processing"), failed]);
    assert_eq!(mock.charges().len(), 1);
}

/// As another endpoint says it (documented there).
#[tokio::test]
async fn an_unsupported_image_fails_the_task() {
    /// The head of a PNG of this size, in base64.
    fn png(width: u32, height: u32) -> String {
        let mut head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        head.extend(width.to_be_bytes());
        head.extend(height.to_be_bytes());
        head.extend(b"\x08\x02\0\0\0\0\0\0\0");
        BASE64_STANDARD.encode(head)
    }
    let fine = png(1000, 1000);
    let too_large = BASE64_STANDARD.encode(vec![0_u8; 11 << 20]);
    let no_picture = BASE64_STANDARD.encode("GIF89a, or something else that is no picture");
    for (picture, fails) in [
        (&fine, false),
        (&png(3000, 600), true),
        (&too_large, true),
        (&no_picture, true),
    ] {
        let mock = comet().plan(Plan::instant()).build();
        let door = Door::of(&mock);
        let body = changed("/input/image", json!(picture));
        let id = door.create(COMET, &body).await.task_id();
        let task = door.query(COMET, &id).await.task();
        let said = task["task_status_msg"].as_str().unwrap_or_default();
        assert_eq!(said.starts_with("Unsupported image. "), fails, "{task}");
        assert_eq!(task["task_status"] == "failed", fails, "{task}");
    }
}

#[tokio::test]
async fn an_optional_field_that_is_null_is_refused() {
    let null = changed("/callback_url", json!(null));
    check_refused_by_comet(null, "callback_url can not be null").await;
}

/// A mistyped optional field passes, and is seen in the journal: by its name, and
/// not all of very many or very long ones.
#[tokio::test]
async fn members_that_nobody_knows_are_noted() {
    let noted = async |body: &Value| {
        let mock = comet().build();
        let answer = Door::of(&mock).create(COMET, body).await;
        let note = mock.journal()[0].note().map(Cow::into_owned);
        (answer.status, note.unwrap_or_default())
    };
    for name in [
        "req.cometapi.effects.hug.new",
        "req.cometapi.effects.hug.old",
    ] {
        assert_eq!(noted(&sample(name)).await.1, "", "{name}");
    }
    let mut body = single();
    body["external_task_ID"] = "order-1".into();
    body["input"]["lenght"] = 5.into();
    body["input"]["a/b"] = 5.into();
    let unknown = "unknown members: /external_task_ID, /input/a~1b, /input/lenght";
    assert_eq!(noted(&body).await, (200, unknown.to_owned()));
    body["effect_scene"] = json!(null);
    assert_eq!(noted(&body).await, (400, unknown.to_owned()));

    let mut body = single();
    for number in 10..1_000 {
        body[format!("{number}{}", "x".repeat(1_000))] = 1.into();
    }
    let (status, note) = noted(&body).await;
    assert!(note.starts_with("unknown members: /100xxx"), "{note}");
    assert!(note.ends_with("… and 982 more"), "{note}");
    assert!(status == 200 && note.len() < 500, "{note}");
}

#[tokio::test]
async fn invalid_base64_is_refused_by_the_create() {
    let message = "File is not in a valid base64 format";
    for text in [
        "data:image/png;base64,iVBORw0KGgo=",
        "iVBORw0KGgo",
        "not base64!",
        "ftp://example.com/a.jpg",
    ] {
        check_refused_by_comet(changed("/input/image", json!(text)), message).await;
    }
}
