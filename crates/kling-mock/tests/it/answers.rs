//! What it answers, held to the service's own words.

use kling_mock::{Mock, MockBuilder, Plan, Profile};
use serde_json::{Value, json};

use crate::clock::{ManualClock, START};
use crate::door::{Answer, Door};
use crate::{dual, sample, single};

const COMET: &str = "/kling";
const KLING: &str = "";

fn comet() -> MockBuilder {
    Mock::builder().clock(ManualClock::new())
}

fn kling() -> MockBuilder {
    comet().profile(Profile::kling())
}

/// What kinds of values stand where.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), shape(value)))
            .collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        other => other.clone(),
    }
}

/// The same code and words as in the sample, with a request id of its own.
#[track_caller]
fn check_kling_error(answer: &Answer, status: u16, name: &str) {
    let (said, documented) = (answer.json(), sample(name));
    assert_eq!(answer.status, status, "{said}");
    for key in ["code", "message"] {
        assert_eq!(said[key], documented[key], "{name}");
    }
    let id = said["request_id"].as_str().expect("a request id");
    assert_eq!(
        (id.len(), id.as_bytes()[14]),
        (36, b'4'),
        "a UUID of version 4: {id}"
    );
    assert_eq!(
        said.as_object().map(serde_json::Map::len),
        Some(3),
        "{said}"
    );
    assert_eq!(answer.header("content-type"), "application/json");
}

/// In the gateway's envelope, with the time in UTC+8 in the request id.
#[track_caller]
fn check_gateway_error(answer: &Answer, status: u16, message: &str) {
    let said = answer.json();
    assert_eq!(answer.status, status, "{said}");
    assert_eq!(shape(&said), shape(&sample("err.cometapi.envelope.doc")));
    assert_eq!(said["error"]["type"], "comet_api_error");
    let text = said["error"]["message"].as_str().expect("a message");
    let (before, id) = text.split_once(" (request id: ").expect("a request id");
    assert_eq!(before, message);
    assert!(id.starts_with("20260920080000"), "{id}");
    // As long as the one in a documented body.
    assert_eq!(id.len(), "20260205132859798638387SIHCnxzJ)".len(), "{id}");
}

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

/// The single picture's request with something else in its place.
fn changed(pointer: &str, value: Value) -> Value {
    let mut body = single();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    body.pointer_mut(parent).expect("a parent")[key] = value;
    body
}

fn without(pointer: &str) -> Value {
    let mut body = single();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
    parent.expect("a parent").remove(key).expect("a member");
    body
}

#[tokio::test]
async fn a_life_at_cometapi() {
    let mock = comet().plan(Plan::polls(1, 1)).build();
    let door = Door::of(&mock);
    let created = door
        .create(COMET, &sample("req.cometapi.effects.hug.new"))
        .await;
    assert_eq!(created.status, 200);
    assert_eq!(created.header("content-type"), "application/json");
    let body = created.json();
    assert_eq!(shape(&body), shape(&sample("resp.cometapi.effects.create")));
    assert_eq!(body["message"], "success");
    assert_eq!(body["data"]["task_status"], "submitted");
    assert_eq!(body["data"]["created_at"], START);
    assert_eq!(body["data"]["updated_at"], START);

    let id = created.task_id();
    let running = shape(&sample("resp.cometapi.query.processing"));
    for status in ["submitted", "processing"] {
        let body = door.query(COMET, &id).await.json();
        assert_eq!(shape(&body), running);
        assert_eq!(
            (&body["message"], &body["data"]["task_status"]),
            (&json!("SUCCEED"), &json!(status))
        );
    }
    let task = door.query(COMET, &id).await.task();
    assert_eq!(task["task_status"], "succeed");
    let video = &task["task_result"]["videos"][0];
    assert_eq!(video["duration"], "5");
    let url = video["url"].as_str().expect("an address");
    assert!(
        url.starts_with(&format!(
            "http://mock.test/assets/default/{id}-0.mp4?Expires="
        )),
        "{url}"
    );
    assert_eq!(mock.charges().len(), 1);
}

#[tokio::test]
async fn a_life_at_kling() {
    let mock = kling().plan(Plan::polls(0, 1)).build();
    let door = Door::of(&mock);
    let mut request = sample("req.kling.effects.dual.2026-09");
    request["external_task_id"] = json!("my-task-1");
    let created = door.create(KLING, &request).await;
    let body = created.json();
    assert_eq!(
        shape(&body),
        shape(&sample("resp.kling.effects.create.docshape"))
    );
    assert_eq!(body["message"], "SUCCEED");
    assert_eq!(
        body["data"]["task_info"],
        json!({"external_task_id": "my-task-1"})
    );

    let id = created.task_id();
    assert_eq!(
        door.query(KLING, &id).await.task()["task_status"],
        "processing"
    );
    let done = door.query(KLING, &id).await.json();
    let documented = shape(&sample("resp.kling.effects.query.succeed.docshape"));
    // No watermark was asked for: what the sample has of it is empty.
    assert_eq!(shape(&done), documented);
    assert_eq!(done["data"]["final_unit_deduction"], "1");
    assert_eq!(done["data"]["task_status_msg"], "");
    assert_eq!(
        done["data"]["task_info"],
        json!({"external_task_id": "my-task-1"})
    );
}

