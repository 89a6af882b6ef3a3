//! Services whose tasks go another way.

use http::Method;
use kling_conformance::Host::Kling as K;
use serde_json::json;

use super::faulty::{ChangeAnswer, Row, each, shift};

pub(super) static FAULTS: &[Row] = &[
    (
        "misspelt task_status",
        K,
        "lifecycle.words",
        ChangeAnswer(|it| {
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
        ChangeAnswer(|it| {
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
        "updated_at changes after the end",
        K,
        "lifecycle.ends",
        ChangeAnswer(|it| {
            let n = it.n;
            if it.is(&Method::GET) && it.body["data"]["task_status"] == "succeed" {
                shift(&mut it.body["data"], "updated_at", n);
            }
        }),
    ),
    (
        "updated_at never changes",
        K,
        "lifecycle.updated_at",
        ChangeAnswer(|it| {
            each(it, |task| {
                task["updated_at"] = task["created_at"].clone();
            });
        }),
    ),
    (
        "updated_at changes with each query",
        K,
        "lifecycle.updated_at",
        ChangeAnswer(|it| {
            let n = it.n;
            if it.is(&Method::GET) {
                shift(&mut it.body["data"], "updated_at", n);
            }
        }),
    ),
    (
        "created_at changes",
        K,
        "lifecycle.same_task",
        ChangeAnswer(|it| {
            let n = it.n;
            if it.is(&Method::GET) {
                shift(&mut it.body["data"], "created_at", n);
            }
        }),
    ),
    (
        "a result while processing",
        K,
        "lifecycle.result",
        ChangeAnswer(|it| {
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
        ChangeAnswer(|it| {
            each(it, |task| {
                if task["task_status"] == "failed" {
                    task.as_object_mut().unwrap().remove("task_status_msg");
                }
            });
        }),
    ),
];
