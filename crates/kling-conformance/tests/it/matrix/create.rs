//! Services that answer a create as they should not.

use http::{Method, StatusCode};
use kling_conformance::Host::{Comet as C, Kling as K};
use serde_json::{Value, json};

use super::faulty::{Row, Tell, each};

pub(super) static FAULTS: &[Row] = &[
    (
        "a create is 201",
        K,
        "create.accepted",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.status = StatusCode::CREATED;
            }
        }),
    ),
    (
        "a new task runs at once",
        K,
        "create.submitted",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.body["data"]["task_status"] = json!("processing");
            }
        }),
    ),
    (
        "seconds for milliseconds",
        K,
        "create.times",
        Tell(|it| {
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
        "ids are numbers",
        K,
        "create.id_is_text",
        Tell(|it| {
            each(it, |task| {
                if let Some(id) = task["task_id"].as_str() {
                    task["task_id"] = json!(id.parse::<i64>().unwrap());
                }
            });
        }),
    ),
    (
        "says ok",
        K,
        "query.envelope",
        Tell(|it| {
            if it.body["code"] == 0 {
                it.body["message"] = json!("ok");
            }
        }),
    ),
    (
        "says OK at a create",
        C,
        "create.message",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.body["message"] = json!("OK");
            }
        }),
    ),
    (
        "a new task has a null result",
        C,
        "create.members",
        Tell(|it| {
            if it.is(&Method::POST) {
                it.body["data"]["task_result"] = Value::Null;
            }
        }),
    ),
    (
        "a task can't be read at once",
        C,
        "create.readable",
        Tell(|it| {
            if it.is(&Method::GET) && it.body["data"]["task_status"] == "submitted" {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "keeps external ids to itself",
        K,
        "create.external_id",
        Tell(|it| {
            each(it, |task| {
                task["task_info"] = json!({});
            });
        }),
    ),
];
