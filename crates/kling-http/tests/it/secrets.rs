//! No key, no signature and no picture in anything that a log may show.

use std::fmt::Debug;

use kling_http::{Credentials, EffectRequest, Error, ImageSource, Provider, Scene};
use serde_json::json;

use crate::host::{Host, KEY, Reply, done, ok, refusal, shows};
use crate::{request, task_id};

/// As it travels: text that no other part of a message has.
const BASE64: &str = "c2VjcmV0LXBpY3R1cmU";
const SIGNATURE: &str = "signed";

#[track_caller]
fn check_text(text: &str) {
    for secret in [KEY, &KEY[3..], BASE64, SIGNATURE] {
        assert!(!text.contains(secret), "{secret:?} shows in {text}");
    }
}

#[track_caller]
fn check(value: &impl Debug) {
    check_text(&format!("{value:?}"));
    check_text(&format!("{value:#?}"));
}

#[track_caller]
fn check_error(error: &Error) {
    check(error);
    let mut link: Option<&dyn std::error::Error> = Some(error);
    while let Some(shown) = link {
        check_text(&shown.to_string());
        link = shown.source();
    }
}

#[tokio::test(start_paused = true)]
async fn values_keep_their_secrets() {
    let host = Host::new([done()]);
    let builder = host.builder(Provider::comet());
    check(&Credentials::api_key(KEY));
    check(&builder);
    let client = builder.build().expect("a client");
    check(&client);
    check(&client.effects());

    let task = client.effects().create(request()).await.expect("a task");
    check(&task);
    let mut events = task.events();
    check(&events);
    while let Some(event) = events.next().await {
        check(&event.expect("an event"));
    }
    check(&events);
}

#[cfg(feature = "download")]
#[tokio::test(start_paused = true)]
async fn a_download_keeps_the_address_to_itself() {
    let host = Host::new([done(), Reply::Answer(200, "a video".to_owned())]);
    let client = host.client(Provider::comet());
    let done = client
        .effects()
        .task(task_id("7"))
        .wait()
        .await
        .expect("done");
    check(
        &client
            .download(&done.videos()[0])
            .await
            .expect("a download"),
    );

    for reply in [
        Reply::Answer(403, String::new()),
        Reply::Answer(500, String::new()),
        Reply::Answer(400, String::new()),
        Reply::With(
            302,
            "location",
            "http://evil.example.com/?sig=signed",
            String::new(),
        ),
        Reply::With(
            302,
            "location",
            "ftp://me:signed@evil.example.com/",
            String::new(),
        ),
        crate::host::lost(),
    ] {
        let client = Host::new([reply]).client(Provider::comet());
        check_error(
            &client
                .download(&done.videos()[0])
                .await
                .expect_err("an error"),
        );
    }
}

#[tokio::test(start_paused = true)]
async fn errors_keep_secrets_whatever_the_service_does() {
    let video = json!({"code": 0, "data": {
        "task_id": "7", "task_status": "failed", "task_status_msg": "why",
        "task_result": {"videos": [{"url": "https://cdn.example.com/v.mp4?sig=signed"}]},
    }});
    for reply in [
        crate::host::lost(),
        Reply::Silence,
        refusal(401, 1002, "no"),
        refusal(500, 5000, "no"),
        // Some services repeat the key that they don't know.
        refusal(401, 1002, &format!("Incorrect API key provided: {KEY}.")),
        Reply::Answer(500, format!("no such key: {KEY}")),
        Reply::Answer(200, "{\"code".to_owned()),
        Reply::Answer(404, "<html>".to_owned()),
        ok(&video),
    ] {
        let client = Host::new([reply]).client(Provider::comet());
        let picture = ImageSource::base64(BASE64.repeat(4));
        let request = EffectRequest::single(Scene::COLOR_MIXING, picture);
        check(&request);
        let client_unchecked = client.effects().create(request).await;
        if let Err(error) = client_unchecked {
            check_error(&error);
        }
        let waited = client.effects().task(task_id("7")).wait().await;
        check_error(&waited.expect_err("an error"));
    }
}

/// A picture's address is often signed, and services repeat what they can't fetch; of
/// an answer that was cut, its beginning is quoted.
#[tokio::test(start_paused = true)]
async fn no_signed_address_shows_in_the_service_s_words() {
    let said = "can't fetch https://me:signed@cdn.example.com/me.jpg?sig=signed, gave up";
    let cut =
        r#"{"data":{"task_id":"7","task_result":{"videos":[{"url":"https://c.example/v?sig=signed"#;
    let escaped = cut.replace('/', "\\/");
    for reply in [
        refusal(400, 1201, said),
        refusal(500, 5000, said),
        Reply::Answer(400, json!({"error": {"message": said}}).to_string()),
        Reply::Answer(500, said.to_owned()),
        ok(&json!({"code": 0, "message": said})),
        ok(&json!({"code": 0, "data": {
            "task_id": "7", "task_status": "failed", "task_status_msg": said,
        }})),
        Reply::Answer(200, cut.to_owned()),
        Reply::Answer(502, cut.to_owned()),
        Reply::Answer(200, escaped),
        Reply::BreaksOff(cut.to_owned()),
    ] {
        let client = Host::new([reply.clone()]).client(Provider::comet());
        let waited = client.effects().task(task_id("7")).wait().await;
        let error = waited.expect_err("an error");
        check_error(&error);
        check(&error.task());
        let told = error.to_string().replace('\\', "");
        assert!(told.contains("https://c"), "{told}");
        if let Err(error) = client.effects().create(request()).await {
            check_error(&error);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_picture_that_breaks_rules_is_not_quoted() {
    let client = Host::new([shows("submitted")]).client(Provider::comet());
    for picture in [
        format!("data:image/png;base64,{BASE64}"),
        format!("{BASE64}!"),
        BASE64.repeat(100),
    ] {
        let request = EffectRequest::single(Scene::COLOR_MIXING, ImageSource::base64(picture));
        let error = client
            .effects()
            .create(request)
            .await
            .expect_err("no picture");
        check_error(&error);
    }
    let url = ImageSource::url("ftp://example.com/me.jpg?sig=signed");
    let request = EffectRequest::single(Scene::COLOR_MIXING, url);
    check_error(
        &client
            .effects()
            .create(request)
            .await
            .expect_err("no picture"),
    );
}
