//! Kling's documented codes, and bodies of Kling as they were seen live.

use super::*;

#[test]
fn every_documented_code() {
    let code = |status, code: i64, expected| {
        let body = json!({"code": code, "message": "words", "request_id": "r-1"});
        check(status, &body.to_string(), expected);
    };
    code(401, 1000, (Refusal, Auth, Never, Not));
    code(401, 1001, (Refusal, Auth, Never, Not));
    code(401, 1002, (Refusal, Auth, Never, Not));
    code(401, 1003, (Refusal, Auth, Never, Not));
    code(401, 1004, (Refusal, Auth, Never, Not));
    code(429, 1100, (Refusal, Account, Never, Not));
    code(429, 1101, (Refusal, Account, Never, Not));
    code(429, 1102, (Refusal, Account, Never, Not));
    code(403, 1103, (Refusal, Account, Never, Not));
    code(400, 1200, (Refusal, Refused, Never, Not));
    code(400, 1201, (Refusal, Refused, Never, Not));
    code(404, 1202, (Refusal, NotFound, Never, Not));
    code(404, 1203, (Refusal, NotFound, Never, Not));
    code(400, 1300, (Refusal, ContentRejected, Never, Not));
    code(400, 1301, (Refusal, ContentRejected, Never, Not));
    code(429, 1302, (Refusal, RateLimited, Later, Not));
    code(429, 1303, (Refusal, RateLimited, Later, Not));
    code(429, 1304, (Refusal, Account, Never, Not));
    code(500, 5000, (Refusal, Service, Later, Perhaps));
    code(503, 5001, (Refusal, Service, Later, Not));
    code(504, 5002, (Refusal, Service, Later, Perhaps));
}

/// Only 1303 has the slow schedule.
#[test]
fn capacity_is_the_account_s_slots() {
    let is_capacity = |code: i64| of(429, &json!({ "code": code }).to_string()).is_capacity();
    assert!(is_capacity(1303));
    assert!(!is_capacity(1302));
    assert!(!is_capacity(1102));
}

#[test]
fn live_bodies_of_kling() {
    let live = |status, name: &str, expected| check(status, &sample(name), expected);
    let wrong = (Refusal, Refused, Never, Not);
    live(
        400,
        "err.kling.task-not-found.live",
        (Refusal, NotFound, Never, Not),
    );
    live(400, "err.kling.duplicate-external-id.live", wrong);
    live(400, "err.kling.base64.live", wrong);
    live(400, "err.kling.image-null.live", wrong);
    live(400, "err.kling.mode-invalid.live", wrong);
    live(400, "err.kling.model-invalid.live", wrong);
    live(400, "err.kling.effect-scene-invalid.inferred", wrong);
    live(
        429,
        "err.kling.balance.live",
        (Refusal, Account, Never, Not),
    );
    live(
        401,
        "err.kling.auth-malformed-legacy.live",
        (Refusal, Auth, Never, Not),
    );
    live(
        401,
        "err.kling.auth-newstandard.live",
        (Refusal, Auth, Never, Not),
    );
    live(
        429,
        "err.kling.concurrency.doc",
        (Refusal, RateLimited, Later, Not),
    );
    // A pattern's text, seen for the duration of another product.
    check(
        400,
        r#"{"code":1201,"message":"duration value '7' is invalid"}"#,
        wrong,
    );
    let too_many =
        r#"{"code":1201,"message":"task_ids and external_task_ids cannot exceed 20 in total"}"#;
    check(400, too_many, wrong);
}

#[test]
fn only_code_1004_is_a_token_s_end() {
    let is_expired = |code: i64| of(401, &json!({ "code": code }).to_string()).is_token_expired();
    assert!(is_expired(1004));
    for other in [1000, 1001, 1002, 1003, 1103] {
        assert!(!is_expired(other), "{other}");
    }
    assert!(!of(401, "").is_token_expired());
}
