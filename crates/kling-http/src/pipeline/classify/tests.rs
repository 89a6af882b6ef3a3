//! One line per answer: what it is, what kind of error it becomes, whether the
//! same request can succeed later, whether the service may have acted on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use kling_types::ApiCode;
use kling_types::code::{DOCUMENTED, Remedy};
use proptest::prelude::*;
use serde_json::json;

use super::{Answer, classify};
use crate::error::ErrorKind::{
    self, Account, Auth, Config, ContentRejected, Decode, NotFound, RateLimited, Refused, Service,
    Timeout, Transport,
};
use crate::transport::{TransportError, TransportErrorKind as Kind};

/// The service acted on it for sure not (`Not`) or perhaps (`Perhaps`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acted {
    Not,
    Perhaps,
}
use Acted::{Not, Perhaps};

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    Later,
}
use Again::{Later, Never};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Success,
    Refusal,
    Bare,
    NotTheApi,
    Undecodable,
    Lost,
}
use Is::{Bare, NotTheApi, Refusal, Undecodable};

fn what(answer: &Answer) -> Is {
    match answer {
        Answer::Success(_) => Is::Success,
        Answer::Refused { .. } => Refusal,
        Answer::BareStatus { .. } => Bare,
        Answer::NotTheApi { .. } => NotTheApi,
        Answer::Undecodable { .. } => Undecodable,
        Answer::Lost(_) | Answer::BrokeOff { .. } => Is::Lost,
    }
}

fn of(status: u16, body: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    classify(status, &HeaderMap::new(), body.as_bytes(), false, now)
}

/// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

/// To a create.
#[track_caller]
fn check(status: u16, body: &str, expected: (Is, ErrorKind, Again, Acted)) {
    check_answer(of(status, body), expected, &format!("HTTP {status} {body}"));
}

#[track_caller]
fn check_answer(answer: Answer, expected: (Is, ErrorKind, Again, Acted), told: &str) {
    let again = if answer.is_temporary() { Later } else { Never };
    let acted = if answer.outcome_unknown() {
        Perhaps
    } else {
        Not
    };
    let is = what(&answer);
    let kind = answer.into_error().kind();
    assert_eq!((is, kind, again, acted), expected, "{told}");
}

/// To a create and to a query alike.
#[track_caller]
fn check_success(status: u16, body: &str) {
    for is_query in [false, true] {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = classify(status, &HeaderMap::new(), body.as_bytes(), is_query, now);
        assert_eq!(what(&answer), Is::Success, "HTTP {status} {body}");
        assert!(!answer.outcome_unknown(), "HTTP {status} {body}");
    }
}

fn sample(name: &str) -> String {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/samples");
    std::fs::read_to_string(format!("{samples}/{name}.json")).unwrap()
}

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

