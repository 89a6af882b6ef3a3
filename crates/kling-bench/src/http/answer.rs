//! The client's share of a query, without a socket.

use bytes::Bytes;
use kling_http::{Client, Credentials, Provider, TaskId, transport_fn};
use serde_json::Value;

use super::ANSWER;
use crate::measure::{Stopwatch, compare, repeated, size};
use crate::mock::block_on;
use crate::report::{Goal, Report};

const QUERIES: usize = size(2_000, 20);

pub(crate) fn run(report: &mut Report) {
    let transport = transport_fn(|_: http::Request<Bytes>| async {
        Ok(http::Response::new(
            Bytes::from_static(ANSWER.as_bytes()).into(),
        ))
    });
    let client = Client::builder(Provider::kling(), Credentials::api_key("key"));
    let Ok(client) = client.transport(transport).build() else {
        return;
    };
    let Some(id) = TaskId::new("878106242831892487") else {
        return;
    };
    let ours = || {
        block_on(async {
            let watch = Stopwatch::thread();
            for _ in 0..QUERIES {
                if client.effects().get(&id).await.is_err() {
                    return f64::NAN;
                }
            }
            watch.micros(QUERIES)
        })
    };
    let bare = || {
        repeated(QUERIES, || {
            let value = serde_json::from_str::<Value>(ANSWER);
            std::hint::black_box(value).is_ok()
        })
    };
    report.add(compare(
        "client: CPU of a query without a socket",
        "µs",
        ours,
        ("reading its JSON alone", bare),
        Goal::None,
    ));
}
