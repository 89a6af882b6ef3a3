//! Whatever a host does: a bounded number of tries in a bounded time.

use std::time::Duration;

use http::Method;
use kling_http::{Provider, RetryPolicy, Timeouts, TransportErrorKind};
use proptest::prelude::*;
use tokio::time::Instant;

use crate::host::{Host, Reply, refusal, shows};
use crate::{request, task_id};

fn reply() -> impl Strategy<Value = Reply> {
    let codes: &[i64] = &[1000, 1004, 1102, 1201, 1302, 1303, 5000, 5001, 5002, 7777];
    let status = prop_oneof![
        Just(200),
        Just(301),
        Just(404),
        Just(429),
        Just(500),
        Just(503)
    ];
    let asked = proptest::sample::select(&["0", "7", "3600", "Sun, 06 Nov 1994 08:50:07 GMT"][..]);
    prop_oneof![
        4 => proptest::sample::select(codes).prop_map(|code| refusal(400, code, "m")),
        2 => status.prop_map(|status| Reply::Answer(status, String::new())),
        1 => asked.prop_map(|it| Reply::With(429, "retry-after", it, String::new())),
        1 => Just(Reply::Lost(TransportErrorKind::Connect)),
        1 => Just(Reply::Lost(TransportErrorKind::Broken)),
        1 => Just(Reply::Silence),
        1 => Just(shows("submitted")),
    ]
}

/// When each request came, in milliseconds.
async fn times(script: Vec<Reply>, policy: RetryPolicy, seed: u64, is_create: bool) -> Vec<u128> {
    let timeouts = Timeouts {
        attempt: Duration::from_secs(10),
        deadline: Duration::from_secs(60),
    };
    let host = Host::new(script);
    let client = host.builder(Provider::comet()).retry(policy).seed(seed);
    let client = client.timeouts(timeouts).build().expect("a client");
    let begun = Instant::now();
    if is_create {
        let _ = client.effects().create(request()).await;
    } else {
        let _ = client.effects().task(task_id("7")).fetch().await;
    }
    // The body of a create adds a few milliseconds.
    assert!(
        begun.elapsed() < Duration::from_secs(61),
        "{:?}",
        begun.elapsed()
    );
    let sent = host.asked();
    assert!(
        sent.len() <= policy.max_attempts.max(1) as usize,
        "{}",
        sent.len()
    );
    let method = if is_create { Method::POST } else { Method::GET };
    assert!(sent.iter().all(|it| it.method == method));
    sent.iter().map(|it| it.at.as_millis()).collect()
}

proptest! {
    #[test]
    fn tries_and_time_are_bounded_and_the_seed_decides(
        script in proptest::collection::vec(reply(), 1..8),
        max_attempts in 0..8_u32,
        seed: u64,
        is_create: bool,
    ) {
        let policy = RetryPolicy { max_attempts, ..RetryPolicy::default() };
        let run = || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(times(script.clone(), policy, seed, is_create))
        };
        let first = run();
        prop_assert_eq!(first, run());
    }
}
