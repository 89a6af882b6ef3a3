//! Services whose files are served as they should not be.

use http::{Method, StatusCode, header};
use kling_conformance::Host::Kling as K;
use serde_json::json;

use super::faulty::{ChangeAnswer, ChangeRequest, Row, each};

pub(super) static FAULTS: &[Row] = &[
    (
        "a result is application/octet-stream",
        K,
        "asset.whole",
        ChangeAnswer(|it| {
            if it.path.ends_with("mp4") {
                let plain = header::HeaderValue::from_static("application/octet-stream");
                it.headers.insert(header::CONTENT_TYPE, plain);
            }
        }),
    ),
    (
        "a truncated file",
        K,
        "asset.whole",
        ChangeAnswer(|it| {
            if it.path.ends_with("mp4") {
                it.cut = 100;
            }
        }),
    ),
    (
        "no Content-Length for HEAD",
        K,
        "asset.head",
        ChangeAnswer(|it| {
            if it.method == Method::HEAD {
                it.headers.remove(header::CONTENT_LENGTH);
            }
        }),
    ),
    (
        "ranges are ignored",
        K,
        "asset.range",
        ChangeRequest(|request| {
            request.headers_mut().remove(header::RANGE);
        }),
    ),
    (
        "the ETag changes",
        K,
        "asset.etag",
        ChangeAnswer(|it| {
            if it.path.ends_with("mp4") {
                it.headers.insert(header::ETAG, it.n.into());
            }
        }),
    ),
    (
        "URLs expire after a week",
        K,
        "asset.expires",
        ChangeAnswer(|it| {
            each(it, |task| {
                let Some(video) = task.pointer_mut("/task_result/videos/0") else {
                    return;
                };
                if let Some((start, rest)) = video["url"]
                    .as_str()
                    .and_then(|url| url.split_once("Expires="))
                {
                    let (time, _) = rest.split_once('&').unwrap();
                    let time = time.parse::<i64>().unwrap() - 23 * 24 * 60 * 60;
                    // The mock still finds its own, as the address is signed with it.
                    video["url"] = json!(format!("{start}expires={time}&Expires={rest}"));
                }
            });
        }),
    ),
    (
        "a file is never deleted",
        K,
        "asset.deleted",
        ChangeAnswer(|it| {
            if it.path.ends_with("mp4") && it.status == StatusCode::FORBIDDEN {
                it.status = StatusCode::OK;
            }
        }),
    ),
];
