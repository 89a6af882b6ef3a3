//! Services that let others in, or count slots as they should not.

use http::{Method, StatusCode, header};
use kling_conformance::Host::Kling as K;
use serde_json::json;

use super::faulty::{ChangeAnswer, ChangeRequest, Row};

pub(super) static FAULTS: &[Row] = &[
    (
        "refuses tokens",
        K,
        "token.accepted",
        ChangeRequest(|request| {
            let is_token = |key: &http::HeaderValue| key.as_bytes().starts_with(b"Bearer ey");
            if request
                .headers()
                .get(header::AUTHORIZATION)
                .is_some_and(is_token)
            {
                request.headers_mut().remove(header::AUTHORIZATION);
            }
        }),
    ),
    (
        "does not verify tokens",
        K,
        "token.forged",
        ChangeAnswer(|it| {
            if it.method == Method::GET && it.status == StatusCode::UNAUTHORIZED {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "one code for early and expired tokens",
        K,
        "token.times",
        ChangeAnswer(|it| {
            if it.body["code"] == 1004 {
                it.body["code"] = json!(1003);
            }
        }),
    ),
    (
        "400 for too many tasks",
        K,
        "slots.refused",
        ChangeAnswer(|it| {
            if it.status == StatusCode::TOO_MANY_REQUESTS {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "queries occupy slots",
        K,
        "slots.queries",
        ChangeAnswer(|it| {
            if it.small && it.is(&Method::GET) {
                it.refuse(429, 1303);
            }
        }),
    ),
    (
        "slots are never freed",
        K,
        "slots.freed",
        ChangeAnswer(|it| {
            if it.small && it.is(&Method::POST) && it.small_creates >= 7 {
                it.refuse(429, 1303);
            }
        }),
    ),
];