#[test]
fn the_body_counts_before_the_status() {
    check(
        200,
        r#"{"code":1201,"message":"no"}"#,
        (Refusal, Refused, Never, Not),
    );
    check(
        200,
        r#"{"code":"1102","message":"no"}"#,
        (Refusal, Account, Never, Not),
    );
    check(
        500,
        r#"{"code":1301,"message":"no"}"#,
        (Refusal, ContentRejected, Never, Not),
    );
    check(
        429,
        r#"{"code":400,"message":"prompt is too long"}"#,
        (Refusal, Refused, Never, Not),
    );
    // A code of tomorrow: nothing is known, so nothing is ruled out.
    check(
        200,
        r#"{"code":7777,"message":"new"}"#,
        (Refusal, Service, Never, Perhaps),
    );

    let task = r#"{"code":0,"data":{"task_id":"1","task_status":"submitted"}}"#;
    for status in [200, 201, 302, 400, 429, 500, 503] {
        check_success(status, task);
    }
    // Only with a task in it: a code alone is not worth a status.
    check(
        500,
        r#"{"code":0,"message":"SUCCEED"}"#,
        (Bare, Service, Later, Perhaps),
    );
    check(500, r#"{"task_id":"1"}"#, (Bare, Service, Later, Perhaps));
}

/// The id of a paid task is never thrown away, nor the answer that shows its end.
#[test]
fn a_task_counts_before_the_code_beside_it() {
    let task = r#""data":{"task_id":"1","task_status":"submitted"}"#;
    check_success(
        200,
        &format!(r#"{{"code":200,"message":"success",{task}}}"#),
    );
    let created = |status, code: i64| what(&of(status, &format!(r#"{{"code":{code},{task}}}"#)));
    assert_eq!(created(504, 5002), Is::Success);
    assert_eq!(created(500, 7777), Is::Success);
    // Whose task that is, the service does not say: it refused ours.
    assert_eq!(created(400, 1201), Refusal);
}

#[test]
fn successes_in_all_their_wrappings() {
    for name in [
        "resp.cometapi.effects.create",
        "resp.cometapi.query.processing",
        "resp.cometapi.omni-query.wrapped-success.reconstructed",
        "resp.kling.effects.create.docshape",
        "resp.kling.effects.query.succeed.docshape",
        // The query was answered; that the task failed is another thing.
        "resp.kling.effects.query.failed.docshape",
    ] {
        check_success(200, &sample(name));
    }
    check_success(200, r#"{"code":"success","data":{}}"#);
    check_success(200, "{}");
    check_success(200, "null");
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

#[test]
fn redirects_and_web_pages_are_not_the_api() {
    let elsewhere = (NotTheApi, Config, Never, Not);
    check(301, "", elsewhere);
    check(302, "<html>moved</html>", elsewhere);
    check(307, r#"{"moved":true}"#, elsewhere);
    check(404, "\n  <html>no such page</html>", elsewhere);
    // A failing gateway's page: it may have passed the request on.
    check(
        502,
        "<html>Bad Gateway</html>",
        (Bare, Service, Later, Perhaps),
    );
    // Somebody in front of the right address.
    let page = "<html>just a moment</html>";
    check(403, page, (Bare, Account, Never, Not));
    check(408, page, (Bare, Service, Later, Perhaps));
    check(429, page, (Bare, RateLimited, Later, Not));
}

/// A gateway's script may create the task, and then die on its own page.
#[test]
fn a_page_that_says_well_done_may_follow_a_create() {
    let as_page = |body: &str, expected| {
        let mut headers = HeaderMap::new();
        let page = HeaderValue::from_static("Text/HTML; charset=utf-8");
        headers.insert(CONTENT_TYPE, page);
        let answer = classify(StatusCode::OK, &headers, body.as_bytes(), false, now);
        check_answer(answer, expected, body);
    };
    let elsewhere = (NotTheApi, Config, Never, Perhaps);
    check(200, "<!DOCTYPE html><title>Welcome</title>", elsewhere);
    as_page("<br />\n<b>Fatal error</b>: out of memory", elsewhere);
    as_page("plain words", elsewhere);
    // JSON under a page's name, cut or not even begun.
    as_page(
        r#"{"code":0,"data":{"task"#,
        (Undecodable, Decode, Never, Perhaps),
    );
    as_page("", (Undecodable, Decode, Never, Perhaps));
}

#[test]
fn bodies_that_say_nothing() {
    check(200, "", (Undecodable, Decode, Never, Perhaps));
    check(
        200,
        r#"{"code":0,"data":{"task_id":"20322"#,
        (Undecodable, Decode, Never, Perhaps),
    );
    check(201, "ok", (Undecodable, Decode, Never, Perhaps));
    check(400, "", (Bare, Refused, Never, Not));
    check(401, "", (Bare, Auth, Never, Not));
    check(402, "", (Bare, Account, Never, Not));
    check(403, "[]", (Bare, Account, Never, Not));
    check(404, "nothing here", (Bare, NotFound, Never, Not));
    check(408, "", (Bare, Service, Later, Perhaps));
    check(429, "", (Bare, RateLimited, Later, Not));
    check(500, "{\"cut", (Bare, Service, Later, Perhaps));
    check(504, "", (Bare, Service, Later, Perhaps));
    check(524, "", (Bare, Service, Later, Perhaps));
}

#[test]
fn no_answer() {
    let lost = |kind, expected| {
        let answer = Answer::Lost(TransportError::new(kind, "why"));
        check_answer(answer, expected, &format!("{kind:?}"));
    };
    lost(Kind::Connect, (Is::Lost, Transport, Later, Not));
    lost(Kind::Request, (Is::Lost, Config, Never, Not));
    lost(Kind::Timeout, (Is::Lost, Timeout, Later, Perhaps));
    lost(Kind::Broken, (Is::Lost, Transport, Later, Perhaps));
}

/// What a `Retry-After` of this text asks for, in a refusal and in a bare status.
#[track_caller]
fn check_retry_after(text: &'static str, seconds: Option<u64>) {
    let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
    let expected = seconds.map(Duration::from_secs);
    for (status, body) in [(429, &br#"{"code":1302}"#[..]), (503, b""), (429, b"")] {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = classify(status, &headers, body, true, now);
        assert_eq!(answer.retry_after(), expected, "{text:?}");
        assert_eq!(answer.into_error().retry_after(), expected, "{text:?}");
    }
}

/// Peer trap: a `Retry-After` that was computed as NaN, so that there was no wait.
#[test]
fn retry_after_is_read_in_seconds_and_as_a_date() {
    check_retry_after("30", Some(30));
    check_retry_after(" 7 ", Some(7));
    // Now is 08:49:37 of that day.
    check_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", Some(30));
    check_retry_after("Sunday, 06-Nov-94 08:50:07 GMT", Some(30));
    check_retry_after("Sun Nov  6 08:50:07 1994", Some(30));
    check_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", Some(0));
    check_retry_after("Sun, 06 Nov 1994 07:00:00 GMT", Some(0));
    for nonsense in [
        "",
        "-1",
        "1.5",
        "soon",
        "Sun, 06 Nov 1994 08:50:07 CET",
        "Sun, 36 Nov 1994 08:50:07 GMT",
    ] {
        check_retry_after(nonsense, None);
    }
    // Whoever adds it to a time of theirs must not run over.
    let year = Some(365 * 24 * 60 * 60);
    check_retry_after("99999999999999999999", year);
    check_retry_after("18446744073709551615", year);
    check_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", year);
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

#[test]
fn errors_keep_what_the_service_said() {
    let error = of(401, &sample("err.newapi.401.source")).into_error();
    assert_eq!(error.request_id(), Some("20260205132859798638387SIHCnxzJ"));
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));

    let error = of(429, &sample("err.kling.balance.live")).into_error();
    assert_eq!(error.api_code(), Some(ApiCode::new(1102)));
    assert_eq!(
        error.to_string(),
        "the account can't be used: code 1102: Account balance not enough"
    );

    let error = of(502, "<html>\n  <b>Bad   Gateway</b>").into_error();
    assert_eq!(
        error.to_string(),
        "the service failed: HTTP 502: <html> <b>Bad Gateway</b>"
    );
    let error = of(301, "").into_error();
    assert_eq!(error.status(), Some(StatusCode::MOVED_PERMANENTLY));
    assert_eq!(
        error.to_string(),
        "no API answers at this address (it is a redirect, HTTP 301): check the base URL"
    );
}

#[test]
fn a_long_page_is_quoted_in_part_also_in_the_middle_of_a_character() {
    let error = of(500, &"ü".repeat(5000)).into_error();
    assert!(error.to_string().len() < 300, "{error}");
    let error = of(500, &format!("a{}", "ü".repeat(5000))).into_error();
    assert!(error.to_string().len() < 300, "{error}");
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![
        proptest::sample::select(DOCUMENTED).prop_map(|row| row.code.get()),
        any::<i64>(),
    ];
    let envelope = (code, ".{0,20}").prop_map(|(code, message)| {
        json!({"code": code, "message": message})
            .to_string()
            .into_bytes()
    });
    prop_oneof![
        envelope,
        proptest::collection::vec(any::<u8>(), 0..64),
        "\\PC{0,64}".prop_map(String::into_bytes),
    ]
}

proptest! {
    /// Total: any status, any code, any body; and what it says hangs together.
    #[test]
    fn every_answer_means_something(status in 100..=599_u16, body in any_body(), is_query: bool) {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = classify(status, &HeaderMap::new(), &body, is_query, now);
        if let Answer::Success(_) = answer {
            prop_assert!(!answer.outcome_unknown() && !answer.is_temporary());
        } else if answer.is_token_expired() || answer.is_capacity() {
            prop_assert!(!answer.outcome_unknown());
        }
        let _ = answer.into_error().to_string();
    }

    /// Whatever HTTP status it comes with, a documented code is what its row says.
    #[test]
    fn a_documented_code_counts_whatever_the_status(
        row in proptest::sample::select(DOCUMENTED),
        status in 200..=599_u16,
    ) {
        let answer = of(status, &json!({"code": row.code, "message": "m"}).to_string());
        prop_assert_eq!(what(&answer), Refusal);
        let later = matches!(row.class.remedy(), Remedy::RetryLater | Remedy::CheckOutcome);
        prop_assert_eq!(answer.is_temporary(), later);
        prop_assert_eq!(answer.outcome_unknown(), row.class.remedy() == Remedy::CheckOutcome);
    }
}
