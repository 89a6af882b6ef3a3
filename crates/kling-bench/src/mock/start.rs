//! Time to start a server that accepts connections.

use kling_mock::Mock;

use super::block_on;
use crate::measure::{Stopwatch, compare};
use crate::report::{Goal, Report};

pub(crate) fn run(report: &mut Report) {
    const SERVERS: usize = 20;
    let ours = || {
        block_on(async {
            let mut servers = Vec::new();
            let watch = Stopwatch::wall();
            for _ in 0..SERVERS {
                servers.push(Mock::new().serve(([127, 0, 0, 1], 0)).await);
            }
            watch.micros(SERVERS) / 1e3
        })
    };
    let wiremock = || {
        block_on(async {
            let mut servers = Vec::new();
            let watch = Stopwatch::wall();
            for _ in 0..SERVERS {
                servers.push(wiremock::MockServer::start().await);
            }
            watch.micros(SERVERS) / 1e3
        })
    };
    let mut row = compare(
        "mock: start of a server",
        "ms",
        ours,
        ("wiremock", wiremock),
        Goal::AtMost(1.0),
    );
    row.what.push_str(", one after another");
    report.add(row);
}
