//! Queries that fail: which are told and tolerated, which end the watch.

use super::*;

/// A paid result is not lost to a failed poll.
#[tokio::test(start_paused = true)]
async fn failed_polls_are_told_and_tolerated() {
    let (_, task) = created([
        lost(),
        Reply::Answer(502, "<html>".to_owned()),
        Reply::Answer(200, "{".to_owned()),
        shows("processing"),
        refusal(200, 7777, "new"),
        Reply::Lost(TransportErrorKind::Timeout),
        refusal(429, 1302, ""),
        done(),
    ])
    .await;
    let failure = |count| format!("failure {count}, next in 10 s");
    expect(
        &events(&task).await,
        &[
            (0.0, "submitted"),
            (10.0, &failure(1)),
            (20.0, &failure(2)),
            (30.0, &failure(3)),
            (40.0, "processing"),
            (50.0, &failure(1)),
            (60.0, &failure(2)),
            (70.0, &failure(3)),
            (80.0, "done: succeed"),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn one_failure_too_many_ends_the_watch_with_the_id() {
    let (host, task) = created([lost()]).await;
    let error = task.wait().await.expect_err("four failures");
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.task_id(), Some(&task_id("7")));
    assert_eq!(error.external_task_id(), task.external_id());
    assert_eq!(host.times(), [0.0, 10.0, 20.0, 30.0, 40.0]);
}

/// What says that waiting is of no use.
fn permanent() -> [(Reply, ErrorKind); 5] {
    [
        (refusal(401, 1002, ""), ErrorKind::Auth),
        (refusal(429, 1102, ""), ErrorKind::Account),
        (
            refusal(400, 1201, "Task not found by id/external id: 7"),
            ErrorKind::NotFound,
        ),
        (Reply::Answer(404, String::new()), ErrorKind::NotFound),
        (Reply::Answer(200, "<html>".to_owned()), ErrorKind::Config),
    ]
}

/// A peer hides 401, 403 and 422 behind fifteen minutes of waiting.
#[tokio::test(start_paused = true)]
async fn permanent_errors_about_an_id_from_elsewhere_end_the_watch_at_once() {
    for (reply, kind) in permanent() {
        let (host, task) = resumed([reply]);
        let error = task.wait().await.expect_err("permanent");
        let about = (error.kind(), error.task_id());
        assert_eq!(about, (kind, Some(&task_id("7"))), "{error}");
        assert_eq!(host.times(), [0.0], "{error}");
    }
}

/// Who has the id alone may have seen the task since.
#[tokio::test(start_paused = true)]
async fn a_task_that_was_seen_outlives_a_stray_answer() {
    for (reply, kind) in permanent() {
        let (_, task) = resumed([shows("processing"), reply, done()]);
        assert!(task.wait().await.is_ok(), "{kind:?}");
    }
}

/// A query that failed is told in many words. None of them is the task's.
#[tokio::test(start_paused = true)]
async fn a_failed_query_is_no_failed_task() {
    for said in [
        json!({"status": "error", "message": "upstream timeout, try again"}),
        json!({"status": "fail", "message": "too many requests"}),
        json!({"status": "failed", "error": {"message": "slow down", "type": "rate_limit"}}),
        json!({"code": 0, "data": {"status": "error", "message": "the database is locked"}}),
    ] {
        let (_, task) = created([ok(&said), done()]).await;
        assert!(task.wait().await.is_ok(), "{said}");
    }
}

/// Seen through a gateway, in the place of a failed task.
#[tokio::test(start_paused = true)]
async fn an_answer_without_a_task_tells_what_the_service_says() {
    let said = json!({"code": "0", "message": "Failure to pass the risk control system"});
    let (_, task) = created([ok(&said)]).await;
    let error = task.wait().await.expect_err("no task");
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = error.to_string();
    assert!(
        text.contains("Failure to pass the risk control system"),
        "{text}"
    );
}

/// A task that was paid for is there, whatever one answer says; but what goes on
/// saying so ends the watch, within the failures that are tolerated.
#[tokio::test(start_paused = true)]
async fn a_created_task_outlives_a_stray_answer() {
    for (reply, kind) in permanent() {
        let (_, task) = created([reply.clone(), done()]).await;
        assert!(task.wait().await.is_ok(), "{kind:?}");

        // Another process saved it.
        let (host, _) = resumed([reply.clone(), done()]);
        let client = client(&host, STEADY);
        let saved =
            json!({"provider": "comet", "collection": "/v1/videos/effects", "task_id": "7"});
        let saved = serde_json::from_value(saved).expect("a saved task");
        let task = client.effects().resume(saved).expect("a task");
        assert!(task.wait().await.is_ok(), "{kind:?}");

        let (host, task) = created([reply]).await;
        let error = task.wait().await.expect_err("permanent");
        let about = (error.kind(), error.task_id());
        assert_eq!(about, (kind, Some(&task_id("7"))), "{error}");
        let queries = match kind {
            ErrorKind::Auth | ErrorKind::Account => 2,
            _ => 4,
        };
        assert_eq!(host.times().len(), 1 + queries, "{error}");
    }
}
