//! Errors in the formats of gateways.

use super::*;

#[test]
fn bodies_of_gateways() {
    let live = |status, name: &str, expected| check(status, &sample(name), expected);
    live(
        400,
        "err.cometapi.400-model-required.live",
        (Refusal, Refused, Never, Not),
    );
    // A malformed request, whatever the status says.
    live(
        500,
        "err.cometapi.500-invalid-request.live",
        (Refusal, Refused, Never, Not),
    );
    live(
        400,
        "err.cometapi.envelope.doc",
        (Refusal, Refused, Never, Not),
    );
    live(
        403,
        "err.cometapi.permission-denied.fixture",
        (Refusal, Account, Never, Not),
    );
    // A permanent error on HTTP 429, with an HTTP status in the code's place.
    live(
        429,
        "err.gateway.429-code400.live",
        (Refusal, Account, Never, Not),
    );
    live(401, "err.newapi.401.source", (Refusal, Auth, Never, Not));
    live(
        403,
        "err.newapi.task-quota.source",
        (Refusal, Account, Never, Not),
    );
    live(
        429,
        "err.newapi.task-429.source",
        (Refusal, RateLimited, Later, Not),
    );
    // Kling's own body, in quotes.
    live(
        400,
        "err.newapi.task-upstream.source",
        (Refusal, Refused, Never, Not),
    );

    let gateway = |code: &str, message: &str| {
        json!({"error": {"message": message, "type": "comet_api_error", "code": code}}).to_string()
    };
    check(
        429,
        &gateway("", "slow down"),
        (Refusal, RateLimited, Later, Not),
    );
    for status in [500, 502, 504, 524] {
        check(
            status,
            &gateway("", "upstream"),
            (Refusal, Service, Later, Perhaps),
        );
        check(
            status,
            &gateway("bad_response_status_code", ""),
            (Refusal, Service, Later, Perhaps),
        );
    }
    check(
        500,
        &gateway("convert_request_failed", ""),
        (Refusal, Refused, Never, Not),
    );
    let no_channel = gateway("model_not_found", "no available channel for group default");
    check(503, &no_channel, (Refusal, NotFound, Never, Not));

    let relay = |code: &str| json!({"code": code, "message": "m", "data": null}).to_string();
    check(
        400,
        &relay("task_not_exist"),
        (Refusal, NotFound, Never, Not),
    );
    for status in [400, 501] {
        for code in ["invalid_api_platform", "not_implemented"] {
            check(status, &relay(code), (Refusal, NotFound, Never, Not));
        }
    }
    check(
        403,
        &relay("insufficient_user_quota"),
        (Refusal, Account, Never, Not),
    );
    check(
        403,
        &relay("pre_consume_token_quota_failed"),
        (Refusal, Account, Never, Not),
    );
    check(
        502,
        &relay("fail_to_fetch_task"),
        (Refusal, Service, Later, Perhaps),
    );
}

#[test]
fn bodies_of_gateways_of_an_older_make() {
    // The type's older name, without `param`, and a code that is another's.
    let older = |status, code: &str, expected| {
        let body = json!({"error": {"message": "m", "type": "shell_api_error", "code": code}});
        check(status, &body.to_string(), expected);
    };
    older(401, "", (Refusal, Auth, Never, Not));
    older(403, "", (Refusal, Account, Never, Not));
    older(400, "invalid_request", (Refusal, Refused, Never, Not));
    older(500, "invalid_request", (Refusal, Refused, Never, Not));
    older(503, "", (Refusal, Service, Later, Perhaps));
}

/// Kling's 5001 promises that nothing was done. A gateway's 503, in whatever
/// place it writes it, does not: to send the create again could pay twice.
#[test]
fn a_gateway_s_503_promises_nothing() {
    let unknown = (Refusal, Service, Later, Perhaps);
    check(503, r#"{"code":503,"message":"unavailable"}"#, unknown);
    check(200, r#"{"code":"503","message":"unavailable"}"#, unknown);
    check(
        503,
        r#"{"error":{"message":"unavailable","code":""}}"#,
        unknown,
    );
    check(503, "", (Bare, Service, Later, Perhaps));
    check(
        200,
        r#"{"code":5001,"message":""}"#,
        (Refusal, Service, Later, Not),
    );
}

/// In place of a failed task some gateways show a body of their own. To a query
/// it is an answer; to a create it is anything but a success.
#[test]
fn a_failed_task_in_a_gateway_s_own_words() {
    let query = |body: &str| {
        what(&classify(
            StatusCode::OK,
            &HeaderMap::new(),
            body.as_bytes(),
            true,
            now,
        ))
    };
    let failed = r#"{"status":"FAILURE","error":"risk control"}"#;
    assert_eq!(query(failed), Is::Success);
    assert_eq!(
        query(r#"{"status":"failed","error":{"message":"risk control"}}"#),
        Is::Success
    );
    check(200, failed, (Refusal, Service, Never, Perhaps));
    // Here it is the query that failed.
    assert_eq!(
        query(r#"{"status":"error","error":"unauthorized"}"#),
        Refusal
    );
    assert_eq!(
        query(r#"{"status":"processing","error":"hiccup"}"#),
        Refusal
    );
}
