//! Memory after a million requests.

use kling_mock::JournalLimits;

use super::{answer, block_on, create, query, still, task_id};
use crate::measure::{resident, size};
use crate::report::{Goal, Report, Row};

const REQUESTS: usize = size(1_000_000, 10_000);
/// The number of requests for the baseline, which retains all of them.
const FEWER: usize = size(50_000, 500);

#[allow(clippy::cast_precision_loss)] // Far below 2^53.
pub(crate) fn run(report: &mut Report) {
    let mock = still().build();
    let door = mock.transport();
    let asked = |times: usize| {
        block_on(async {
            let id = task_id(&answer(&door, create(mock.api_key(), None)).await);
            for _ in 0..times {
                answer(&door, query(mock.api_key(), &id)).await;
            }
        });
    };
    // Excludes the memory of the runtime and of the first answers.
    asked(100);
    let before = resident();
    asked(REQUESTS);
    let grown = (resident() - before) / f64::from(1 << 20);
    let cap = JournalLimits::default().bytes as f64 / f64::from(1 << 20);
    report.add(Row {
        what: "mock: growth of memory over 1,000,000 requests (journal cap + 5)".into(),
        unit: "MiB",
        ours: grown,
        baseline: None,
        ratio: None,
        goal: Goal::AtMost(cap + 5.0),
    });
    report.add(Row {
        what: "mock: memory retained per request, on average".into(),
        unit: "bytes",
        ours: grown * f64::from(1 << 20) / REQUESTS as f64,
        baseline: Some(("wiremock", crate::baseline::wiremock_memory(FEWER))),
        ratio: None,
        goal: Goal::None,
    });
}
