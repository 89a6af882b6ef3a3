//! `Retry-After`, and what an error keeps of the service's words.

use super::*;

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
