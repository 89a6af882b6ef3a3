//! One query over TCP.

use kling_http::TaskId;
use serde_json::Value;

use super::{client, server};
use crate::measure::{Stopwatch, compare, on_one_core, size};
use crate::mock::block_on;
use crate::report::{Goal, Report};

const QUERIES: usize = size(300, 3);

pub(crate) fn run(report: &mut Report) {
    on_one_core(|| compared(report));
}

fn compared(report: &mut Report) {
    let address = server();
    let id = "878106242831892487";
    let ours = || {
        block_on(async {
            let client = client(address);
            let effects = client.effects();
            let Some(id) = TaskId::new(id) else {
                return f64::NAN;
            };
            if effects.get(&id).await.is_err() {
                return f64::NAN;
            }
            let watch = Stopwatch::thread();
            for _ in 0..QUERIES {
                if effects.get(&id).await.is_err() {
                    return f64::NAN;
                }
            }
            watch.micros(QUERIES)
        })
    };
    let bare = || {
        block_on(async {
            let client = reqwest::Client::builder()
                .no_proxy()
                .build()
                .unwrap_or_default();
            let url = format!("http://{address}/v1/videos/effects/{id}");
            let ask = async || -> Option<Value> {
                let answer = client.get(&url).bearer_auth("key").send().await.ok()?;
                serde_json::from_slice(&answer.bytes().await.ok()?).ok()
            };
            ask().await;
            let watch = Stopwatch::thread();
            for _ in 0..QUERIES {
                if ask().await.is_none() {
                    return f64::NAN;
                }
            }
            watch.micros(QUERIES)
        })
    };
    report.add(compare(
        "client: CPU of a query over TCP",
        "µs",
        ours,
        ("reqwest + serde_json", bare),
        Goal::RatioAtMost(1.1),
    ));
}
