//! Redirects, web pages, empty bodies, and no answer at all.

use super::*;

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
