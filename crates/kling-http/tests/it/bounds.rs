//! Laws of every watch, over random services, policies and callbacks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use kling_http::{
    Backoff, Client, Credentials, ErrorKind, PollPolicy, PollSchedule, Provider, RetryPolicy,
    Timeouts, TransportError, TransportErrorKind, transport_fn,
};
use proptest::prelude::*;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{request, task_id};

/// What the service does with one query.
#[derive(Debug, Clone)]
enum Act {
    Shows(&'static str),
    ShowsAfter(&'static str, Duration),
    SucceedsWithoutResult,
    Succeeds,
    Refuses(u16, i64, Option<u32>),
    Breaks,
    Hangs,
}

fn act() -> impl Strategy<Value = Act> {
    let status = prop::sample::select(vec!["submitted", "processing", "odd", ""]);
    prop_oneof![
        6 => status.clone().prop_map(Act::Shows),
        2 => (status, 0_u64..90_000)
            .prop_map(|(status, wait)| Act::ShowsAfter(status, Duration::from_millis(wait))),
        1 => Just(Act::SucceedsWithoutResult),
        1 => Just(Act::Succeeds),
        2 => (
            prop::sample::select(vec![(429, 1302), (503, 5001), (500, 5000), (401, 1002), (404, 1203)]),
            prop::option::of(0_u32..500),
        ).prop_map(|((status, code), after)| Act::Refuses(status, code, after)),
        1 => Just(Act::Breaks),
        2 => Just(Act::Hangs),
    ]
}

fn schedule() -> impl Strategy<Value = PollSchedule> {
    let growing = (1_u64..100_000, 1.0_f64..3.0, 1_u64..100_000, 0.0_f64..=1.0);
    prop_oneof![
        Just(PollSchedule::Adaptive),
        growing.prop_map(
            |(initial, factor, longest, jitter)| PollSchedule::Backoff(Backoff {
                initial: Duration::from_millis(initial),
                factor,
                max_interval: Duration::from_millis(longest),
                // A jitter of 1 allows waits of nothing.
                jitter: jitter * 0.9,
            })
        ),
    ]
}

#[derive(Debug, Clone)]
struct Case {
    acts: Vec<Act>,
    policy: PollPolicy,
    attempt: Duration,
    deadline: Duration,
    retries: bool,
    created: bool,
    /// The waits between callbacks.
    hints: Vec<Duration>,
}

fn case() -> impl Strategy<Value = Case> {
    let hints = prop::collection::vec((0_u64..60_000).prop_map(Duration::from_millis), 0..40);
    (
        prop::collection::vec(act(), 1..30),
        (schedule(), 0_u64..400_000, 0_u32..5),
        (1_u64..70_000, 1_u64..300_000),
        any::<bool>(),
        any::<bool>(),
        hints,
    )
        .prop_map(|(acts, policy, timeouts, retries, created, hints)| Case {
            acts,
            policy: PollPolicy {
                schedule: policy.0,
                max_wait: Duration::from_millis(policy.1),
                max_failures: policy.2,
            },
            attempt: Duration::from_millis(timeouts.0),
            deadline: Duration::from_millis(timeouts.0 + timeouts.1),
            retries,
            created,
            hints,
        })
}

/// What the service saw.
#[derive(Debug, Default)]
struct Seen {
    queries: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    /// The answers of success that have a result, or of failure.
    ends: Mutex<Vec<Instant>>,
}

struct InFlight(Arc<Seen>);

impl InFlight {
    fn new(seen: Arc<Seen>) -> Self {
        let now = 1 + seen.in_flight.fetch_add(1, Ordering::Relaxed);
        seen.most_in_flight.fetch_max(now, Ordering::Relaxed);
        InFlight(seen)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn body(status: &str, url: Option<&str>) -> String {
    json!({"code": 0, "data": {
        "task_id": "7", "task_status": status,
        "task_result": {"videos": url.map(|url| json!([{"id": "8", "url": url}]))},
    }})
    .to_string()
}

fn client(case: &Case, seen: &Arc<Seen>) -> Client {
    let (acts, seen) = (case.acts.clone(), seen.clone());
    let transport = transport_fn(move |request: http::Request<Bytes>| {
        let is_query = request.method() == http::Method::GET;
        let act = if is_query {
            let number = seen.queries.fetch_add(1, Ordering::Relaxed);
            acts.get(number).or(acts.last()).cloned().expect("an act")
        } else {
            Act::Shows("submitted")
        };
        let seen = seen.clone();
        async move {
            let _in_flight = InFlight::new(seen.clone());
            let mut answer = http::Response::builder();
            let text = match act {
                Act::Shows(status) => body(status, None),
                Act::ShowsAfter(status, wait) => {
                    sleep(wait).await;
                    body(status, None)
                }
                Act::SucceedsWithoutResult => body("succeed", None),
                Act::Succeeds => {
                    seen.ends.lock().expect("no panic").push(Instant::now());
                    body("succeed", Some("https://cdn.example.com/v.mp4"))
                }
                Act::Refuses(status, code, after) => {
                    answer = answer.status(status);
                    if let Some(after) = after {
                        answer = answer.header("retry-after", after);
                    }
                    json!({"code": code, "message": "no"}).to_string()
                }
                Act::Breaks => {
                    return Err(TransportError::new(TransportErrorKind::Broken, "broken"));
                }
                Act::Hangs => std::future::pending().await,
            };
            Ok(answer.body(Bytes::from(text).into()).expect("an answer"))
        }
    });
    let builder = Client::builder(Provider::comet(), Credentials::api_key("k"));
    let timeouts = Timeouts {
        attempt: case.attempt,
        deadline: case.deadline,
    };
    let retry = if case.retries {
        RetryPolicy::default()
    } else {
        RetryPolicy::never()
    };
    let builder = builder.transport(transport).timeouts(timeouts).retry(retry);
    builder.poll(case.policy).build().expect("a client")
}

async fn hold_to_the_laws(case: Case) {
    let seen = Arc::new(Seen::default());
    let client = client(&case, &seen);
    let task = if case.created {
        client.effects().create(request()).await.expect("a task")
    } else {
        client.effects().task(task_id("7"))
    };
    let hints = {
        let (client, waits) = (client.clone(), case.hints.clone());
        tokio::spawn(async move {
            for wait in waits {
                sleep(wait).await;
                client.effects().wake("7");
            }
        })
    };
    let begun = Instant::now();
    let outcome = task.wait().await;
    let took = begun.elapsed();
    hints.abort();

    // The clock ticks in milliseconds, and each of a few waits is rounded up.
    let tick = Duration::from_millis(5);
    let bound = case.policy.max_wait + case.attempt + tick;
    assert!(took <= bound, "took {took:?} of {bound:?}: {outcome:?}");
    assert!(seen.most_in_flight.load(Ordering::Relaxed) <= 1);
    let ends = seen.ends.lock().expect("no panic").clone();
    match &outcome {
        Ok(task) => assert!(task.videos()[0].address().is_some()),
        Err(error) => {
            assert_eq!(error.task_id(), Some(&task_id("7")), "{error}");
            assert!(ends.is_empty(), "the end was seen, and yet: {error}");
            if error.kind() == ErrorKind::WaitTimeout {
                assert!(
                    took + tick >= case.policy.max_wait,
                    "gave up after {took:?}"
                );
            }
        }
    }
    // Nothing is requested after the end.
    let asked = seen.queries.load(Ordering::Relaxed);
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(seen.queries.load(Ordering::Relaxed), asked);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// `wait` ends within the longest wait and one try, whatever the service
    /// does; it asks one thing at a time, and stops at the end.
    #[test]
    fn every_wait_is_bounded_and_ends_at_the_end(case in case()) {
        crate::in_virtual_time(hold_to_the_laws(case));
    }
}
