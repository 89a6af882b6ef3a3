//! A create and three queries without a socket, compared with an axum handler and a map.

use tower::ServiceExt as _;

use super::{answer, block_on, create, query, still, task_id};
use crate::baseline;
use crate::measure::{Stopwatch, compare, size};
use crate::report::{Goal, Report};

const LIVES: usize = size(500, 10);

pub(crate) fn run(report: &mut Report) {
    let ours = || {
        let mock = still().build();
        let door = mock.transport();
        let key = mock.api_key().to_owned();
        let watch = Stopwatch::thread();
        block_on(async {
            for _ in 0..LIVES {
                let id = task_id(&answer(&door, create(&key, None)).await);
                for _ in 0..3 {
                    answer(&door, query(&key, &id)).await;
                }
            }
        });
        watch.micros(LIVES)
    };
    let axum = || {
        let router = baseline::router("KEY");
        let ask = async |request: http::Request<bytes::Bytes>| {
            let answered = router
                .clone()
                .oneshot(request.map(axum::body::Body::from))
                .await;
            let body = answered.map(axum::response::Response::into_body);
            match body {
                Ok(body) => axum::body::to_bytes(body, usize::MAX)
                    .await
                    .unwrap_or_default(),
                Err(never) => match never {},
            }
        };
        let watch = Stopwatch::thread();
        block_on(async {
            for _ in 0..LIVES {
                let id = task_id(&ask(create("KEY", None)).await);
                for _ in 0..3 {
                    ask(query("KEY", &id)).await;
                }
            }
        });
        watch.micros(LIVES)
    };
    report.add(compare(
        "mock: a create and three queries, no socket, with keys and journal",
        "µs",
        ours,
        ("axum oneshot, a bare map", axum),
        Goal::RatioAtMost(1.5),
    ));
}