#[tokio::test]
async fn a_failed_task() {
    let mock = kling()
        .plan(Plan::instant().failing("Image pixel is invalid"))
        .build();
    let door = Door::of(&mock);
    let id = door.create(KLING, &single()).await.task_id();
    let failed = door.query(KLING, &id).await;
    assert_eq!(failed.status, 200);
    let (body, documented) = (
        failed.json(),
        sample("resp.kling.effects.query.failed.docshape"),
    );
    assert_eq!(shape(&body), shape(&documented));
    assert_eq!(
        body["data"]["task_status_msg"],
        documented["data"]["task_status_msg"]
    );
    assert_eq!(body["data"]["task_result"], json!({}));
}

/// The same moment asked twice gives the same task.
#[tokio::test]
async fn asking_changes_nothing_by_itself() {
    let clock = ManualClock::new();
    let seconds = std::time::Duration::from_secs;
    let mock = Mock::builder()
        .clock(clock.clone())
        .plan(Plan::after(seconds(10), seconds(300)))
        .build();
    let door = Door::of(&mock);
    let id = door.create(COMET, &single()).await.task_id();
    for millis in [0, 9_999, 1, 299_999, 1, 1_000_000] {
        clock.advance(millis);
        let first = door.query(COMET, &id).await.task();
        for _ in 0..5 {
            assert_eq!(door.query(COMET, &id).await.task(), first);
        }
    }
    let task = door.query(COMET, &id).await.task();
    assert_eq!(
        (&task["created_at"], &task["updated_at"]),
        (&json!(START), &json!(START + 310_000))
    );
}

#[tokio::test]
async fn live_refusals_of_kling() {
    let mock = kling().build();
    let door = Door::of(&mock);
    let answer = door.query(KLING, "mf-auth-probe-nonexistent").await;
    check_kling_error(&answer, 400, "err.kling.task-not-found.live");

    let create = async |body: Value| door.create(KLING, &body).await;
    let twin = changed("/external_task_id", json!("v6-1789956049929"));
    assert_eq!(create(twin.clone()).await.status, 200);
    check_kling_error(
        &create(twin).await,
        400,
        "err.kling.duplicate-external-id.live",
    );
    assert_eq!(mock.charges().len(), 1);

    let prefixed = changed("/input/image", json!("data:image/png;base64,iVBORw0KGgo="));
    check_kling_error(&create(prefixed).await, 400, "err.kling.base64.live");
    let mut two_of_one = dual();
    two_of_one["effect_scene"] = json!("color_mixing");
    check_kling_error(&create(two_of_one).await, 400, "err.kling.image-null.live");
    let mode = changed("/input/mode", json!("standard"));
    check_kling_error(&create(mode).await, 400, "err.kling.mode-invalid.live");
    let model = changed("/input/model_name", json!("kling-v3-0"));
    check_kling_error(&create(model).await, 400, "err.kling.model-invalid.live");
    let scene = changed("/effect_scene", json!("no_such_effect"));
    check_kling_error(
        &create(scene).await,
        400,
        "err.kling.effect-scene-invalid.inferred",
    );

    let garbage = [("authorization", "Bearer garbage")];
    let answer = door
        .ask("POST", "/v1/videos/effects", &garbage, b"{}")
        .await;
    check_kling_error(&answer, 401, "err.kling.auth-malformed-legacy.live");
    assert_eq!(mock.charges().len(), 1);
}

#[tokio::test]
async fn documented_refusals_of_kling() {
    let mock = kling().build();
    let door = Door::of(&mock);
    let check = |answer: &Answer, status, code: i64| {
        assert_eq!(
            (answer.status, answer.json()["code"].as_i64()),
            (status, Some(code))
        );
    };
    check(
        &door.ask("POST", "/v1/videos/effects", &[], b"{}").await,
        401,
        1001,
    );
    check(
        &door.call("POST", "/v1/videos/effects", b"{").await,
        400,
        1200,
    );
    check(
        &door.call("POST", "/v1/videos/effects", b"[]").await,
        400,
        1200,
    );
    check(
        &door.call("DELETE", "/v1/videos/effects/1", b"").await,
        404,
        1202,
    );
    check(
        &door.call("GET", "/v1/videos/nothing", b"").await,
        404,
        1203,
    );
    check(
        &door.call("GET", "/v1/videos/effects/1/2", b"").await,
        404,
        1203,
    );
}

