//! Callbacks that fail: faults, retries, redeliveries and slow receivers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use kling_http::{Body, transport_fn};
use kling_mock::{Account, CallbacksOn, Mock, Plan, Profile};
use serde_json::json;

use crate::callbacks::{HOOK, Receiver, SECRET, Scene, check_signed};
use crate::door::Door;
use crate::single;

#[tokio::test]
async fn callback_faults() {
    let run = async |fault: &str| {
        let scene = Scene::of(|builder| builder.fault(fault.parse().expect(fault)));
        scene.create().await;
        scene.after(60_000).await;
        scene
    };
    assert_eq!(
        run("callback#2:drop").await.receiver.statuses(),
        ["submitted", "succeed"]
    );
    assert_eq!(run("callback#1:dup=2").await.receiver.statuses().len(), 4);
    assert_eq!(
        run("callback#1:reorder").await.receiver.statuses(),
        ["processing", "submitted", "succeed"]
    );
    let late = run("callback#3:late=1h").await;
    assert_eq!(late.receiver.statuses(), ["submitted", "processing"]);
    late.after(3_600_000).await;
    assert_eq!(
        late.receiver.statuses(),
        ["submitted", "processing", "succeed"]
    );
    for fault in ["bad_sig", "wrong_secret"] {
        let scene = run(&format!("callback#1:{fault}")).await;
        check_signed(&scene.receiver.got()[0], SECRET, false);
        check_signed(&scene.receiver.got()[1], SECRET, true);
    }
    let bare = run("callback#1:no_headers").await.receiver.got().remove(0);
    assert!(
        !bare.headers.contains_key("webhook-signature"),
        "{:?}",
        bare.headers
    );
}

/// A fault that does not change a callback has not fired, so verification reports it.
#[tokio::test]
async fn faults_without_an_effect_have_not_fired() {
    for (fault, account, hits) in [
        ("callback#1:bad_sig", "a", 1),
        ("callback#1:bad_sig", "bare", 0),
        ("callback#1:stale_ts", "bare", 0),
        ("callback#1:wrong_secret", "bare", 0),
        ("callback#1:no_headers", "a", 1),
        ("callback#1:no_headers", "bare", 0),
        // There is no next callback to swap with.
        ("callback#3:reorder", "a", 0),
        ("callback#2:reorder", "a", 1),
        ("callback:reorder", "a", 2),
        ("callback#1:dup=2", "bare", 1),
    ] {
        let scene = Scene::of(|builder| builder.fault(fault.parse().expect(fault)));
        let bare = scene.mock.add_account(&Account::new("bare"));
        let mut door = Door::of(&scene.mock);
        if account == "bare" {
            door = door.with_key(&bare.expect("an account"));
        }
        let mut body = single();
        body["callback_url"] = HOOK.into();
        door.create("", &body).await.task_id();
        scene.after(60_000).await;
        assert_eq!(scene.mock.faults()[0].hits, hits, "{fault} of {account}");
    }
}

#[tokio::test]
async fn failed_callbacks_can_be_redelivered() {
    let mut scene = Scene::of(|builder| builder.callback_attempts(2));
    scene.receiver = Receiver::answering(500);
    scene.create().await;
    assert_eq!(scene.after(0).await, 1);
    assert_eq!(
        scene.after(999).await,
        0,
        "the second attempt waits a second"
    );
    assert!(scene.after(1).await >= 1);
    let attempts = scene.mock.callback_attempts("a");
    assert_eq!(
        (attempts[0].attempt, attempts[0].outcome.as_deref()),
        (1, Some("500"))
    );
    let first = attempts[0].callback;
    let again = attempts
        .iter()
        .find(|one| one.callback == first && one.attempt == 2);
    assert!(again.is_some(), "{attempts:?}");

    scene.receiver = Receiver::answering(200);
    scene
        .mock
        .redeliver("a", attempts[0].callback)
        .expect("remembered");
    scene.after(0).await;
    assert!(scene.receiver.statuses().contains(&"submitted".to_owned()));
    assert_eq!(
        scene.mock.redeliver("a", 99),
        Err("there is no callback 99".to_owned())
    );
    assert_eq!(
        scene.mock.redeliver("b", 0),
        Err("there is no account \"b\"".to_owned())
    );
}

/// A receiver that does not answer only delays its own task, and the wait before a retry
/// starts at the end of the attempt.
#[tokio::test(start_paused = true)]
async fn a_slow_receiver_delays_only_its_own_task() {
    let mock = Mock::builder()
        .profile(Profile::kling())
        .plan(Plan::instant())
        .callbacks_on(CallbacksOn::End)
        .callback_attempts(2)
        .build();
    let got = Arc::new(Mutex::new(Vec::new()));
    let start = tokio::time::Instant::now();
    let receiver = {
        let got = Arc::clone(&got);
        transport_fn(move |request: http::Request<Bytes>| {
            let path = request.uri().path().to_owned();
            got.lock()
                .unwrap()
                .push((path.clone(), start.elapsed().as_secs()));
            async move {
                if path == "/slow" {
                    std::future::pending::<()>().await;
                }
                Ok(http::Response::new(Body::from(Bytes::new())))
            }
        })
    };
    let running = tokio::spawn(mock.clone().run_callbacks(receiver));
    let door = Door::of(&mock);
    for path in ["slow", "quick"] {
        let mut request = single();
        request["callback_url"] = json!(format!("http://localhost/{path}"));
        door.create("", &request).await.task_id();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    running.abort();
    let of = |path: &str| {
        let got = got.lock().unwrap();
        let times = got.iter().filter(|(to, _)| to == path).map(|(_, at)| *at);
        times.collect::<Vec<_>>()
    };
    assert_eq!(of("/quick"), [0]);
    // An attempt times out after ten seconds, and is retried after one more.
    assert_eq!(of("/slow"), [0, 11]);
}

/// If `run_callbacks` is dropped before an attempt starts, the attempt is reported as given
/// up; otherwise it would block the task's other callbacks forever.
#[tokio::test]
async fn callbacks_that_were_given_up_do_not_block_others() {
    let account = Account::new("a").api_key("a");
    let mock = Mock::builder().plan(Plan::instant()).account(account);
    let mock = mock.expect("an account").build();
    let mut body = single();
    body["callback_url"] = HOOK.into();
    Door::of(&mock).create("/kling", &body).await.task_id();

    let receiver = Receiver::answering(200);
    tokio::select! {
        biased;
        () = mock.clone().run_callbacks(receiver.transport()) => unreachable!("it never ends"),
        () = std::future::ready(()) => {}
    }
    tokio::task::yield_now().await;
    let attempts = mock.callback_attempts("a");
    let outcomes: Vec<_> = attempts.iter().map(|one| one.outcome.as_deref()).collect();
    assert_eq!(outcomes, [Some("given up")]);
    assert!(receiver.got().is_empty());
    while receiver.got().len() < 2 {
        mock.deliver_callbacks(&receiver.transport()).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(receiver.statuses(), ["processing", "succeed"]);
}
