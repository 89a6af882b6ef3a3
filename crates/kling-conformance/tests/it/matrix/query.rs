//! Services that answer a query as they should not.

use http::Method;
use kling_conformance::Host::{Comet as C, Kling as K};
use serde_json::{Value, json};

use super::faulty::{ChangeAnswer, ChangeRequest, Row, each, uri};

pub(super) static FAULTS: &[Row] = &[
    (
        "leaves out task_status_msg",
        K,
        "query.members",
        ChangeAnswer(|it| {
            each(it, |task| {
                task.as_object_mut().unwrap().remove("task_status_msg");
            });
        }),
    ),
    (
        "tells of progress",
        K,
        "query.no_strangers",
        ChangeAnswer(|it| {
            each(it, |task| {
                task["progress"] = json!(50);
            });
        }),
    ),
    (
        "an empty reason while it runs",
        C,
        "query.running",
        ChangeAnswer(|it| {
            each(it, |task| {
                if task["task_status"] == "processing" {
                    task["task_status_msg"] = json!("");
                }
            });
        }),
    ),
    (
        "a video without an id",
        K,
        "query.video",
        ChangeAnswer(|it| {
            each(it, |task| {
                if task["task_result"]["videos"].is_array() {
                    task["task_result"]["videos"][0]["id"] = Value::Null;
                }
            });
        }),
    ),
    (
        "amounts are numbers",
        K,
        "query.deductions",
        ChangeAnswer(|it| {
            each(it, |task| {
                task["final_unit_deduction"] = json!(1.5);
            });
        }),
    ),
    (
        "watermark_info is a list",
        K,
        "query.watermark",
        ChangeAnswer(|it| {
            each(it, |task| {
                task["watermark_info"] = json!([]);
            });
        }),
    ),
    (
        "external ids are not looked up",
        K,
        "query.external_id",
        ChangeRequest(|request| {
            let last = request.uri().path().rsplit('/').next().unwrap().to_owned();
            if last.len() > 20 && request.method() == Method::GET && !last.ends_with("mp4") {
                uri(request, &last, "unknown");
            }
        }),
    ),
];
