//! Services that take what they should refuse, or refuse it in other words.

use bytes::Bytes;
use http::{Method, StatusCode};
use kling_conformance::Host::{Comet as C, Kling as K};
use serde_json::json;

use super::faulty::{Ask, Read, Row, Tell};

pub(super) static FAULTS: &[Row] = &[
    (
        "accepts three images",
        K,
        "refusal.three_images",
        Read(|body| {
            if let Some(images) = body["input"]["images"].as_array_mut() {
                images.truncate(2);
            }
        }),
    ),
    (
        "takes one image for two",
        K,
        "refusal.one_of_two",
        Read(|body| {
            if body["effect_scene"] == "hug_pro" && body["input"]["image"].is_string() {
                body["effect_scene"] = json!("color_mixing");
            }
        }),
    ),
    (
        "accepts any scene",
        K,
        "refusal.unknown_scene",
        Read(|body| {
            if body["effect_scene"] == "no_such_effect" {
                body["effect_scene"] = json!("hug_pro");
            }
        }),
    ),
    (
        "needs no scene",
        K,
        "refusal.no_scene",
        Read(|body| {
            if body["effect_scene"].is_null() {
                body["effect_scene"] = json!("hug_pro");
            }
        }),
    ),
    (
        "needs no input",
        K,
        "refusal.no_input",
        Read(|body| {
            if body["input"].is_null() {
                body["input"] = json!({"images": ["https://a.test/1.jpg", "https://a.test/2.jpg"]});
            }
        }),
    ),
    (
        "needs no image",
        K,
        "refusal.no_image",
        Read(|body| {
            if body["effect_scene"] == "color_mixing" && body["input"]["image"].is_null() {
                body["input"]["image"] = json!("https://a.test/1.jpg");
            }
        }),
    ),
    (
        "takes a number for a duration",
        C,
        "refusal.duration_number",
        Read(|body| {
            if body["input"]["duration"].is_number() {
                body["input"]["duration"] = json!("5");
            }
        }),
    ),
    (
        "needs no duration",
        C,
        "refusal.no_duration",
        Read(|body| {
            if body["input"]["duration"].is_null() {
                body["input"]["duration"] = json!("5");
            }
        }),
    ),
    (
        "needs a duration",
        K,
        "create.no_duration",
        Read(|body| {
            if body["input"]["duration"].is_null() {
                body["input"] = json!({});
            }
        }),
    ),
    (
        "makes five seconds only",
        C,
        "create.ten_seconds",
        Read(|body| {
            if body["input"]["duration"] == "10" {
                body["input"] = json!({});
            }
        }),
    ),
    (
        "knows no scene for one",
        C,
        "create.single",
        Read(|body| {
            if body["effect_scene"] == "color_mixing" {
                body["effect_scene"] = json!("none");
            }
        }),
    ),
    (
        "takes a data: prefix",
        K,
        "refusal.data_prefix",
        Read(|body| {
            if body["input"]["image"]
                .as_str()
                .is_some_and(|image| image.starts_with("data:"))
            {
                body["input"]["image"] = json!("https://a.test/1.jpg");
            }
        }),
    ),
    (
        "takes an external id twice",
        K,
        "refusal.duplicate",
        Read(|body| {
            if body["effect_scene"] == "color_mixing" {
                body.as_object_mut().unwrap().remove("external_task_id");
            }
        }),
    ),
    (
        "reads what is no JSON",
        K,
        "refusal.malformed",
        Ask(|request| {
            if request.body().ends_with(b":") {
                *request.body_mut() = Bytes::from_static(b"{}");
            }
        }),
    ),
    (
        "403 for a bad key",
        K,
        "refusal.no_key",
        Tell(|it| {
            if it.status == StatusCode::UNAUTHORIZED {
                it.status = StatusCode::FORBIDDEN;
            }
        }),
    ),
    (
        "403 for a bad key, at a gateway",
        C,
        "refusal.wrong_key",
        Tell(|it| {
            if it.status == StatusCode::UNAUTHORIZED {
                it.status = StatusCode::FORBIDDEN;
            }
        }),
    ),
    (
        "errors have code 0",
        K,
        "query.unknown",
        Tell(|it| {
            if it.is_error() {
                it.body["code"] = json!(0);
            }
        }),
    ),
    (
        "errors are HTTP 200",
        K,
        "refusal.three_images",
        Tell(|it| {
            if it.is_error() {
                it.status = StatusCode::OK;
            }
        }),
    ),
    (
        "errors have data",
        K,
        "refusal.kling_words",
        Tell(|it| {
            if it.is_error() {
                it.body["data"] = json!({});
            }
        }),
    ),
    (
        "a gateway's errors are of another type",
        C,
        "refusal.gateway_words",
        Tell(|it| {
            if it.body["error"].is_object() {
                it.body["error"]["type"] = json!("api_error");
            }
        }),
    ),
    (
        "every path is there",
        K,
        "refusal.wrong_path",
        Tell(|it| {
            if it.path.ends_with("-of-none") {
                it.status = StatusCode::OK;
            }
        }),
    ),
    (
        "405 for a method",
        K,
        "refusal.wrong_method",
        Tell(|it| {
            if it.method == Method::DELETE {
                it.status = StatusCode::METHOD_NOT_ALLOWED;
            }
        }),
    ),
    (
        "404 for an unknown task",
        K,
        "query.unknown",
        Tell(|it| {
            if it.method == Method::GET && it.is_error() && it.status == StatusCode::BAD_REQUEST {
                it.refuse(404, 1203);
            }
        }),
    ),
    (
        "a refused create leaves a task",
        K,
        "refusal.leaves_no_task",
        Ask(|request| {
            if request.method() == Method::POST {
                let bad =
                    String::from_utf8_lossy(request.body()).replace("no_such_effect", "hug_pro");
                *request.body_mut() = bad.into();
            }
        }),
    ),
];
