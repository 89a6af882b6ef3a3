//! Callbacks as hints: they wake, and can do nothing else.

use std::time::Duration;

use std::future::IntoFuture as _;

use kling_http::{
    ErrorKind, ExternalTaskId, PollPolicy, Provider, RetryPolicy, TaskCallback, TaskEvent,
};
use proptest::prelude::*;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::host::{Host, Reply, done, shows};
use crate::{request, task_id};

fn callback(id: &str, external: Option<&str>, status: &str) -> TaskCallback {
    let body = json!({
        "task_id": id, "task_status": status,
        "task_info": {"external_task_id": external},
        "task_result": {"videos": [{"url": "https://evil.example/v.mp4"}]},
    });
    TaskCallback::from_slice(body.to_string().as_bytes()).expect("a callback")
}

fn never_retry(host: &Host) -> kling_http::Client {
    let builder = host.builder(Provider::comet()).retry(RetryPolicy::never());
    builder.build().expect("a client")
}

/// The waiter asks at once, by either id, and takes the service's word, not
/// the callback's.
#[tokio::test(start_paused = true)]
async fn a_callback_wakes_the_waiter_who_asks_the_service() {
    for (id, external) in [("7", None), ("upstream-1", Some("job-7"))] {
        let host = Host::new([shows("submitted"), shows("processing"), done()]);
        let client = never_retry(&host);
        let mut wanted = request();
        wanted.external_task_id = ExternalTaskId::new("job-7");
        let task = client.effects().create(wanted).await.expect("a task");
        let waiting = tokio::spawn({
            let task = task.clone();
            async move { task.wait().await }
        });
        sleep(Duration::from_secs(10)).await;
        assert!(
            !client
                .effects()
                .notify(&callback("8", Some("job-8"), "succeed"))
        );
        assert!(client.effects().notify(&callback(id, external, "succeed")));
        sleep(Duration::from_secs(5)).await;
        assert!(!waiting.is_finished(), "a callback is no proof");
        assert!(
            client
                .clone()
                .effects()
                .notify(&callback(id, external, "failed"))
        );
        let done = waiting.await.expect("no panic").expect("done");
        assert_eq!(
            done.videos()[0].url.as_deref(),
            Some("https://cdn.example.com/v.mp4?sig=signed")
        );
        assert_eq!(
            host.times().iter().map(|at| at.round()).collect::<Vec<_>>(),
            [0.0, 10.0, 15.0]
        );
        assert!(!client.effects().wake("7"), "nobody waits any more");
    }
}

/// Polling is the safety net: callbacks neither replace it nor put it off.
#[tokio::test(start_paused = true)]
async fn callbacks_leave_the_schedule_as_it_is() {
    use kling_http::PollPolicy;
    let host = Host::new([shows("submitted"), shows("processing")]);
    let policy = PollPolicy::every(Duration::from_secs(10));
    let builder = host.builder(Provider::comet()).poll(policy);
    let client = builder.build().expect("a client");
    let task = client.effects().create(request()).await.expect("a task");
    let waiting = tokio::spawn(task.into_future());
    sleep(Duration::from_secs(24)).await;
    client.effects().wake("7");
    sleep(Duration::from_secs(21)).await;
    waiting.abort();
    let times: Vec<_> = host.times().iter().map(|at| at.round()).collect();
    assert_eq!(times, [0.0, 10.0, 20.0, 24.0, 30.0, 40.0]);
}

/// A flood of forged callbacks is no flood of queries, nor does it use up the
/// failures that are tolerated.
#[tokio::test(start_paused = true)]
async fn a_flood_of_callbacks_is_no_flood_of_queries() {
    for reply in [shows("processing"), Reply::Answer(502, String::new())] {
        let host = Host::new([shows("processing"), reply]);
        let client = never_retry(&host);
        let task = client.effects().create(request()).await.expect("a task");
        let waiting = tokio::spawn(task.into_future());
        sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            for _ in 0..100 {
                client.effects().wake("7");
            }
            sleep(Duration::from_millis(10)).await;
        }
        assert!(!waiting.is_finished());
        let times = host.times();
        assert!((4..=8).contains(&times.len()), "{times:?}");
        waiting.abort();
    }
}

/// News make the next callback count again.
#[tokio::test(start_paused = true)]
async fn news_shorten_the_gap_again() {
    let host = Host::new([
        shows("submitted"),
        shows("submitted"),
        shows("submitted"),
        shows("submitted"),
        shows("processing"),
        done(),
    ]);
    let client = never_retry(&host);
    let task = client.effects().create(request()).await.expect("a task");
    let waiting = tokio::spawn(task.into_future());
    for _ in 0..200 {
        sleep(Duration::from_millis(100)).await;
        client.effects().wake("7");
    }
    assert!(waiting.await.expect("no panic").is_ok());
    let waits: Vec<_> = host
        .times()
        .windows(2)
        .map(|two| (two[1] - two[0]).round())
        .collect();
    assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 1.0]);
}

