//! Refusals, in whichever body.

use std::fmt::Write as _;

use kling_types::code::ErrorClass;
use kling_types::{ApiCode, ErrorShape, ServiceError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{json as any_json, object, sample};

const KEYS: &[&str] = &[
    "code",
    "message",
    "request_id",
    "error",
    "type",
    "data",
    "status",
];

#[track_caller]
fn parse(status: u16, body: &Value) -> ServiceError {
    ServiceError::parse(status, body).unwrap_or_else(|| panic!("no error: {body}"))
}

#[track_caller]
fn check(status: u16, body: Value, class: ErrorClass) -> ServiceError {
    let error = parse(status, &body);
    assert_eq!(error.class(), class, "{body}");
    assert_eq!(error.http_status, status);
    error
}

/// Each sample with the HTTP status it came with.
#[test]
fn every_sample_has_its_class() {
    for (name, status, class) in [
        (
            "err.cometapi.400-model-required.live",
            400,
            ErrorClass::Request,
        ),
        (
            "err.cometapi.500-invalid-request.live",
            500,
            ErrorClass::Request,
        ),
        ("err.cometapi.envelope.doc", 401, ErrorClass::Auth),
        (
            "err.cometapi.permission-denied.fixture",
            403,
            ErrorClass::Permission,
        ),
        ("err.gateway.429-code400.live", 429, ErrorClass::Account),
        (
            "err.kling.auth-malformed-legacy.live",
            401,
            ErrorClass::Auth,
        ),
        ("err.kling.auth-newstandard.live", 401, ErrorClass::Auth),
        ("err.kling.balance.live", 429, ErrorClass::Account),
        ("err.kling.base64.live", 400, ErrorClass::Request),
        ("err.kling.concurrency.doc", 429, ErrorClass::Capacity),
        (
            "err.kling.duplicate-external-id.live",
            400,
            ErrorClass::Request,
        ),
        (
            "err.kling.effect-scene-invalid.inferred",
            400,
            ErrorClass::Request,
        ),
        ("err.kling.image-null.live", 400, ErrorClass::Request),
        ("err.kling.mode-invalid.live", 400, ErrorClass::Request),
        ("err.kling.model-invalid.live", 400, ErrorClass::Request),
        ("err.kling.task-not-found.live", 400, ErrorClass::NotFound),
        ("err.newapi.401.source", 401, ErrorClass::Auth),
        ("err.newapi.task-429.source", 429, ErrorClass::RateLimit),
        ("err.newapi.task-quota.source", 403, ErrorClass::Account),
        ("err.newapi.task-upstream.source", 400, ErrorClass::Request),
    ] {
        let error = check(status, sample(&format!("{name}.json")), class);
        assert_eq!(
            error.is_task_not_found(),
            name.contains("task-not-found"),
            "{name}"
        );
        assert_eq!(
            error.is_duplicate_external_id(),
            name.contains("duplicate-external"),
            "{name}"
        );
    }
}

#[test]
fn a_gateways_word_says_more_than_its_status() {
    let error =
        |status, word: &str| check_class(&json!({"error": {"code": word, "message": "m"}}), status);
    let task = |status, word: &str| {
        check_class(&json!({"code": word, "message": "m", "data": null}), status)
    };
    for (status, word, class) in [
        (500, "invalid_request", ErrorClass::Request),
        (400, "invalid_request", ErrorClass::Request),
        (401, "invalid_request", ErrorClass::Auth),
        (403, "invalid_request", ErrorClass::Permission),
        (429, "invalid_request", ErrorClass::RateLimit),
        (500, "convert_request_failed", ErrorClass::Request),
        (503, "model_not_found", ErrorClass::NotFound),
        (501, "not_implemented", ErrorClass::NotFound),
        (400, "task_not_exist", ErrorClass::NotFound),
        (403, "quota_not_enough", ErrorClass::Account),
        (403, "insufficient_user_quota", ErrorClass::Account),
        (403, "pre_consume_token_quota_failed", ErrorClass::Account),
        (403, "permission_denied", ErrorClass::Permission),
        (502, "bad_response_status_code", ErrorClass::Server),
        (429, "fail_to_fetch_task", ErrorClass::RateLimit),
        (500, "", ErrorClass::Server),
    ] {
        assert_eq!(error(status, word), class, "{word:?} with {status}");
        assert_eq!(task(status, word), class, "{word:?} with {status}");
    }
}

fn check_class(body: &Value, status: u16) -> ErrorClass {
    parse(status, body).class()
}

#[test]
fn bodies_are_told_apart() {
    let error = check(
        400,
        json!({"code": 1201, "message": "m", "request_id": "r"}),
        ErrorClass::Request,
    );
    assert_eq!(
        (error.shape, error.code, error.request_id.as_deref()),
        (ErrorShape::Kling, Some(ApiCode::new(1201)), Some("r"))
    );
    let error = check(
        200,
        json!({"code": "1303", "message": "m", "request_id": 7}),
        ErrorClass::Capacity,
    );
    assert_eq!(
        (error.shape, error.request_id.as_deref()),
        (ErrorShape::Kling, Some("7"))
    );
    let error = check(
        400,
        json!({"code": "task_not_exist", "message": "m"}),
        ErrorClass::NotFound,
    );
    assert_eq!(
        (error.shape, error.gateway_code.as_deref()),
        (ErrorShape::GatewayTask, Some("task_not_exist"))
    );
    assert!(error.is_task_not_found());
    let error = check(
        503,
        json!({"error": {"message": "m", "code": 1301}}),
        ErrorClass::Policy,
    );
    assert_eq!(
        (error.shape, error.code),
        (ErrorShape::Gateway, Some(ApiCode::new(1301)))
    );
    let error = check(
        500,
        json!({"error": "m (request id: r)"}),
        ErrorClass::Server,
    );
    assert_eq!(
        (error.message.as_str(), error.request_id.as_deref()),
        ("m", Some("r"))
    );
}

#[test]
fn a_code_may_be_written_as_a_float() {
    let error = check(
        200,
        json!({"code": 1102.0, "message": "m"}),
        ErrorClass::Account,
    );
    assert_eq!(error.code, Some(ApiCode::new(1102)));
    let success = json!({"code": 0.0, "message": "SUCCEED", "data": null});
    assert_eq!(ServiceError::parse(200, &success), None);
}

#[test]
fn some_bodies_speak_of_no_error() {
    for body in [
        json!({"code": 0}),
        json!({"code": "0", "message": "m"}),
        json!({"code": "success"}),
        json!({"code": null, "error": null}),
        json!({"error": ""}),
        json!({"message": "m"}),
        json!({}),
        json!([]),
        json!(1201),
    ] {
        assert_eq!(ServiceError::parse(500, &body), None, "{body}");
    }
}

#[track_caller]
fn check_request_id(text: &str, message: &str, id: Option<&str>) {
    let error = parse(400, &json!({"error": {"message": text}}));
    assert_eq!(
        (error.message.as_str(), error.request_id.as_deref()),
        (message, id)
    );
}

#[test]
fn the_request_id_is_taken_out_of_the_text() {
    check_request_id("m (request id: 2026x)", "m", Some("2026x"));
    check_request_id("m (request id: 2026x), again", "m, again", Some("2026x"));
    check_request_id(
        "a (request id: 1) b (request id: 2)",
        "a (request id: 1) b",
        Some("2"),
    );
    check_request_id("无效 (request id: é)", "无效", Some("é"));
    check_request_id("(request id: 1)", "", Some("1"));
    check_request_id("m (request id: )", "m", None);
    check_request_id("m (request id: 2026x", "m (request id: 2026x", None);
    check_request_id("m", "m", None);
}

#[test]
fn an_upstreams_body_inside_the_text_counts() {
    let kling = json!({"code": 1102, "message": "m", "request_id": "inner"}).to_string();
    for body in [
        json!({"code": "fail_to_fetch_task", "message": kling, "request_id": "outer"}),
        json!({"error": {"code": "bad_response", "message": kling}}),
        json!({"code": 500, "message": json!({"error": {"message": kling}}).to_string()}),
    ] {
        let error = check(429, body, ErrorClass::Account);
        assert_eq!(
            (error.shape, error.code),
            (ErrorShape::Kling, Some(ApiCode::new(1102)))
        );
        assert_eq!(error.request_id.as_deref(), Some("inner"));
    }
    // As the object that it is, too.
    let inner = json!({"code": 1201, "message": "image can not be null"});
    let error = check(
        400,
        json!({"error": {"code": "", "message": inner}}),
        ErrorClass::Request,
    );
    assert_eq!(error.message, "image can not be null");
    let strange = json!({"error": {"code": "", "message": {"loc": ["body"]}}});
    let error = check(422, strange, ErrorClass::Request);
    assert_eq!(error.message, r#"{"loc":["body"]}"#);
    // Not a body of ours: the outer one stands.
    let error = check(
        500,
        json!({"code": "fail_to_fetch_task", "message": "[1]"}),
        ErrorClass::Server,
    );
    assert_eq!(error.message, "[1]");

    // Nested without end: read so far and no further.
    let mut body = json!({"code": 1000, "message": "m"});
    for _ in 0..10 {
        body = json!({"code": 5000, "message": body.to_string()});
    }
    assert_eq!(parse(500, &body).code, Some(ApiCode::new(5000)));
}

#[test]
fn display_is_one_sentence() {
    let mut text = String::new();
    for body in [
        json!({"code": 1303, "message": "parallel task over resource pack limit"}),
        json!({"code": 1303, "message": " "}),
        json!({"code": 1399}),
        json!({"code": "quota_not_enough", "message": "user quota is not enough"}),
        json!({"code": "quota_not_enough"}),
        json!({"error": {"code": "", "message": "无效的令牌 (request id: 2026x)"}}),
        json!({"error": {"type": "comet_api_error"}}),
        sample("err.newapi.task-upstream.source.json"),
    ] {
        let _ = writeln!(text, "{body}\n    {}", parse(418, &body));
    }
    insta::assert_snapshot!(text);
}

/// The field has all of it.
#[test]
fn an_endless_message_is_shown_cut() {
    let error = parse(
        500,
        &json!({"code": 5000, "message": "x".repeat(3_000_000)}),
    );
    assert_eq!(error.message.len(), 3_000_000);
    let shown = error.to_string();
    assert!(
        shown.len() < 1_100 && shown.ends_with("x… (3000000 bytes)"),
        "{shown}"
    );
}

proptest! {
    /// Every HTTP status, code and body; an error with a code is an error under
    /// HTTP 200 too.
    #[test]
    fn reading_is_total(
        status in 100_u16..=599,
        code in prop_oneof![any_json(KEYS), any::<i64>().prop_map(Value::from)],
        members in object(KEYS),
    ) {
        let mut members = members;
        members.insert("code".to_owned(), code.clone());
        let body = Value::Object(members);
        let error = ServiceError::parse(status, &body);
        if let Some(error) = &error {
            prop_assert_eq!(error.http_status, status);
            prop_assert!(!error.to_string().is_empty());
            prop_assert_ne!(error.request_id.as_deref(), Some(""));
            prop_assert_ne!(error.gateway_code.as_deref(), Some(""));
            prop_assert!(error.class().is_retryable(true) || !error.class().is_retryable(false));
        }
        if code.as_i64().is_some_and(|code| code != 0) {
            prop_assert!(error.is_some());
        }
    }
}

/// Facts 1.5: the body decides, and code 0 with a task is a yes. A gateway that
/// writes an empty `error` beside it takes nothing back.
#[test]
fn a_success_with_an_empty_error_is_a_success() {
    let task = json!({"task_id": "1", "task_status": "submitted"});
    for error in [
        json!({}),
        json!({"code": 0}),
        json!({"message": ""}),
        json!(""),
        json!(null),
    ] {
        let body = json!({"code": 0, "message": "success", "data": task, "error": error});
        assert_eq!(ServiceError::parse(200, &body), None, "{body}");
    }
    assert_eq!(ServiceError::parse(500, &json!({"error": {}})), None);
}

/// The gateway's request id stands behind its upstream's body.
#[test]
fn a_nested_body_before_a_request_id_is_read() {
    let inner = r#"{"code":1102,"message":"Account balance not enough"} (request id: 2026abc)"#;
    let body = json!({"error": {"message": inner, "type": "comet_api_error", "code": ""}});
    let error = ServiceError::parse(500, &body).expect("an error");
    assert_eq!(error.class(), ErrorClass::Account);
    assert_eq!(error.request_id.as_deref(), Some("2026abc"));
}
