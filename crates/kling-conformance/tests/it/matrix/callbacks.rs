//! Services that call back as they should not.

use kling_conformance::Host::Kling as K;
use serde_json::{Value, json};

use super::faulty::{ChangeCallback, Row, in_body};

pub(super) static FAULTS: &[Row] = &[
    (
        "only the terminal status is posted",
        K,
        "callback.each_change",
        ChangeCallback(|_, body| !String::from_utf8_lossy(body).contains("\"processing\"")),
    ),
    (
        "callbacks have an envelope",
        K,
        "callback.shape",
        ChangeCallback(|_, body| {
            in_body(body, |task| {
                *task = json!({"code": 0, "data": task.clone()});
            });
            true
        }),
    ),
    (
        "callbacks with times in seconds",
        K,
        "callback.same_task",
        ChangeCallback(|_, body| {
            in_body(body, |task| {
                task["created_at"] = json!(task["created_at"].as_i64().unwrap() / 1000);
            });
            true
        }),
    ),
    (
        "the body changes after it was signed",
        K,
        "callback.signature",
        ChangeCallback(|_, body| {
            let json: Value = serde_json::from_slice(body).unwrap();
            *body = serde_json::to_string_pretty(&json).unwrap().into();
            true
        }),
    ),
    (
        "webhook-timestamp in milliseconds",
        K,
        "callback.signature",
        ChangeCallback(|headers, _| {
            let time = headers["webhook-timestamp"].to_str().unwrap().to_owned() + "000";
            headers.insert("webhook-timestamp", time.parse().unwrap());
            true
        }),
    ),
];