/// A service that asks for a pause gets it, whoever calls back.
#[tokio::test(start_paused = true)]
async fn callbacks_do_not_override_retry_after() {
    let slow = Reply::With(
        429,
        "retry-after",
        "42",
        r#"{"code":1302,"message":""}"#.to_owned(),
    );
    let host = Host::new([slow, done()]);
    let client = never_retry(&host);
    let waiting = tokio::spawn(client.effects().task(task_id("7")).into_future());
    for _ in 0..60 {
        sleep(Duration::from_secs(1)).await;
        client.effects().wake("7");
    }
    assert!(waiting.await.expect("no panic").is_ok());
    assert_eq!(
        host.times().iter().map(|at| at.round()).collect::<Vec<_>>(),
        [0.0, 42.0]
    );
}

/// Two who wait for one task are both woken; who left is forgotten.
#[tokio::test(start_paused = true)]
async fn all_who_wait_are_woken() {
    let host = Host::new([shows("submitted"), done()]);
    let client = never_retry(&host);
    let task = client.effects().create(request()).await.expect("a task");
    let one = tokio::spawn(task.clone().into_future());
    let two = tokio::spawn(task.clone().into_future());
    let left = tokio::time::timeout(Duration::from_secs(2), task.wait()).await;
    assert!(left.is_err());
    client.effects().wake("7");
    sleep(Duration::from_secs(2)).await;
    assert!(one.is_finished() && two.is_finished());
    assert!(!client.effects().wake("7"));
    assert_eq!(host.asked().len(), 3);
}

/// In whatever order and number callbacks come: the same changes are told, each
/// once, and the same end.
async fn hold_to_the_laws(hints: Vec<(u64, &'static str)>) {
    let host = Host::new(
        [shows("submitted"), shows("processing")]
            .into_iter()
            .chain(vec![shows("processing"); 6].into_iter().chain([done()])),
    );
    let client = never_retry(&host);
    let task = client.effects().create(request()).await.expect("a task");
    let hinting = tokio::spawn({
        let client = client.clone();
        async move {
            for (wait, status) in hints {
                sleep(Duration::from_millis(wait)).await;
                client.effects().notify(&callback("7", None, status));
            }
        }
    });
    let mut told = Vec::new();
    let mut events = task.events();
    while let Some(event) = events.next().await {
        match event.expect("no error") {
            TaskEvent::Changed(task) | TaskEvent::Done(task) => told.push(task.status.to_string()),
            other => panic!("{other:?}"),
        }
    }
    hinting.abort();
    assert_eq!(told, ["submitted", "processing", "succeed"]);
    assert_eq!(host.asked().len(), 9);
    for two in host.times().windows(2) {
        assert!(two[1] - two[0] > 0.99, "{:?}", host.times());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn duplicates_and_disorder_change_nothing(
        hints in prop::collection::vec(
            (0_u64..20_000, prop::sample::select(vec!["submitted", "processing", "succeed", "failed", "odd"])),
            0..60,
        ),
    ) {
        crate::in_virtual_time(hold_to_the_laws(hints));
    }
}

/// The end of the wait is the same with callbacks.
#[tokio::test(start_paused = true)]
async fn a_stuck_task_ends_the_wait_all_the_same() {
    let host = Host::new([shows("processing")]);
    let client = never_retry(&host);
    let task = client.effects().create(request()).await.expect("a task");
    let begun = Instant::now();
    let waiting = tokio::spawn(task.into_future());
    while !waiting.is_finished() {
        sleep(Duration::from_secs(7)).await;
        client.effects().wake("7");
    }
    let error = waiting.await.expect("no panic").expect_err("stuck");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert!(begun.elapsed() < Duration::from_secs(1810));
}

/// A callback comes just when the address may not show yet.
#[tokio::test(start_paused = true)]
async fn callbacks_do_not_use_up_the_patience_for_an_address() {
    let mut script = vec![shows("submitted")];
    script.extend(vec![shows("succeed"); 40]);
    let host = Host::new(script);
    let builder = host.builder(Provider::comet());
    let policy = PollPolicy::every(Duration::from_secs(15));
    let client = builder.poll(policy).build().expect("a client");
    let task = client.effects().create(request()).await.expect("a task");
    let waiting = tokio::spawn(task.into_future());
    for _ in 0..100 {
        sleep(Duration::from_millis(500)).await;
        client.effects().wake("7");
    }
    assert!(!waiting.is_finished(), "after {:?}", host.times());
    let error = waiting.await.expect("no panic").expect_err("no address");
    assert_eq!(error.kind(), ErrorKind::NoResult);
}
