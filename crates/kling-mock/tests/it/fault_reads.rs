//! Faults of reads: `lag`, `stale` and `regress`.

use kling_mock::{Mock, Plan, PlanRule};

use crate::faults::{create, mock_with, status_of};

#[tokio::test]
async fn queries_may_lag_be_stale_or_regress() {
    let mock = mock_with(&["get:lag=2"]);
    create(&mock).await.expect("an answer");
    let missing = "Task not found by id/external id: mine";
    for wanted in [missing, missing, "succeed"] {
        assert_eq!(status_of(&mock, "mine").await, wanted);
    }

    // Two reads old: what the second to last read would have returned.
    let mock = mock_with(&["get:stale=2"]);
    create(&mock).await.expect("an answer");
    for wanted in [
        "submitted",
        "submitted",
        "submitted",
        "processing",
        "succeed",
    ] {
        assert_eq!(status_of(&mock, "mine").await, wanted);
    }

    let mock = mock_with(&["get#3:regress"]);
    create(&mock).await.expect("an answer");
    for wanted in ["submitted", "processing", "processing", "succeed"] {
        assert_eq!(status_of(&mock, "mine").await, wanted);
    }
}

/// Queries this many times; returns the statuses, or `?` if the task is not found.
async fn statuses(mock: &Mock, reads: usize) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..reads {
        let status = status_of(mock, "mine").await;
        seen.push(if status.contains("not found") {
            "?".to_owned()
        } else {
            status
        });
    }
    seen
}

/// Whatever manual steps are taken: a task that was found is not hidden again, and no query
/// returns an older state than an earlier one. Only `regress` goes back.
#[tokio::test]
async fn lag_and_stale_never_contradict_earlier_reads() {
    let held = async |faults: &[&str]| {
        let mock = mock_with(faults);
        mock.add_plan_rule(PlanRule::new(Plan::held()));
        create(&mock).await.expect("an answer");
        mock
    };
    let release = |mock: &Mock| drop(mock.release("mine").expect("released"));
    let arm = |mock: &Mock, fault: &str| mock.arm(fault.parse().expect(fault));
    let (hidden, submitted) = ("?", "submitted");
    let (processing, succeed) = ("processing", "succeed");

    let mock = held(&["get:lag=2"]).await;
    assert_eq!(statuses(&mock, 3).await, [hidden, hidden, submitted]);
    release(&mock);
    assert_eq!(statuses(&mock, 2).await, [processing, processing]);

    // A task that was found before the fault was armed is not hidden.
    let mock = held(&[]).await;
    assert_eq!(statuses(&mock, 1).await, [submitted]);
    arm(&mock, "get:lag=9");
    assert_eq!(statuses(&mock, 2).await, [submitted, submitted]);

    // Queries that did not find the task count.
    let mock = held(&["get:lag=1 x1"]).await;
    assert_eq!(statuses(&mock, 1).await, [hidden]);
    release(&mock);
    arm(&mock, "get:lag=2");
    assert_eq!(statuses(&mock, 2).await, [hidden, processing]);

    let mock = held(&["get:stale=1"]).await;
    assert_eq!(statuses(&mock, 2).await, [submitted, submitted]);
    release(&mock);
    let seen = statuses(&mock, 3).await;
    assert_eq!(seen, [submitted, processing, processing]);
    release(&mock);
    assert_eq!(statuses(&mock, 2).await, [processing, succeed]);

    // Earlier states are unknown to a new fault: it starts from the latest one that may
    // have been seen.
    let mock = held(&[]).await;
    release(&mock);
    assert_eq!(statuses(&mock, 1).await, [processing]);
    arm(&mock, "get:stale=2");
    assert_eq!(statuses(&mock, 1).await, [processing]);
    release(&mock);
    let seen = statuses(&mock, 3).await;
    assert_eq!(seen, [processing, processing, succeed]);

    // The same applies between two faults.
    let mock = held(&[]).await;
    let fault = arm(&mock, "get:stale=2");
    assert_eq!(statuses(&mock, 1).await, [submitted]);
    mock.disarm(fault);
    release(&mock);
    assert_eq!(statuses(&mock, 1).await, [processing]);
    arm(&mock, "get:stale=2");
    assert_eq!(statuses(&mock, 1).await, [processing]);
}
