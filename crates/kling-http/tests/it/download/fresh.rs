//! An address whose time is over: the task is asked for a fresh one, once.

use kling_http::{Task, TaskHandle};
use serde_json::{Value, json};

use super::*;
use crate::host::{Host, Reply, lost, ok, refusal};
use crate::task_id;

/// An answer that shows the task `7` with these videos.
fn shows(videos: &Value) -> Reply {
    ok(&json!({"code": 0, "data": {
        "task_id": "7", "task_status": "succeed", "task_result": {"videos": videos},
    }}))
}

fn at(address: &str) -> Reply {
    shows(&json!([{"id": "8", "url": format!("https://{address}?sig=signed")}]))
}

fn expired() -> Reply {
    Reply::Answer(403, String::new())
}

fn a_video() -> Reply {
    Reply::Answer(200, "a video".to_owned())
}

/// Waits for the task with the first reply, then downloads its first video.
async fn run(script: Vec<Reply>) -> (Host, Result<Saved, Error>, TaskHandle, Task) {
    let host = Host::new(script);
    let task = host.client(Provider::comet()).effects().task(task_id("7"));
    let done = task.wait().await.expect("done");
    let directory = tempfile::tempdir().expect("a directory");
    let saved = match task.download(&done.videos()[0]).await {
        Ok(download) => download.save_to(directory.path().join("v.mp4")).await,
        Err(error) => Err(error),
    };
    (host, saved, task, done)
}

fn hosts(host: &Host) -> Vec<String> {
    let asked = host.asked();
    let hosts = asked.iter().map(|it| {
        let uri: http::Uri = it.url.parse().expect("a URL");
        let with_key = it.headers.contains_key(AUTHORIZATION);
        assert_eq!(with_key, uri.host() == Some("api.cometapi.com"), "{uri}");
        uri.host().expect("a host").to_owned()
    });
    hosts.collect()
}

const API: &str = "api.cometapi.com";

#[tokio::test(start_paused = true)]
async fn a_fresh_address_is_used() {
    for code in [403, 404, 410] {
        let over = Reply::Answer(code, String::new());
        let script = vec![
            at("a.example.com/v"),
            over,
            at("b.example.com/v"),
            a_video(),
        ];
        let (host, saved, ..) = run(script).await;
        assert_eq!(saved.expect("a file").bytes, 7);
        assert_eq!(hosts(&host), [API, "a.example.com", API, "b.example.com"]);
    }
}

/// As long as it is valid, the task is not asked.
#[tokio::test(start_paused = true)]
async fn a_valid_address_costs_no_query() {
    let (host, saved, ..) = run(vec![at("a.example.com/v"), a_video()]).await;
    saved.expect("a file");
    assert_eq!(hosts(&host), [API, "a.example.com"]);
}

/// Perhaps the file was not there yet.
#[tokio::test(start_paused = true)]
async fn the_same_address_again_is_tried_after_a_pause() {
    let same = || at("a.example.com/v");
    let (host, saved, ..) = run(vec![same(), expired(), same(), a_video()]).await;
    saved.expect("a file");
    let times = host.times();
    assert!(times[3] - times[2] >= 1.0, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn the_task_is_asked_once() {
    let fresh = at("b.example.com/v");
    let (host, saved, ..) = run(vec![at("a.example.com/v"), expired(), fresh, expired()]).await;
    let error = saved.expect_err("over");
    assert_eq!(error.kind(), ErrorKind::ResultExpired);
    assert_eq!(error.task_id(), Some(&task_id("7")));
    let told = "that was done, and the address is still refused";
    assert!(error.to_string().contains(told), "{error}");
    assert_eq!(hosts(&host), [API, "a.example.com", API, "b.example.com"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_fresh_address_it_is_expired_and_says_why() {
    let lead = "the result's address is no longer valid (HTTP 403): query the task for a fresh one; \
                that was done, and failed: ";
    let none = "the task's answer has no address of this video any more";
    let permanent = Retryability::Permanent;
    for (reply, why, retryability) in [
        (shows(&json!([])), none, permanent),
        (
            shows(&json!([{"id": "9", "url": "https://c.example.com/"}])),
            none,
            permanent,
        ),
        (
            refusal(400, 1201, "gone"),
            "the service refused the request",
            permanent,
        ),
        (
            at("10.0.0.1/v"),
            "the result's address \"https://10.0.0.1/v\"",
            permanent,
        ),
        // An outage of the service passes.
        (lost(), "the connection broke off", Retryability::Exhausted),
    ] {
        let (_, saved, ..) = run(vec![at("a.example.com/v"), expired(), reply]).await;
        let error = saved.expect_err("over");
        let about = (error.kind(), error.retryability());
        assert_eq!(about, (ErrorKind::ResultExpired, retryability), "{why}");
        let text = error.to_string();
        assert!(text.starts_with(&format!("{lead}{why}")), "{text}");
        assert!(std::error::Error::source(&error).is_some());
        assert!(!format!("{error:?}").contains("signed"));
    }
}

/// The video is known by its id, wherever it stands in the list.
#[tokio::test(start_paused = true)]
async fn the_fresh_address_is_that_of_the_same_video() {
    let two = shows(&json!([
        {"id": "9", "url": "https://c.example.com/v"},
        {"id": "8", "url": "https://b.example.com/v"},
    ]));
    let (host, saved, ..) = run(vec![at("a.example.com/v"), expired(), two, a_video()]).await;
    saved.expect("a file");
    assert_eq!(hosts(&host)[3], "b.example.com");

    // Without an id only a single one is surely the same.
    let nameless = |host| json!({"url": format!("https://{host}/v")});
    let one = || shows(&json!([nameless("a.example.com")]));
    let fresh = shows(&json!([nameless("b.example.com")]));
    let (host, saved, ..) = run(vec![one(), expired(), fresh, a_video()]).await;
    saved.expect("a file");
    assert_eq!(hosts(&host)[3], "b.example.com");
    let two = shows(&json!([
        nameless("b.example.com"),
        nameless("c.example.com")
    ]));
    let (_, saved, ..) = run(vec![one(), expired(), two]).await;
    assert_eq!(saved.expect_err("which?").kind(), ErrorKind::ResultExpired);
}

/// Its time can end on the way; what is there is kept.
#[tokio::test(start_paused = true)]
async fn a_resumed_download_goes_on_at_the_fresh_address() {
    let cut = Reply::With(200, "content-length", "11", "a vid".to_owned());
    let script = vec![
        at("a.example.com/v"),
        cut,
        lost(),
        expired(),
        at("b.example.com/v"),
        { Reply::Answer(200, "a video too".to_owned()) },
    ];
    let (host, saved, ..) = run(script).await;
    assert_eq!(saved.expect("a file").bytes, 11);
    assert_eq!(hosts(&host)[3..], ["a.example.com", API, "b.example.com"]);
}

/// Whoever has the video only gets the error.
#[tokio::test(start_paused = true)]
async fn a_client_has_nobody_to_ask() {
    let host = Host::new([at("a.example.com/v"), expired()]);
    let client = host.client(Provider::comet());
    let task = client.effects().task(task_id("7"));
    let done = task.wait().await.expect("done");
    let error = client.download(&done.videos()[0]).await;
    assert_eq!(error.expect_err("over").kind(), ErrorKind::ResultExpired);
    assert_eq!(hosts(&host), [API, "a.example.com"]);
}
