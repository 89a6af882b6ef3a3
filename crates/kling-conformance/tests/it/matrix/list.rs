//! Services that list tasks as Kling does not.

use kling_conformance::Host::Kling as K;
use serde_json::{Value, json};

use super::faulty::{ChangeAnswer, ChangeRequest, Row, each, uri};

pub(super) static FAULTS: &[Row] = &[
    (
        "a list in an object",
        K,
        "list.shape",
        ChangeAnswer(|it| {
            if it.body["data"].is_array() {
                it.body["data"] = json!({"items": it.body["data"]});
            }
        }),
    ),
    (
        "a list is behind the queries",
        K,
        "list.same_task",
        ChangeAnswer(|it| {
            if it.body["data"].is_array() {
                each(it, |task| task["task_status"] = json!("submitted"));
            }
        }),
    ),
    (
        "a list forgets external ids",
        K,
        "list.same_task",
        ChangeAnswer(|it| {
            if it.body["data"].is_array() {
                each(it, |task| task["task_info"] = json!({}));
            }
        }),
    ),
    (
        "a list with the oldest first",
        K,
        "list.newest_first",
        ChangeAnswer(|it| {
            if let Some(items) = it.body.get_mut("data").and_then(Value::as_array_mut) {
                items.reverse();
            }
        }),
    ),
    (
        "a page is repeated",
        K,
        "list.pages",
        ChangeRequest(|request| uri(request, "pageNum=2", "pageNum=1")),
    ),
    (
        "a page has more tasks than it may",
        K,
        "list.pages",
        ChangeRequest(|request| {
            for few in ["pageSize=2", "pageSize=4"] {
                uri(request, few, "pageSize=40");
            }
        }),
    ),
    (
        "pages have no bounds",
        K,
        "list.bounds",
        ChangeRequest(|request| {
            uri(request, "pageSize=501", "pageSize=500");
        }),
    ),
    (
        "a page has 20 by default",
        K,
        "list.default_page",
        ChangeRequest(|request| {
            if request.uri().path().ends_with("/effects") && request.uri().query().is_none() {
                uri(request, "/effects", "/effects?pageSize=20");
            }
        }),
    ),
    (
        "a list tells of watermarks",
        K,
        "list.no_watermark",
        ChangeAnswer(|it| {
            if it.body["data"].is_array() {
                each(it, |task| {
                    task["watermark_info"] = json!({"enabled": false});
                });
            }
        }),
    ),
];
