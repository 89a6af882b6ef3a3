//! A delayed request is acted on when its time has come: not before, and also if
//! nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kling_http::Clock;
use kling_mock::{Account, Expectation, Mock, Plan, Profile};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::door::Door;
use crate::single;

fn mock_with(fault: &str) -> Mock {
    Mock::builder()
        .profile(Profile::kling())
        .plan(Plan::polls(9, 9))
        .fault(fault.parse().expect(fault))
        .build()
}

fn named(id: &str) -> Value {
    let mut body = single();
    body["external_task_id"] = id.into();
    body
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The one that is sent first, and delayed, is the newest task.
#[tokio::test(start_paused = true)]
async fn ids_times_and_lists_are_in_the_order_of_acting() {
    let mock = mock_with("create#1:delay=2s");
    let door = Door::of(&mock);
    let began = mock.now().get();
    let (late, early) = tokio::join!(
        async {
            let answer = door.create("", &named("late")).await.task();
            assert_eq!(mock.now().get() - began, 2_000);
            answer
        },
        async {
            sleep(Duration::from_secs(1)).await;
            assert_eq!(mock.charges().len(), 0);
            let answer = door.create("", &named("early")).await.task();
            assert_eq!(mock.now().get() - began, 1_000);
            answer
        }
    );
    assert_eq!(early["created_at"], json!(began + 1_000));
    assert_eq!(late["created_at"], json!(began + 2_000));
    assert!(text(&early["task_id"]) < text(&late["task_id"]));
    let list = door.call("GET", "/v1/videos/effects", b"").await.task();
    let ids = list.as_array().expect("a list").iter();
    let ids: Vec<_> = ids.map(|task| text(&task["task_id"])).collect();
    assert_eq!(ids, [text(&late["task_id"]), text(&early["task_id"])]);
    let journal = mock.journal();
    let times: Vec<_> = journal.iter().map(|entry| entry.at().get()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// What makes a lost answer dangerous: it is not there yet when one looks.
#[tokio::test(start_paused = true)]
async fn a_delayed_create_is_carried_out_after_the_caller_gave_up() {
    let mock = mock_with("create#1:delay=3s");
    let door = Door::of(&mock);
    let body = named("mine");
    let waited = timeout(Duration::from_secs(1), door.create("", &body)).await;
    assert!(waited.is_err());
    let missing = door.query("", "mine").await;
    assert_eq!((missing.status, mock.charges().len()), (400, 0));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(door.query("", "mine").await.status, 200);
    mock.ledger().assert_charged_once("mine");
}

/// A query is answered as of when it is acted on, and its entry names the task.
#[tokio::test(start_paused = true)]
async fn a_query_finds_what_was_created_while_it_waited() {
    let mock = mock_with("get#1:delay=2s");
    let door = Door::of(&mock);
    let body = named("mine");
    let (found, created) = tokio::join!(door.query("", "mine"), door.create("", &body));
    assert_eq!(found.task_id(), created.task_id());
    let entry = mock.journal().pop().expect("an entry");
    assert_eq!(entry.task_id().as_deref(), Some(&*created.task_id()));
    assert_eq!(entry.fault().as_deref(), Some("get#1:delay=2s"));
}

/// Other faults act behind the delay.
#[tokio::test(start_paused = true)]
async fn other_faults_act_after_the_delay() {
    let mock = mock_with("create:delay=2s");
    mock.arm("create:503".parse().expect("a fault"));
    let began = mock.now().get();
    let answer = Door::of(&mock).create("", &single()).await;
    assert_eq!((answer.status, mock.charges().len()), (503, 0));
    assert_eq!(mock.now().get() - began, 2_000);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_closed_meanwhile_pays_nothing() {
    let mock = mock_with("create:delay=2s");
    let key = mock
        .add_account(&Account::new("second"))
        .expect("an account");
    let door = Door::of(&mock).with_key(&key);
    let body = single();
    let (answer, ()) = tokio::join!(door.create("", &body), async {
        sleep(Duration::from_secs(1)).await;
        mock.remove_account("second").expect("closed");
    });
    assert_eq!((answer.status, mock.charges().len()), (401, 0));
    assert_eq!(answer.json()["code"], 1002);
}

/// Requests that come at once may read the clock in one order and act in another.
#[tokio::test]
async fn a_clock_that_steps_back_leaves_tasks_in_their_order() {
    #[derive(Debug, Clone)]
    struct Unsteady(Arc<AtomicU64>);
    impl Clock for Unsteady {
        fn now(&self) -> SystemTime {
            UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
        }
    }
    let clock = Unsteady(Arc::new(AtomicU64::new(1_789_862_410)));
    let builder = Mock::builder().profile(Profile::kling());
    let mock = builder.clock(clock.clone()).build();
    let door = Door::of(&mock);
    let first = door.create("", &single()).await.task();
    clock.0.store(1_789_862_400, Ordering::SeqCst);
    let second = door.create("", &single()).await.task();
    assert_eq!(first["created_at"], second["created_at"]);
    assert!(text(&first["task_id"]) < text(&second["task_id"]));
}

/// A connection that is gone is a caller that has given up.
#[tokio::test]
async fn a_socket_that_was_closed_changes_nothing() {
    use tokio::io::AsyncWriteExt as _;

    let mock = mock_with("create:delay=30ms");
    let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
    let mut stream = tokio::net::TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let body = single().to_string();
    let request = format!(
        "POST /v1/videos/effects HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\n\r\n{body}",
        mock.api_key(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    while mock.faults()[0].hits == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(mock.charges().len(), 0);
    drop(stream);
    mock.journal_wait(0, 1, Duration::from_secs(60)).await;
    assert_eq!(mock.charges().len(), 1);
}

/// The new one has the old one's number, but not what that one met.
#[tokio::test(start_paused = true)]
async fn a_fault_that_is_replaced_while_its_request_waits() {
    let mock = mock_with("get@before:delay=3s");
    mock.arm(
        "get@mid:json=missing_field(/no/such)"
            .parse()
            .expect("a fault"),
    );
    let door = Door::of(&mock);
    let id = door.create("", &single()).await.task_id();
    let (found, ()) = tokio::join!(door.query("", &id), async {
        sleep(Duration::from_secs(1)).await;
        let successor = "create@mid:json=cut".parse().expect("a fault");
        assert!(mock.replace_fault(2, successor));
    });
    assert_eq!(found.status, 200);
    let hits: Vec<_> = mock.faults().iter().map(|fault| fault.hits).collect();
    assert_eq!(hits, [1, 0]);
    let error = mock.verify(&Expectation::new()).expect_err("a failure");
    assert!(error.to_string().contains("create:json=cut"), "{error}");
}
