//! Services that differ in ways that the contract allows.

use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::faulty::{Answer, ChangeAnswer, Fault, each};

fn each_video(answer: &mut Answer, change: fn(&mut Value)) {
    for task in answer.tasks() {
        if let Some(video) = task.pointer_mut("/task_result/videos/0") {
            change(video);
        }
    }
}

pub(super) static VARIANTS: &[(&str, Fault)] = &[
    (
        "undocumented members",
        ChangeAnswer(|it| {
            if it.body.is_object() {
                it.body["trace"] = json!({"id": 1});
            }
            each(it, |task| task["score"] = json!([0.5, null]));
        }),
    ),
    (
        "an empty list of videos",
        ChangeAnswer(|it| {
            each(it, |task| {
                if task["task_result"].is_null() {
                    task["task_result"] = json!({});
                }
                if task["task_result"]["videos"].is_null() {
                    task["task_result"]["videos"] = json!([]);
                }
            });
        }),
    ),
    (
        "images null beside videos",
        ChangeAnswer(|it| {
            each(it, |task| {
                if task["task_result"].is_object() {
                    task["task_result"]["images"] = Value::Null;
                }
            });
        }),
    ),
    (
        "another success message",
        ChangeAnswer(|it| {
            if it.method == http::Method::GET && it.body["code"] == 0 {
                it.body["message"] = json!("成功");
            }
        }),
    ),
    (
        "older request ids",
        ChangeAnswer(|it| {
            if it.body["request_id"].is_string() {
                it.body["request_id"] = json!("CmYgjmbyMToAAAAAADUuvA");
            }
        }),
    ),
    (
        "task_status_msg null",
        ChangeAnswer(|it| {
            each(it, |task| {
                if task["task_status"] != "failed" {
                    task["task_status_msg"] = Value::Null;
                }
            });
        }),
    ),
    (
        "a duration, and an empty watermark_url",
        ChangeAnswer(|it| {
            each_video(it, |video| {
                video["duration"] = json!("5.1");
                video["watermark_url"] = json!("");
            });
        }),
    ),
    (
        "no watermark_url",
        ChangeAnswer(|it| {
            each_video(it, |video| {
                if let Some(members) = video.as_object_mut() {
                    members.remove("watermark_url");
                }
            });
        }),
    ),
    (
        "content types with parameters",
        ChangeAnswer(|it| {
            let kind = it.headers.get(CONTENT_TYPE).cloned();
            let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
            if let Some(kind) = kind
                && let Ok(more) = HeaderValue::try_from(format!("{kind};charset=UTF-8"))
            {
                it.headers.insert(CONTENT_TYPE, more);
            }
        }),
    ),
];
