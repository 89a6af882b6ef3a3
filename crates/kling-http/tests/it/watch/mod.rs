//! Watching a task: every change once, every failed poll told, and an end.

mod ends;
mod failures;

use std::time::Duration;

use kling_http::{
    Backoff, Client, Error, ErrorKind, PollPolicy, PollSchedule, Provider, RetryPolicy,
    Retryability, TaskEvent, TaskHandle, TransportErrorKind,
};
use serde_json::json;
use tokio::time::Instant;

use crate::host::{Host, Reply, done, lost, ok, refusal, shows};
use crate::{request, sample, task_id};

const EVERY_TEN_SECONDS: Backoff = Backoff {
    initial: Duration::from_secs(10),
    factor: 1.0,
    max_interval: Duration::from_secs(10),
    jitter: 0.0,
};

/// Every 10 s, for 100 s.
const STEADY: PollPolicy = PollPolicy {
    schedule: PollSchedule::Backoff(EVERY_TEN_SECONDS),
    max_wait: Duration::from_secs(100),
    max_failures: 3,
};

fn client(host: &Host, poll: PollPolicy) -> Client {
    let builder = host.builder(Provider::comet()).poll(poll);
    builder
        .retry(RetryPolicy::never())
        .build()
        .expect("a client")
}

/// A task that was just created, `submitted`; the host then follows the script.
async fn created(script: impl IntoIterator<Item = Reply>) -> (Host, TaskHandle) {
    created_under(STEADY, script).await
}

async fn created_under(
    policy: PollPolicy,
    script: impl IntoIterator<Item = Reply>,
) -> (Host, TaskHandle) {
    let host = Host::new([shows("submitted")].into_iter().chain(script));
    let task = client(&host, policy).effects().create(request()).await;
    (host, task.expect("a task"))
}

fn resumed(script: impl IntoIterator<Item = Reply>) -> (Host, TaskHandle) {
    let host = Host::new(script);
    let task = client(&host, STEADY).effects().task(task_id("7"));
    (host, task)
}

