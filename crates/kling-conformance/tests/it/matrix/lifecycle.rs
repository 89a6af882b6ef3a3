//! Services whose tasks go another way.

use http::Method;
use kling_conformance::Host::Kling as K;
use serde_json::json;

use super::faulty::{Row, Tell, each, shift};

pub(super) static FAULTS: &[Row] = &[
    (
        "task_status is misspelt",
        K,
        "lifecycle.words",
        Tell(|it| {
            each(it, |task| {
                if task["task_status"] == "succeed" {
                    task["task_status"] = json!("succeeded");
                }
            });
        }),
    ),
    (
        "the status goes back",
        K,
        "lifecycle.forward",
        Tell(|it| {
            let word = if it.n % 2 == 1 {
                "processing"
            } else {
                "submitted"
            };
            let status = &it.body["data"]["task_status"];
            let runs = status == "submitted" || status == "processing";
            if it.is(&Method::GET) && runs {
                it.body["data"]["task_status"] = json!(word);
            }
        }),
    ),
    (
        "an end moves on",
        K,
        "lifecycle.ends",
        Tell(|it| {
            let n = it.n;
            if it.is(&Method::GET) && it.body["data"]["task_status"] == "succeed" {
                shift(&mut it.body["data"], "updated_at", n);
            }
        }),
    ),
    (
        "updated_at stands still",
        K,
        "lifecycle.updated_at",
        Tell(|it| {
            each(it, |task| {
                task["updated_at"] = task["created_at"].clone();
            });
        }),
    ),
    (
        "updated_at is now",
        K,
        "lifecycle.updated_at",
        Tell(|it| {
            let n = it.n;
            if it.is(&Method::GET) {
                shift(&mut it.body["data"], "updated_at", n);
            }
        }),
    ),
    (
        "created_at moves",
        K,
        "lifecycle.same_task",
        Tell(|it| {
            let n = it.n;
            if it.is(&Method::GET) {
                shift(&mut it.body["data"], "created_at", n);
            }
        }),
    ),
    (
        "a result before success",
        K,
        "lifecycle.result",
        Tell(|it| {
            each(it, |task| {
                if task["task_status"] == "processing" {
                    task["task_result"] = json!({"videos": [{"id": "1"}]});
                }
            });
        }),
    ),
    (
        "a failure without a reason",
        K,
        "lifecycle.pixels",
        Tell(|it| {
            each(it, |task| {
                if task["task_status"] == "failed" {
                    task.as_object_mut().unwrap().remove("task_status_msg");
                }
            });
        }),
    ),
];
