//! Services that accept invalid requests, or refuse them with other errors.

use bytes::Bytes;
use http::{Method, StatusCode};
use kling_conformance::Host::{Comet as C, Kling as K};
use serde_json::json;

use super::faulty::{ChangeAnswer, ChangeBody, ChangeRequest, Row};

pub(super) static FAULTS: &[Row] = &[
    (
        "accepts three images",
        K,
        "refusal.three_images",
        ChangeBody(|body| {
            if let Some(images) = body["input"]["images"].as_array_mut() {
                images.truncate(2);
            }
        }),
    ),
    (
        "accepts one image for two",
        K,
        "refusal.one_of_two",
        ChangeBody(|body| {
            if body["effect_scene"] == "hug_pro" && body["input"]["image"].is_string() {
                body["effect_scene"] = json!("color_mixing");
            }
        }),
    ),
    (
        "accepts any scene",
        K,
        "refusal.unknown_scene",
        ChangeBody(|body| {
            if body["effect_scene"] == "no_such_effect" {
                body["effect_scene"] = json!("hug_pro");
            }
        }),
    ),
    (
        "accepts no scene",
        K,
        "refusal.no_scene",
        ChangeBody(|body| {
            if body["effect_scene"].is_null() {
                body["effect_scene"] = json!("hug_pro");
            }
        }),
    ),
    (
        "accepts no input",
        K,
        "refusal.no_input",
        ChangeBody(|body| {
            if body["input"].is_null() {
                body["input"] = json!({"images": ["https://a.test/1.jpg", "https://a.test/2.jpg"]});
            }
        }),
    ),
    (
        "accepts no image",
        K,
        "refusal.no_image",
        ChangeBody(|body| {
            if body["effect_scene"] == "color_mixing" && body["input"]["image"].is_null() {
                body["input"]["image"] = json!("https://a.test/1.jpg");
            }
        }),
    ),
    (
        "accepts a numeric duration",
        C,
        "refusal.duration_number",
        ChangeBody(|body| {
            if body["input"]["duration"].is_number() {
                body["input"]["duration"] = json!("5");
            }
        }),
    ),
    (
        "accepts no duration",
        C,
        "refusal.no_duration",
        ChangeBody(|body| {
            if body["input"]["duration"].is_null() {
                body["input"]["duration"] = json!("5");
            }
        }),
    ),
    (
        "requires a duration",
        K,
        "create.no_duration",
        ChangeBody(|body| {
            if body["input"]["duration"].is_null() {
                body["input"] = json!({});
            }
        }),
    ),
    (
        "refuses ten seconds",
        C,
        "create.ten_seconds",
        ChangeBody(|body| {
            if body["input"]["duration"] == "10" {
                body["input"] = json!({});
            }
        }),
    ),
    (
        "refuses single-image scenes",
        C,
        "create.single",
        ChangeBody(|body| {
            if body["effect_scene"] == "color_mixing" {
                body["effect_scene"] = json!("none");
            }
        }),
    ),
    (
        "accepts a data: prefix",
        K,
        "refusal.data_prefix",
        ChangeBody(|body| {
            if body["input"]["image"]
                .as_str()
                .is_some_and(|image| image.starts_with("data:"))
            {
                body["input"]["image"] = json!("https://a.test/1.jpg");
            }
        }),
    ),
    (
        "accepts a duplicate external id",
        K,
        "refusal.duplicate",
        ChangeBody(|body| {
            if body["effect_scene"] == "color_mixing" {
                body.as_object_mut().unwrap().remove("external_task_id");
            }
        }),
    ),
    (
        "accepts malformed JSON",
        K,
        "refusal.malformed",
        ChangeRequest(|request| {
            if request.body().ends_with(b":") {
                *request.body_mut() = Bytes::from_static(b"{}");
            }
        }),
    ),
    (
        "403 for a bad key",
        K,
        "refusal.no_key",
        ChangeAnswer(|it| {
            if it.status == StatusCode::UNAUTHORIZED {
                it.status = StatusCode::FORBIDDEN;
            }
        }),
    ),
    (
        "403 for a bad key, by the gateway",
        C,
        "refusal.wrong_key",
        ChangeAnswer(|it| {
            if it.status == StatusCode::UNAUTHORIZED {
                it.status = StatusCode::FORBIDDEN;
            }
        }),
    ),
    (
        "errors have code 0",
        K,
        "query.unknown",
        ChangeAnswer(|it| {
            if it.is_error() {
                it.body["code"] = json!(0);
            }
        }),
    ),
    (
        "errors are HTTP 200",
        K,
        "refusal.three_images",
        ChangeAnswer(|it| {
            if it.is_error() {
                it.status = StatusCode::OK;
            }
        }),
    ),
    (
        "errors have data",
        K,
        "refusal.kling_words",
        ChangeAnswer(|it| {
            if it.is_error() {
                it.body["data"] = json!({});
            }
        }),
    ),
    (
        "another type for the gateway's errors",
        C,
        "refusal.gateway_words",
        ChangeAnswer(|it| {
            if it.body["error"].is_object() {
                it.body["error"]["type"] = json!("api_error");
            }
        }),
    ),
    (
        "HTTP 200 for an unknown path",
        K,
        "refusal.wrong_path",
        ChangeAnswer(|it| {
            if it.path.ends_with("-of-none") {
                it.status = StatusCode::OK;
            }
        }),
    ),
    (
        "405 for an unsupported method",
        K,
        "refusal.wrong_method",
        ChangeAnswer(|it| {
            if it.method == Method::DELETE {
                it.status = StatusCode::METHOD_NOT_ALLOWED;
            }
        }),
    ),
    (
        "404 for an unknown task",
        K,
        "query.unknown",
        ChangeAnswer(|it| {
            if it.method == Method::GET && it.is_error() && it.status == StatusCode::BAD_REQUEST {
                it.refuse(404, 1203);
            }
        }),
    ),
    (
        "a refused create leaves a task",
        K,
        "refusal.leaves_no_task",
        ChangeRequest(|request| {
            if request.method() == Method::POST {
                let bad =
                    String::from_utf8_lossy(request.body()).replace("no_such_effect", "hug_pro");
                *request.body_mut() = bad.into();
            }
        }),
    ),
];