/// An event in a word or two.
fn told(event: Result<TaskEvent, Error>) -> String {
    match event {
        Ok(TaskEvent::Changed(task)) => task.status.to_string(),
        Ok(TaskEvent::Done(task)) => format!("done: {}", task.status),
        Ok(TaskEvent::PollFailed {
            failures, next_in, ..
        }) => {
            format!("failure {failures}, next in {} s", next_in.as_secs_f64())
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => format!("{}: {error}", error.kind().name()),
    }
}

/// All events, and the seconds from the start of the watch at which they came.
async fn events(task: &TaskHandle) -> Vec<(f64, String)> {
    let begun = Instant::now();
    let mut events = task.events();
    let mut all = Vec::new();
    while let Some(event) = events.next().await {
        all.push((begun.elapsed().as_secs_f64(), told(event)));
    }
    assert!(events.next().await.is_none(), "an ended watch stays ended");
    all
}

#[track_caller]
fn expect(events: &[(f64, String)], expected: &[(f64, &str)]) {
    let events: Vec<_> = events
        .iter()
        .map(|(at, told)| (at.round(), told.as_str()))
        .collect();
    assert_eq!(events, expected);
}

#[tokio::test(start_paused = true)]
async fn each_change_is_told_once() {
    let (host, task) = created([
        shows("submitted"),
        shows("submitted"),
        shows("processing"),
        shows("processing"),
        done(),
    ])
    .await;
    expect(
        &events(&task).await,
        &[
            (0.0, "submitted"),
            (30.0, "processing"),
            (50.0, "done: succeed"),
        ],
    );
    assert_eq!(host.times(), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
}

/// Peer trap: an unknown status ends the wait as a success or as an error, or is
/// polled without a pause.
#[tokio::test(start_paused = true)]
async fn an_unknown_status_is_a_change_and_no_end() {
    let (_, task) = created([
        shows("reviewing"),
        shows("reviewing"),
        shows("cancelled"),
        done(),
    ])
    .await;
    expect(
        &events(&task).await,
        &[
            (0.0, "submitted"),
            (10.0, "reviewing"),
            (30.0, "cancelled"),
            (40.0, "done: succeed"),
        ],
    );
    // Nor is it a success if there is something to see already.
    let preview = ok(&json!({"code": 0, "data": {
        "task_id": "7", "task_status": "reviewing",
        "task_result": {"videos": [{"id": "8", "url": "https://cdn.example.com/preview.mp4"}]},
    }}));
    let (_, task) = created([preview, done()]).await;
    expect(
        &events(&task).await,
        &[
            (0.0, "submitted"),
            (10.0, "reviewing"),
            (20.0, "done: succeed"),
        ],
    );
    let (_, task) = created([ok(&json!({"code": 0, "data": {"task_id": "7"}})), done()]).await;
    expect(
        &events(&task).await,
        &[(0.0, "submitted"), (10.0, ""), (20.0, "done: succeed")],
    );
}

#[tokio::test(start_paused = true)]
async fn a_status_that_goes_back_does_no_harm() {
    let (_, task) = created([
        shows("processing"),
        shows("submitted"),
        done(),
        shows("processing"),
    ])
    .await;
    expect(
        &events(&task).await,
        &[
            (0.0, "submitted"),
            (10.0, "processing"),
            (20.0, "submitted"),
            (30.0, "done: succeed"),
        ],
    );
}

/// Nor is a success taken back that has no address yet: the caller learns that
/// it was made, not that it did not end, or failed.
#[tokio::test(start_paused = true)]
async fn a_success_is_never_taken_back() {
    let empty = || ok(&json!({"code": 0, "data": {"task_id": "7", "task_status": "succeed"}}));
    for late in ["processing", "failed", "odd"] {
        let (_, task) = created([empty(), shows(late), done()]).await;
        expect(
            &events(&task).await,
            &[
                (0.0, "submitted"),
                (10.0, "succeed"),
                (30.0, "done: succeed"),
            ],
        );
        let (host, task) = created([empty(), shows(late)]).await;
        let error = task.wait().await.expect_err("no result");
        assert_eq!(error.kind(), ErrorKind::NoResult, "{late}");
        let status = error.task().map(|task| task.status.as_str());
        assert_eq!(status, Some("succeed"));
        assert_eq!(host.asked().len(), 7, "{late}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_grow_by_the_factor_to_the_longest() {
    let policy = PollPolicy {
        schedule: PollSchedule::Backoff(Backoff {
            initial: Duration::from_secs(1),
            factor: 2.0,
            max_interval: Duration::from_secs(5),
            jitter: 0.0,
        }),
        ..STEADY
    };
    let host = Host::new([shows("submitted"), shows("processing")]);
    let task = client(&host, policy).effects().create(request()).await;
    let task = task.expect("a task");
    let _ = tokio::time::timeout(Duration::from_secs(18), task.wait()).await;
    assert_eq!(host.times(), [0.0, 1.0, 3.0, 7.0, 12.0, 17.0]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_is_an_error_with_its_own_reason() {
    let (_, task) = resumed([Reply::Answer(
        200,
        sample("resp.kling.effects.query.failed.docshape"),
    )]);
    let error = task.wait().await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    assert_eq!(error.to_string(), "task 7 failed: Image pixel is invalid");
    assert_eq!(error.retryability(), Retryability::Permanent);
    let shown = error.task().expect("the task");
    assert_eq!(shown.id.as_str(), "930831534075682845");
    assert_eq!(error.task_id(), Some(&task_id("7")));

    let (_, task) = resumed([shows("failed")]);
    let error = task.wait().await.expect_err("failed");
    assert_eq!(
        error.to_string(),
        "task 7 failed: the service gave no reason"
    );
}

/// In whatever wrapping, under whatever id the inner service has for it.
#[tokio::test(start_paused = true)]
async fn wrapped_answers_are_unwrapped() {
    let (_, task) = resumed([Reply::Answer(
        200,
        sample("resp.cometapi.omni-query.wrapped-success.reconstructed"),
    )]);
    let done = task.wait().await.expect("done");
    assert_eq!(
        done.videos()[0].url.as_deref(),
        Some("https://example.com/generated-video.mp4")
    );

    let (_, task) = resumed([ok(&json!({"code": "success", "data": {
        "task_id": "7", "status": "SUCCESS", "progress": "100%",
        "data": {"code": 0, "data": {
            "task_id": "inner", "task_status": "succeed",
            "task_result": {"videos": [{"url": "https://cdn.example.com/v.mp4"}]},
        }},
    }}))]);
    let done = task.wait().await.expect("done");
    assert_eq!(done.id.as_str(), "7");
    assert_eq!(done.videos().len(), 1);

    // A wrapper that speaks for the task, before there is one inside.
    let queued =
        ok(&json!({"code": "success", "data": {"task_id": "7", "status": "QUEUED", "data": null}}));
    let (_, task) = resumed([queued, done_in_wrapper()]);
    expect(
        &events(&task).await,
        &[(0.0, "QUEUED"), (10.0, "done: COMPLETED")],
    );
}

fn done_in_wrapper() -> Reply {
    ok(&json!({"code": "success", "data": {
        "task_id": "7", "status": "COMPLETED",
        "task_result": {"videos": [{"url": "https://cdn.example.com/v.mp4"}]},
    }}))
}

/// Some gateways show a body of their own in place of a failed task's.
#[tokio::test(start_paused = true)]
async fn a_failure_in_the_gateway_s_words_is_the_task_s() {
    for (body, reason) in [
        (
            json!({"status": "FAILURE", "error": "risk control"}),
            "risk control",
        ),
        (
            json!({"status": "failed", "error": {"message": "risk control"}}),
            "risk control",
        ),
        (
            json!({"code": "success", "data": {"status": "FAILURE", "fail_reason": "risk control"}}),
            "risk control",
        ),
    ] {
        let (_, task) = resumed([ok(&body)]);
        let error = task.wait().await.expect_err("failed");
        assert_eq!(error.kind(), ErrorKind::TaskFailed, "{body}");
        assert_eq!(error.to_string(), format!("task 7 failed: {reason}"));
    }
}

/// Peers poll on for ever, or hand out an empty address.
#[tokio::test(start_paused = true)]
async fn a_success_without_a_result_is_its_own_error() {
    for result in [
        json!(null),
        json!({}),
        json!({"videos": null, "images": null}),
        json!({"videos": []}),
        json!({"videos": [{"id": "8"}]}),
        json!({"videos": [{"id": "8", "url": " "}]}),
    ] {
        let body = json!({"code": 0, "data": {
            "task_id": "7", "task_status": "succeed", "task_result": result,
        }});
        let (host, task) = resumed([ok(&body)]);
        let error = task.wait().await.expect_err("no result");
        assert_eq!(error.kind(), ErrorKind::NoResult, "{body}");
        assert_eq!(error.retryability(), Retryability::Temporary);
        assert_eq!(error.task_id(), Some(&task_id("7")));
        assert_eq!(host.asked().len(), 6, "an address may take a moment");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_unknown_age_is_asked_after_at_once() {
    let (host, task) = resumed([shows("processing"), done()]);
    assert!(task.snapshot().is_none());
    expect(
        &events(&task).await,
        &[(0.0, "processing"), (10.0, "done: succeed")],
    );
    assert_eq!(host.times(), [0.0, 10.0]);
}

/// A create that is answered with a finished task asks nothing more.
#[tokio::test(start_paused = true)]
async fn a_task_that_is_done_at_once_is_done() {
    let host = Host::new([done()]);
    let task = client(&host, STEADY)
        .effects()
        .create(request())
        .await
        .expect("a task");
    expect(&events(&task).await, &[(0.0, "done: succeed")]);
    assert_eq!(host.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn awaiting_the_handle_is_waiting() {
    let (_, task) = created([shows("processing"), done()]).await;
    let waited = task.wait().await.expect("done");
    let awaited = task.clone().await.expect("done");
    assert_eq!(waited, awaited);
}

/// After a wait that was too short.
#[tokio::test(start_paused = true)]
async fn a_task_can_be_waited_for_again() {
    let (_, task) = created(vec![shows("processing"); 10].into_iter().chain([done()])).await;
    assert_eq!(
        task.wait().await.expect_err("too slow").kind(),
        ErrorKind::WaitTimeout
    );
    assert_eq!(task.wait().await.expect("done").videos().len(), 1);
}

/// With growth and jitter too: never sooner than the policy's shortest wait.
#[tokio::test(start_paused = true)]
async fn queries_are_never_closer_than_the_policy() {
    let policy = PollPolicy {
        schedule: PollSchedule::Backoff(Backoff {
            initial: Duration::from_secs(4),
            factor: 1.5,
            max_interval: Duration::from_secs(15),
            jitter: 0.2,
        }),
        max_wait: Duration::from_secs(600),
        max_failures: 1_000,
    };
    let host = Host::new([
        shows("submitted"),
        shows("processing"),
        lost(),
        shows("odd"),
        lost(),
    ]);
    let task = client(&host, policy)
        .effects()
        .create(request())
        .await
        .expect("a task");
    task.wait().await.expect_err("never done");
    let times = host.times();
    let waits: Vec<_> = times.windows(2).map(|two| two[1] - two[0]).collect();
    let (_last, regular) = waits.split_last().expect("waits");
    for (number, wait) in (0..).zip(regular) {
        let longest = (4.0 * 1.5_f64.powi(number)).min(15.0);
        // A millisecond either way: that is how finely the clock ticks.
        let bounds = longest * 0.8 - 0.001..=longest + 0.002;
        assert!(
            bounds.contains(wait),
            "wait {number}: {wait} is not in {bounds:?}"
        );
    }
    assert!(regular.len() > 35, "{times:?}");
    assert_eq!(times.last().map(|at| at.round()), Some(600.0));
}

#[tokio::test(start_paused = true)]
async fn the_service_may_ask_for_a_longer_wait() {
    let slow = Reply::With(
        429,
        "retry-after",
        "42",
        r#"{"code":1302,"message":""}"#.to_owned(),
    );
    let (host, task) = resumed([slow, done()]);
    expect(
        &events(&task).await,
        &[(0.0, "failure 1, next in 42 s"), (42.0, "done: succeed")],
    );
    assert_eq!(host.times(), [0.0, 42.0]);
}

/// A header of somebody on the way must not hide a result until the watch is over.
#[tokio::test(start_paused = true)]
async fn no_service_can_ask_for_an_endless_wait() {
    for wait in [
        "61",
        "31536000",
        "99999999999999999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let slow = Reply::With(429, "retry-after", wait, String::new());
        let (host, task) = resumed([slow, done()]);
        assert!(task.wait().await.is_ok(), "{wait}");
        assert_eq!(host.times(), [0.0, 60.0], "{wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_watch_stops_the_polling() {
    let (host, task) = created([shows("processing")]).await;
    let mut events = task.events();
    while let Some(event) = events.next().await {
        if told(event) == "processing" {
            break;
        }
    }
    drop(events);
    let watched = tokio::time::timeout(Duration::from_secs(25), task.wait());
    assert!(watched.await.is_err());
    let asked = host.asked().len();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(host.asked().len(), asked);
}

/// Minutes of waiting take no time on a clock that is paused.
#[tokio::test(start_paused = true)]
async fn the_default_policy_sees_a_long_task_through() {
    let host = Host::new(vec![shows("processing"); 45].into_iter().chain([done()]));
    let task = host.client(Provider::comet()).effects().task(task_id("7"));
    let begun = Instant::now();
    task.wait().await.expect("done");
    let took = begun.elapsed().as_secs();
    assert!((360..=720).contains(&took), "{took}");
}
