//! A clock that is moved, and one that runs ahead.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kling_http::{Body, SystemClock, Transport, TransportError, transport_fn};
use kling_mock::{Account, ClockError, ManualClock, Mock, MockBuilder, Plan, ScaledClock};
use kling_types::UnixMillis;
use serde_json::Value;

use crate::door::Door;
use crate::single;

const EPOCH: i64 = 1_767_225_600_000;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What was told: when by the mock's clock, and which status.
type Told = Arc<Mutex<Vec<(i64, String)>>>;

/// A receiver that looks at the clock of the mock.
fn receiver(mock: &Arc<OnceLock<Mock>>, told: &Told) -> impl Transport {
    let (mock, told) = (Arc::clone(mock), Arc::clone(told));
    transport_fn(move |request| {
        let now = mock.get().map_or(0, |mock| mock.now().get() - EPOCH);
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        let status = body["task_status"].as_str().unwrap_or("test").to_owned();
        told.lock().expect("a lock").push((now, status));
        async { Ok::<_, TransportError>(http::Response::new(Body::empty())) }
    })
}

/// A mock on a manual clock, and what its callbacks told.
fn told_by(set_up: impl FnOnce(MockBuilder) -> MockBuilder) -> (Mock, Told) {
    let (cell, told): (Arc<OnceLock<Mock>>, _) = (Arc::default(), Told::default());
    let builder = Mock::builder()
        .clock(ManualClock::new())
        .plan(Plan::after(seconds(10), seconds(20)))
        .callbacks_through(receiver(&cell, &told));
    let mock = set_up(builder).build();
    cell.set(mock.clone()).expect("the first time");
    (mock, told)
}

