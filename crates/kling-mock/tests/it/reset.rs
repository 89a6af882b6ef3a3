//! What is forgotten is gone, also where something of it is still under way: a
//! test begins with nothing of the one before it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kling_http::{Body, Transport, TransportError, transport_fn};
use kling_mock::{Account, JournalEntry, ManualClock, Mock, Plan, Profile, ResetScope};
use tokio::time::{sleep, timeout};

use crate::door::Door;
use crate::single;

const HOOK: &str = "http://127.0.0.1:9/hook";

/// It is the next test that would pay.
#[tokio::test(start_paused = true)]
async fn a_create_that_waits_meanwhile_is_never_carried_out() {
    for (scope, left) in [
        (ResetScope::All, 0),
        (ResetScope::Tasks, 0),
        (ResetScope::Journal, 1),
        (ResetScope::Faults, 1),
    ] {
        let mock = Mock::new();
        mock.arm("create#1:delay=2s".parse().expect("a fault"));
        let door = Door::of(&mock);
        let body = single();
        let waited = timeout(Duration::from_millis(500), door.create("/kling", &body)).await;
        assert!(waited.is_err());
        mock.reset_scope(scope);
        sleep(Duration::from_secs(3)).await;
        let found = (mock.charges().len(), mock.journal().len());
        assert_eq!(found, (left, left), "{scope}");
    }
}

/// A receiver that takes so long.
fn slow(by: Duration) -> impl Transport {
    transport_fn(move |_| async move {
        sleep(by).await;
        Ok::<_, TransportError>(http::Response::new(Body::empty()))
    })
}

#[tokio::test(start_paused = true)]
async fn a_callback_of_an_account_that_is_closed_meanwhile_is_nobody_s() {
    let mock = Mock::builder().plan(Plan::stuck()).build();
    let running = tokio::spawn(mock.clone().run_callbacks(slow(Duration::from_secs(2))));
    let key = mock.add_account(&Account::new("second")).expect("a key");
    let mut body = single();
    body["callback_url"] = HOOK.into();
    let door = Door::of(&mock).with_key(&key);
    assert_eq!(door.create("/kling", &body).await.status, 200);
    sleep(Duration::from_secs(1)).await;
    mock.remove_account("second").expect("closed");
    sleep(Duration::from_secs(9)).await;
    let entries = mock.journal();
    let accounts: Vec<_> = entries.iter().map(JournalEntry::account).collect();
    assert_eq!(accounts, [Some("second".into())]);
    running.abort();
}

/// What is told of a forgotten task is not told of the next one.
#[tokio::test(start_paused = true)]
async fn a_callback_that_is_under_way_meanwhile_leaves_no_trace() {
    for scope in [ResetScope::All, ResetScope::Tasks] {
        let mock = Mock::builder().plan(Plan::stuck()).build();
        let running = tokio::spawn(mock.clone().run_callbacks(slow(Duration::from_secs(2))));
        let create = async || {
            let mut body = single();
            body["callback_url"] = HOOK.into();
            Door::of(&mock).create("/kling", &body).await.task_id()
        };
        create().await;
        sleep(Duration::from_secs(1)).await;
        mock.reset_scope(scope);
        mock.reset_scope(ResetScope::Journal);
        let second = create().await;
        sleep(Duration::from_millis(1_500)).await;
        let told: Vec<_> = mock.callback_attempts("default");
        let outcomes: Vec<_> = told.iter().map(|it| it.outcome.as_deref()).collect();
        assert_eq!(outcomes, [None], "{scope}");
        assert_eq!(mock.journal().len(), 1, "{scope}: the second create alone");
        sleep(Duration::from_secs(5)).await;
        let journal = mock.journal();
        let mut tasks = journal.iter().filter_map(JournalEntry::task_id);
        assert!(tasks.all(|id| id == second), "{scope}");
        running.abort();
    }
}

/// All that has an id of its own, and what chance decides: a task, a request, a
/// fault and which requests meet it, a callback.
async fn ids(mock: &Mock) -> [String; 4] {
    let fault = mock.arm("get p=0.5:503".parse().expect("a fault"));
    let door = Door::of(mock);
    let mut body = single();
    body["callback_url"] = HOOK.into();
    let task = door.create("", &body).await.task_id();
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(door.query("", &task).await);
    }
    let request = answers[0].json()["request_id"].to_string();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    let hooks = Arc::new(Mutex::new(String::new()));
    let receiver = {
        let hooks = Arc::clone(&hooks);
        transport_fn(move |request: http::Request<bytes::Bytes>| {
            let id = request.headers()["webhook-id"].to_str().expect("text");
            hooks.lock().expect("a lock").push_str(id);
            async { Ok::<_, TransportError>(http::Response::new(Body::empty())) }
        })
    };
    assert_eq!(mock.deliver_callbacks(&receiver).await, 1);
    let hooks = hooks.lock().expect("a lock").clone();
    [task, request, format!("{fault} {statuses:?}"), hooks]
}

/// A run on a server that is shared repeats as one on a new server does; but
/// where only the tasks are forgotten nobody meets an id that he knows already.
#[tokio::test]
async fn a_reset_restarts_ids_and_random_numbers() {
    let account = Account::new("a").webhook_secret(crate::callbacks::SECRET);
    let mock = Mock::builder()
        .profile(Profile::kling())
        .clock(ManualClock::new())
        .plan(Plan::held())
        .account(account.expect("a secret"))
        .expect("an account")
        .build();
    let first = ids(&mock).await;
    mock.reset();
    assert_eq!(ids(&mock).await, first);
    mock.reset_scope(ResetScope::Tasks);
    let third = ids(&mock).await;
    for (place, before) in first.iter().enumerate() {
        assert_ne!(third[place], *before);
    }
}
