//! Services with defects in the answer to a create.

use http::{Method, StatusCode};
use kling_conformance::Host::{Comet as C, Kling as K};
use serde_json::{Value, json};

use super::faulty::{ChangeAnswer, Row, each};

pub(super) static FAULTS: &[Row] = &[
    (
        "HTTP 201 for a create",
        K,
        "create.accepted",
        ChangeAnswer(|it| {
            if it.is(&Method::POST) {
                it.status = StatusCode::CREATED;
            }
        }),
    ),
    (
        "a new task is processing",
        K,
        "create.submitted",
        ChangeAnswer(|it| {
            if it.is(&Method::POST) {
                it.body["data"]["task_status"] = json!("processing");
            }
        }),
    ),
    (
        "times in seconds",
        K,
        "create.times",
        ChangeAnswer(|it| {
            each(it, |task| {
                for member in ["created_at", "updated_at"] {
                    if let Some(at) = task[member].as_i64() {
                        task[member] = json!(at / 1000);
                    }
                }
            });
        }),
    ),
    (
        "task ids as numbers",
        K,
        "create.id_is_text",
        ChangeAnswer(|it| {
            each(it, |task| {
                if let Some(id) = task["task_id"].as_str() {
                    task["task_id"] = json!(id.parse::<i64>().unwrap());
                }
            });
        }),
    ),
    (
        "the message ok",
        K,
        "query.envelope",
        ChangeAnswer(|it| {
            if it.body["code"] == 0 {
                it.body["message"] = json!("ok");
            }
        }),
    ),
    (
        "the message OK for a create",
        C,
        "create.message",
        ChangeAnswer(|it| {
            if it.is(&Method::POST) {
                it.body["message"] = json!("OK");
            }
        }),
    ),
    (
        "a new task has a null result",
        C,
        "create.members",
        ChangeAnswer(|it| {
            if it.is(&Method::POST) {
                it.body["data"]["task_result"] = Value::Null;
            }
        }),
    ),
    (
        "a new task cannot be queried",
        C,
        "create.readable",
        ChangeAnswer(|it| {
            if it.is(&Method::GET) && it.body["data"]["task_status"] == "submitted" {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "no external id in task_info",
        K,
        "create.external_id",
        ChangeAnswer(|it| {
            each(it, |task| {
                task["task_info"] = json!({});
            });
        }),
    ),
];