#[tokio::test]
async fn what_the_gateway_refuses_itself() {
    let mock = comet().build();
    let door = Door::of(&mock);
    let effects = "/kling/v1/videos/effects";
    let missing = "no API key was given: send it as Authorization: Bearer";
    check_gateway_error(&door.ask("POST", effects, &[], b"{}").await, 401, missing);
    let wrong = [("authorization", "Bearer sk-wrong")];
    check_gateway_error(
        &door.ask("POST", effects, &wrong, b"{}").await,
        401,
        "invalid API key",
    );
    // The key is looked at first.
    check_gateway_error(
        &door.ask("GET", "/kling/nowhere", &wrong, b"").await,
        401,
        "invalid API key",
    );
    let malformed = door.call("POST", effects, b"{").await;
    check_gateway_error(&malformed, 400, "the body is not a JSON object");
    for path in [
        "/",
        "/v1/videos/effects",
        "/kling/v1/videos",
        "/kling/v1/videos/effects/",
    ] {
        let answer = door.call("POST", path, b"{}").await;
        // Documented: not as JSON.
        let found = (answer.status, answer.header("content-type"));
        assert_eq!(found, (404, "text/html"), "{path}");
    }
    // What Kling refuses comes in Kling's words.
    let unknown = door.query(COMET, "1").await;
    assert_eq!(
        unknown.json()["message"],
        "Task not found by id/external id: 1"
    );
    let method = door.call("DELETE", "/kling/v1/videos/effects/1", b"").await;
    assert_eq!(
        (method.status, method.json()["code"].as_i64()),
        (404, Some(1202))
    );
    assert_eq!(mock.charges(), []);
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
async fn a_picture_that_is_too_small_fails_the_task() {
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

#[tokio::test]
async fn a_picture_that_is_no_base64_is_refused_at_once() {
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

#[tokio::test]
async fn external_ids_find_tasks_at_kling_only() {
    let request = changed("/external_task_id", json!("my order/1"));
    let kling = Door::of(&kling().build());
    let id = kling.create(KLING, &request).await.task_id();
    let found = kling.query(KLING, "my%20order%2F1").await;
    assert_eq!(found.task_id(), id);

    let comet = Door::of(&comet().build());
    comet.create(COMET, &request).await;
    let answer = comet.query(COMET, "my%20order%2F1").await;
    let said = answer.json();
    assert_eq!((answer.status, said["code"].as_i64()), (400, Some(1201)));
    assert_eq!(
        said["message"],
        "Task not found by id/external id: my order/1"
    );
}

#[tokio::test]
async fn charges_tell_what_was_paid() {
    let mock = kling().build();
    let door = Door::of(&mock);
    let request = changed("/external_task_id", json!("order-1"));
    let id = door.create(KLING, &request).await.task_id();
    door.create(KLING, &request).await;
    door.create(KLING, &json!({})).await;
    door.query(KLING, &id).await;
    let charges = mock.charges();
    let [charge] = &charges[..] else {
        panic!("{charges:?}")
    };
    assert_eq!(charge.task_id.as_str(), id);
    assert_eq!(
        charge
            .external_task_id
            .as_ref()
            .map(kling_http::ExternalTaskId::as_str),
        Some("order-1")
    );
    assert_eq!(charge.scene, "color_mixing");
    assert_eq!(charge.at, kling_types::UnixMillis::new(START.cast_signed()));
}

/// Keys are the seed's, so that a stray request to another test's service shows.
#[tokio::test]
async fn seeds_decide_over_keys_and_answers() {
    let build = |seed| comet().seed(seed).build();
    assert_eq!(build(1).api_key(), build(1).api_key());
    assert_ne!(build(1).api_key(), build(2).api_key());
    assert!(build(1).api_key().starts_with("sk-mock-"));
    let stray = Door::of(&build(1));
    let answer = stray
        .ask(
            "GET",
            "/kling/v1/videos/effects/1",
            &[("authorization", &format!("Bearer {}", build(2).api_key()))],
            b"",
        )
        .await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn the_scheme_is_bearer_in_any_case() {
    let mock = comet().build();
    let door = Door::of(&mock);
    let status = async |authorization: String| {
        door.ask(
            "GET",
            "/kling/v1/videos/effects/1",
            &[("authorization", &authorization)],
            b"",
        )
        .await
        .status
    };
    assert_eq!(status(format!("bearer  {} ", mock.api_key())).await, 400);
    assert_eq!(status(format!("Basic {}", mock.api_key())).await, 401);
    assert_eq!(status(mock.api_key().to_owned()).await, 401);
}
