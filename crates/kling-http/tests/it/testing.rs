//! The transports for tests, tested.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use kling_http::testing::{Capture, Exchange, NeverAnswers, Replay};
use kling_http::{Client, Credentials, ErrorKind, Provider, RetryPolicy, Transport};
use serde_json::{Value, json};

use crate::host::KEY;
use crate::{request, task_id};

const PATH: &str = "/kling/v1/videos/effects";

fn client(transport: impl Transport) -> Client {
    Client::builder(Provider::comet(), Credentials::api_key(KEY))
        .transport(transport)
        .build()
        .expect("a client")
}

fn task(status: &str) -> Value {
    json!({"code": 0, "data": {"task_id": "7", "task_status": status}})
}

/// What `assert_done` panics with.
fn complaint(replay: &Replay) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| replay.assert_done())).err()?;
    panic.downcast_ref::<String>().cloned()
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_is_kept_to() {
    let body = json!({"effect_scene": "color_mixing", "external_task_id": "mine",
        "input": {"image": "https://example.com/me.jpg", "duration": "5"}});
    let replay = Replay::new([
        Exchange::post(PATH)
            .with_body(body)
            .answered(200, task("submitted")),
        Exchange::get(format!("{PATH}/7")).answered_with(503, &[("retry-after", "30")], ""),
        Exchange::get(format!("{PATH}/7")).answered(200, task("processing")),
    ]);
    let client = client(replay.clone());
    let id = kling_http::ExternalTaskId::new("mine").expect("an id");
    let created = client
        .effects()
        .create(request().with_external_task_id(id))
        .await;
    let begun = tokio::time::Instant::now();
    created.expect("a task").fetch().await.expect("a task");
    assert_eq!(begun.elapsed().as_secs(), 30);
    replay.assert_done();
}

/// One create, or one query, against these expectations.
async fn complaint_of(exchange: Option<Exchange>, is_create: bool) -> String {
    let replay = Replay::new(exchange);
    let client = client(replay.clone());
    let error = if is_create {
        client
            .effects()
            .create(request())
            .await
            .expect_err("unexpected")
    } else {
        client
            .effects()
            .get(&task_id("7"))
            .await
            .expect_err("unexpected")
    };
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(!error.maybe_sent());
    complaint(&replay).expect("a complaint")
}

#[tokio::test(start_paused = true)]
async fn a_replay_says_what_came_instead() {
    let other = complaint_of(Some(Exchange::get("/other?sig=signed")), false).await;
    let expected = "after 1 request(s):\n  \
                    request 1: expected GET /other, found GET /kling/v1/videos/effects/7\n  \
                    never came: GET /other";
    assert_eq!(other, expected);

    let none = complaint_of(None, false).await;
    let expected = "after 1 request(s):\n  request 1: expected no request, found GET /kling/v1/videos/effects/7";
    assert_eq!(none, expected);

    let check = async |exchange: Exchange, part: &str| {
        let text = complaint_of(Some(exchange), true).await;
        assert!(text.contains(part), "{text}");
    };
    let member = Exchange::post(PATH).with_member("/effect_scene", "hug");
    check(member, "another value at \"/effect_scene\"").await;
    let missing = Exchange::post(PATH).with_body(json!({"effect_scene": "color_mixing", "no": 1}));
    check(missing, "is another, first at \"/no\"").await;
    let other = json!({"effect_scene": "color_mixing", "input": {"image": "x"}});
    check(
        Exchange::post(PATH).with_body(other),
        "first at \"/input/image\"",
    )
    .await;
    let more = json!({"effect_scene": "color_mixing"});
    check(
        Exchange::post(PATH).with_body(more),
        "first at \"/external_task_id\"",
    )
    .await;
}

#[test]
fn a_replay_misses_what_never_came() {
    let replay = Replay::new([Exchange::get("/a"), Exchange::post("/b")]);
    let expected = "after 0 request(s):\n  never came: GET /a\n  never came: POST /b";
    assert_eq!(complaint(&replay).as_deref(), Some(expected));
    assert!(complaint(&Replay::new([])).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_capture_keeps_what_was_sent_and_shows_no_secret() {
    let replay = Replay::new([Exchange::post(PATH).answered(200, task("submitted"))]);
    let capture = Capture::new(replay);
    let _ = client(capture.clone())
        .effects()
        .create(request())
        .await
        .expect("a task");
    let sent = capture.requests();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].json().expect("JSON")["effect_scene"],
        "color_mixing"
    );
    assert_eq!(sent[0].operation.expect("one").name, "effects.create");
    assert_eq!(sent[0].headers["authorization"], format!("Bearer {KEY}"));
    let shown = format!("{sent:?} {capture:?}");
    assert!(
        shown.contains("POST") && shown.contains("authorization"),
        "{shown}"
    );
    assert!(
        !shown.contains(&KEY[3..]) && !shown.contains("me.jpg"),
        "{shown}"
    );
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_try() {
    let client = Client::builder(Provider::comet(), Credentials::api_key(KEY))
        .transport(NeverAnswers)
        .retry(RetryPolicy::never())
        .build()
        .expect("a client");
    let begun = tokio::time::Instant::now();
    let error = client
        .effects()
        .get(&task_id("7"))
        .await
        .expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
}
