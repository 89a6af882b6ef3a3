//! Services that call back as they should not.

use kling_conformance::Host::Kling as K;
use serde_json::{Value, json};

use super::faulty::{Post, Row, in_body};

pub(super) static FAULTS: &[Row] = &[
    (
        "only the end is called back",
        K,
        "callback.each_change",
        Post(|_, body| !String::from_utf8_lossy(body).contains("\"processing\"")),
    ),
    (
        "callbacks have an envelope",
        K,
        "callback.shape",
        Post(|_, body| {
            in_body(body, |task| {
                *task = json!({"code": 0, "data": task.clone()});
            });
            true
        }),
    ),
    (
        "callbacks tell seconds",
        K,
        "callback.same_task",
        Post(|_, body| {
            in_body(body, |task| {
                task["created_at"] = json!(task["created_at"].as_i64().unwrap() / 1000);
            });
            true
        }),
    ),
    (
        "signed before the body was written again",
        K,
        "callback.signature",
        Post(|_, body| {
            let json: Value = serde_json::from_slice(body).unwrap();
            *body = serde_json::to_string_pretty(&json).unwrap().into();
            true
        }),
    ),
    (
        "callbacks are signed in milliseconds",
        K,
        "callback.signature",
        Post(|headers, _| {
            let time = headers["webhook-timestamp"].to_str().unwrap().to_owned() + "000";
            headers.insert("webhook-timestamp", time.parse().unwrap());
            true
        }),
    ),
];
