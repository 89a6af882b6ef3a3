//! Whom and what it refuses, in the words and the envelope of who refuses it.

use serde_json::{Value, json};

use crate::answers::{COMET, KLING, changed, comet, kling, shape};
use crate::door::{Answer, Door};
use crate::{dual, sample};

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
async fn gateway_errors() {
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
