//! Services that let others in, or count slots as they should not.

use http::{Method, StatusCode, header};
use kling_conformance::Host::Kling as K;
use serde_json::json;

use super::faulty::{Ask, Row, Tell};

pub(super) static FAULTS: &[Row] = &[
    (
        "tokens are not taken",
        K,
        "token.accepted",
        Ask(|request| {
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
        "tokens are not checked",
        K,
        "token.forged",
        Tell(|it| {
            if it.method == Method::GET && it.status == StatusCode::UNAUTHORIZED {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "times of tokens have one code",
        K,
        "token.times",
        Tell(|it| {
            if it.body["code"] == 1004 {
                it.body["code"] = json!(1003);
            }
        }),
    ),
    (
        "too many tasks are a bad request",
        K,
        "slots.refused",
        Tell(|it| {
            if it.status == StatusCode::TOO_MANY_REQUESTS {
                it.refuse(400, 1201);
            }
        }),
    ),
    (
        "queries take slots",
        K,
        "slots.queries",
        Tell(|it| {
            if it.small && it.is(&Method::GET) {
                it.refuse(429, 1303);
            }
        }),
    ),
    (
        "slots are never free again",
        K,
        "slots.freed",
        Tell(|it| {
            if it.small && it.is(&Method::POST) && it.small_creates >= 7 {
                it.refuse(429, 1303);
            }
        }),
    ),
];