async fn create(mock: &Mock, key: &str) {
    let mut body = single();
    body["callback_url"] = "http://127.0.0.1:9/hook".into();
    let bearer = format!("Bearer {key}");
    let path = "/kling/v1/videos/effects";
    let door = Door::of(mock);
    let headers = [("authorization", bearer.as_str())];
    let answer = door
        .ask("POST", path, &headers, body.to_string().as_bytes())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[track_caller]
fn check(told: &Told, expected: &[(i64, &str)]) {
    let told = told.lock().expect("a lock").clone();
    let told: Vec<_> = told.iter().map(|(at, word)| (*at, word.as_str())).collect();
    assert_eq!(told, expected);
}

/// Each receiver sees the clock as it was when its callback fell due, not as it
/// is after the jump; and what two accounts are told comes in one order.
#[tokio::test]
async fn callbacks_come_at_their_times_and_in_their_order() {
    let (mock, told) = told_by(|builder| {
        let slow = Plan::after(seconds(15), seconds(1));
        let other = Account::new("b").api_key("sk-b").plan(slow);
        let builder = builder.account(Account::new("a").api_key("sk-a"));
        let builder = builder.and_then(|builder| builder.account(other));
        builder.expect("accounts")
    });
    create(&mock, "sk-a").await;
    create(&mock, "sk-b").await;
    let moved = mock.advance(seconds(60)).await.expect("moved");
    assert_eq!((moved.from.get(), moved.now.get()), (EPOCH, EPOCH + 60_000));
    assert_eq!((moved.callbacks, moved.idle), (6, true));
    check(
        &told,
        &[
            (0, "submitted"),
            (0, "submitted"),
            (10_000, "processing"),
            (15_000, "processing"),
            (16_000, "succeed"),
            (30_000, "succeed"),
        ],
    );
}

#[tokio::test]
async fn from_event_to_event() {
    let (mock, told) = told_by(|builder| builder);
    create(&mock, mock.api_key()).await;
    assert_eq!(mock.next_event().map(UnixMillis::get), Some(EPOCH));
    for (at, callbacks, idle) in [(0, 1, false), (10_000, 1, false), (30_000, 1, true)] {
        let moved = mock.advance_to_next().await.expect("moved");
        let found = (moved.now.get() - EPOCH, moved.callbacks, moved.idle);
        assert_eq!(found, (at, callbacks, idle));
    }
    let still = mock.advance_to_next().await.expect("moved");
    assert_eq!((still.from, still.callbacks), (still.now, 0));
    assert_eq!(told.lock().expect("a lock").len(), 3);
}

/// Checked repeatedly, while tasks are created, queried, released and removed.
#[tokio::test]
async fn next_event_is_updated_by_each_call() {
    let plan = "after(1h or 1, 10s)".parse().expect("a plan");
    let mock = Mock::builder().clock(ManualClock::new()).plan(plan).build();
    let next = || mock.next_event().map(|at| at.get() - mock.now().get());
    assert_eq!(next(), None);
    let door = Door::of(&mock);
    let id = door.create("/kling", &single()).await.task_id();
    assert_eq!(next(), Some(3_600_000));
    // A query that counts brings it forward.
    door.query("/kling", &id).await;
    assert_eq!(next(), Some(1));
    mock.advance(seconds(5)).await.expect("moved");
    assert_eq!(next(), Some(5_001));
    let second = door.create("/kling", &single()).await.task_id();
    mock.release(&id).expect("released");
    assert_eq!(next(), Some(3_600_000));
    // Time that passes for the account brings it nearer.
    let passed = mock.advance_account("default", seconds(60));
    assert_eq!(passed, Ok(true));
    assert_eq!(next(), Some(3_540_000));
    mock.replan(&second, &Plan::stuck()).expect("another plan");
    assert_eq!(next(), None);
    let ends = Plan::after(seconds(1), seconds(90));
    mock.replan(&second, &ends).expect("a third plan");
    assert_eq!(next(), Some(90_000));
    mock.reset();
    door.create("/kling", &single()).await.task_id();
    assert_eq!(next(), Some(3_600_000));
}

#[tokio::test]
async fn until_nothing_happens_or_the_limit() {
    let (mock, told) = told_by(|builder| builder);
    create(&mock, mock.api_key()).await;
    let moved = mock.run_until_idle(seconds(12)).await.expect("moved");
    let found = (moved.now.get() - EPOCH, moved.callbacks, moved.idle);
    assert_eq!(found, (12_000, 2, false));
    let moved = mock.run_until_idle(seconds(3600)).await.expect("moved");
    let found = (moved.now.get() - EPOCH, moved.callbacks, moved.idle);
    // No further than it has to.
    assert_eq!(found, (30_000, 1, true));
    assert_eq!(told.lock().expect("a lock").len(), 3);

    for plan in [Plan::stuck(), Plan::polls(1, 1)] {
        let (mock, _) = told_by(|builder| builder.plan(plan));
        create(&mock, mock.api_key()).await;
        let moved = mock.run_until_idle(seconds(3600)).await.expect("moved");
        assert!(moved.idle && moved.now.get() <= EPOCH + 1, "{moved:?}");
    }
}

/// Callbacks that nobody can send do not hold the clock up.
#[tokio::test]
async fn without_a_transport_callbacks_wait() {
    let (cell, told): (Arc<OnceLock<Mock>>, _) = (Arc::default(), Told::default());
    let plan = Plan::after(seconds(10), seconds(20));
    let mock = Mock::builder().clock(ManualClock::new()).plan(plan).build();
    create(&mock, mock.api_key()).await;
    let moved = mock.run_until_idle(seconds(3600)).await.expect("moved");
    let found = (moved.now.get() - EPOCH, moved.callbacks, moved.idle);
    assert_eq!(found, (30_000, 0, false));
    let sent = mock.deliver_callbacks(&receiver(&cell, &told)).await;
    assert_eq!((sent, mock.next_event()), (3, None));
}

#[tokio::test]
async fn invalid_clock_moves_are_errors() {
    let (mock, _) = told_by(|builder| builder);
    mock.advance(seconds(1)).await.expect("moved");
    let now = mock.now();
    let before = UnixMillis::new(now.get() - 1);
    let error = mock.set_time(before).await.expect_err("backwards");
    assert_eq!(error, ClockError::Backwards { now, time: before });
    let error = mock.advance(Duration::MAX).await.expect_err("too far");
    assert_eq!(error, ClockError::TooFar);
    let error = mock.run_until_idle(Duration::MAX).await;
    assert!(error.is_ok_and(|moved| moved.idle), "nothing is ahead");
    assert_eq!(mock.now(), now);
    assert!(mock.set_time(now).await.is_ok());
}

#[tokio::test]
async fn two_who_move_it_both_do() {
    let (mock, _) = told_by(|builder| builder);
    let (one, two) = tokio::join!(mock.advance(seconds(5)), mock.advance(seconds(5)));
    let mut ends = [one, two].map(|moved| moved.expect("moved").now.get() - EPOCH);
    ends.sort_unstable();
    assert_eq!(ends, [5_000, 10_000]);
}

#[tokio::test]
async fn a_clock_that_runs_can_not_be_moved() {
    for mock in [Mock::new(), Mock::builder().clock(SystemClock).build()] {
        let error = mock.advance(seconds(1)).await.expect_err("running");
        assert_eq!(error, ClockError::NotManual);
        assert_eq!(mock.clock_speed(), Some(1.0));
    }
}

/// Beside a server: what falls due on the way is out before the call returns,
/// though another task sends it as well.
#[tokio::test]
async fn advance_waits_for_background_callbacks() {
    let (cell, told): (Arc<OnceLock<Mock>>, _) = (Arc::default(), Told::default());
    let plan = Plan::after(seconds(10), seconds(20));
    let mock = Mock::builder().clock(ManualClock::new()).plan(plan).build();
    cell.set(mock.clone()).expect("the first time");
    let running = tokio::spawn(mock.clone().run_callbacks(receiver(&cell, &told)));
    create(&mock, mock.api_key()).await;
    while told.lock().expect("a lock").is_empty() {
        tokio::task::yield_now().await;
    }
    mock.advance(seconds(30)).await.expect("moved");
    check(
        &told,
        &[
            (0, "submitted"),
            (10_000, "processing"),
            (30_000, "succeed"),
        ],
    );
    running.abort();
}

/// At sixty times the speed a minute's wait is a second's.
#[tokio::test(start_paused = true)]
async fn a_fast_clock_is_waited_for_less() {
    let epoch: SystemTime = UNIX_EPOCH + seconds(1_767_225_600);
    let clock = ScaledClock::starting_at(epoch, 60.0).expect("a clock");
    let plan = Plan::after(seconds(60), seconds(60));
    let (cell, told): (Arc<OnceLock<Mock>>, _) = (Arc::default(), Told::default());
    let mock = Mock::builder().clock(clock).plan(plan).build();
    cell.set(mock.clone()).expect("the first time");
    let running = tokio::spawn(mock.clone().run_callbacks(receiver(&cell, &told)));
    create(&mock, mock.api_key()).await;
    let begun = tokio::time::Instant::now();
    while told.lock().expect("a lock").len() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = begun.elapsed();
    assert!((2_000..2_010).contains(&took.as_millis()), "{took:?}");
    running.abort();
}

/// What follows goes out after the receiver's own answer; it does not wait for
/// its own end.
#[tokio::test(start_paused = true)]
async fn a_receiver_may_steer_the_mock_over_its_own_interface() {
    let (cell, told): (Arc<OnceLock<Mock>>, _) = (Arc::default(), Told::default());
    let receiver = {
        let (cell, told) = (Arc::clone(&cell), Arc::clone(&told));
        transport_fn(move |request: http::Request<bytes::Bytes>| {
            let mock = cell.get().expect("a mock").clone();
            let body: Value = serde_json::from_slice(request.body()).expect("JSON");
            let text = |name: &str| body[name].as_str().expect("text").to_owned();
            let (id, status) = (text("task_id"), text("task_status"));
            let now = mock.now().get() - EPOCH;
            told.lock().expect("a lock").push((now, status.clone()));
            async move {
                if status == "processing" {
                    let path = format!("/__mock/tasks/{id}");
                    let order = br#"{"succeed":true}"#;
                    let answer = Door::of(&mock).ask("PATCH", &path, &[], order).await;
                    assert_eq!(answer.status, 200, "{answer:?}");
                }
                Ok::<_, TransportError>(http::Response::new(Body::empty()))
            }
        })
    };
    let mock = Mock::builder()
        .clock(ManualClock::new())
        .plan(Plan::after(seconds(1), seconds(3600)))
        .callbacks_through(receiver)
        .build();
    cell.set(mock.clone()).expect("the first time");
    create(&mock, mock.api_key()).await;
    let began = tokio::time::Instant::now();
    let moved = mock.advance(seconds(5)).await.expect("moved");
    assert_eq!((moved.callbacks, began.elapsed()), (3, Duration::ZERO));
    let expected = [(0, "submitted"), (1_000, "processing"), (1_000, "succeed")];
    check(&told, &expected);
    let attempts = mock.callback_attempts("default");
    let mut outcomes = attempts.iter().map(|it| it.outcome.as_deref());
    assert!(outcomes.all(|it| it == Some("200")), "{attempts:?}");
}
