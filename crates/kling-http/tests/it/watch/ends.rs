//! The longest wait, and the last query of it.

use super::*;

/// Peer trap: a timeout error without the id, so that the paid task is out of reach.
#[tokio::test(start_paused = true)]
async fn the_longest_wait_ends_with_one_last_query_and_the_id() {
    let policy = PollPolicy {
        max_wait: Duration::from_secs(25),
        ..STEADY
    };
    let (host, task) = created_under(policy, [shows("processing")]).await;
    let error = task.wait().await.expect_err("too slow");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert_eq!(
        error.to_string(),
        "task 7 did not end within 25 s (last status: processing); it is still running and can be waited for again"
    );
    assert_eq!(error.task_id(), Some(&task_id("7")));
    assert_eq!(error.external_task_id(), task.external_id());
    assert_eq!(
        error.task().map(|task| task.status.as_str()),
        Some("processing")
    );
    assert_eq!(error.retryability(), Retryability::Temporary);
    assert_eq!(host.times(), [0.0, 10.0, 20.0, 25.0]);
}

/// Peer trap: a wait that spins on `CANCELLED` until it times out, or an error that
/// hides the unknown status. Kling has no such status, so the wait goes on at the
/// usual interval, and its error names the status.
#[tokio::test(start_paused = true)]
async fn a_status_that_nobody_knows_is_named_at_the_end_of_the_wait() {
    let policy = PollPolicy {
        max_wait: Duration::from_secs(25),
        ..STEADY
    };
    for word in ["CANCELLED", "expired"] {
        let (host, task) = created_under(policy, [shows(word)]).await;
        let error = task.wait().await.expect_err("no end");
        assert_eq!(error.kind(), ErrorKind::WaitTimeout);
        let named = format!("(last status: {word})");
        assert!(error.to_string().contains(&named), "{error}");
        assert_eq!(error.task().map(|task| task.status.as_str()), Some(word));
        assert_eq!(host.times(), [0.0, 10.0, 20.0, 25.0]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_query_can_still_bring_the_result() {
    let policy = PollPolicy {
        max_wait: Duration::from_secs(15),
        ..STEADY
    };
    let (host, task) = created_under(policy, [shows("processing"), done()]).await;
    assert_eq!(task.wait().await.expect("done").videos().len(), 1);
    assert_eq!(host.times(), [0.0, 10.0, 15.0]);

    // Nor does a last query that fails hide how things stood.
    let (_, task) = created_under(policy, [shows("processing"), lost()]).await;
    let error = task.wait().await.expect_err("too slow");
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert!(
        error.to_string().contains("last status: processing"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_wait_at_all_is_one_query() {
    let policy = PollPolicy {
        max_wait: Duration::ZERO,
        ..STEADY
    };
    let host = Host::new([shows("processing")]);
    let task = client(&host, policy).effects().task(task_id("7"));
    assert_eq!(
        task.wait().await.expect_err("not yet").kind(),
        ErrorKind::WaitTimeout
    );
    assert_eq!(host.times(), [0.0]);
}

/// Queries that hang and are retried must not stretch the wait: it is over one
/// try after its end at the latest.
#[tokio::test(start_paused = true)]
async fn a_silent_service_cannot_stretch_the_wait() {
    for silent_after in [0, 1, 4] {
        let script = vec![shows("processing"); silent_after];
        let host = Host::new(script.into_iter().chain([Reply::Silence]));
        let builder = host.builder(Provider::comet()).poll(STEADY);
        let task = builder
            .build()
            .expect("a client")
            .effects()
            .task(task_id("7"));
        let begun = Instant::now();
        let error = task.wait().await.expect_err("silence");
        assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{silent_after}");
        assert_eq!(begun.elapsed().as_secs(), 100 + 60, "{silent_after}");
        assert_eq!(host.times().last(), Some(&100.0), "{silent_after}");
        let why = "the last query failed: no answer in time";
        assert!(error.to_string().ends_with(why), "{error}");
    }
}
