//! A million tasks: the memory per task, and whether their number slows down queries.

use allocation_counter::measure;
use kling_mock::{JournalLimits, Mock, MockTransport, Plan, Profile};

use super::{answer, block_on, create, query, still, task_id};
use crate::measure::{Stopwatch, compare, size};
use crate::report::{Goal, Report, Row};

const MANY: usize = size(1_000_000, 10_000);
/// The same in a debug build, so that the goal can be checked.
const LIVE: usize = size(1_000_000, 25_000);

/// A service with this many live tasks, each queried once, and their ids.
fn full(count: usize, plan: Plan) -> (Mock, MockTransport, Vec<String>) {
    let mut journal = JournalLimits::default();
    journal.entries = 100;
    let mock = still()
        .profile(Profile::kling())
        .plan(plan)
        .journal(journal)
        .build();
    let door = mock.transport();
    let ids = block_on(async {
        let mut ids = Vec::with_capacity(count);
        for number in 0..count {
            let request = at_kling(create(mock.api_key(), Some(number)));
            ids.push(task_id(&answer(&door, request).await));
        }
        ids
    });
    (mock, door, ids)
}

fn at_kling(mut request: http::Request<bytes::Bytes>) -> http::Request<bytes::Bytes> {
    let path = request.uri().path().trim_start_matches("/kling").to_owned();
    if let Ok(uri) = format!("http://mock.test{path}").parse() {
        *request.uri_mut() = uri;
    }
    request
}

pub(crate) fn bytes(report: &mut Report) {
    report.add(Row {
        what: format!("mock: memory per task, with {LIVE} live tasks, ids and charge included"),
        unit: "bytes",
        ours: bytes_each(LIVE),
        baseline: None,
        ratio: None,
        goal: Goal::AtMost(400.0),
    });
}

/// The live bytes per task, including its charge in the ledger and its ids.
#[allow(clippy::cast_precision_loss)] // Far below 2^53.
pub(crate) fn bytes_each(tasks: usize) -> f64 {
    let (mock, door, _) = full(1, Plan::polls(3, 3));
    let allocated = measure(|| {
        block_on(async {
            for number in 1..=tasks {
                let request = at_kling(create(mock.api_key(), Some(number)));
                let id = task_id(&answer(&door, request).await);
                answer(&door, at_kling(query(mock.api_key(), &id))).await;
            }
        });
    });
    allocated.bytes_current as f64 / tasks as f64
}

/// The CPU time of a query among this many tasks, in microseconds.
pub(crate) fn query_among(tasks: usize) -> f64 {
    asked(&full(tasks, Plan::stuck()), &mut 0)
}

/// `before` is the number of earlier queries.
fn asked((mock, door, ids): &(Mock, MockTransport, Vec<String>), before: &mut usize) -> f64 {
    const POLLS: usize = size(5_000, 50);
    // In an order that is unfavourable for caches, and other tasks each time. The ids are
    // copied first, since selecting them is the caller's work.
    let numbers = *before..*before + POLLS;
    *before = numbers.end;
    let chosen = numbers.map(|number| number.wrapping_mul(7_919_317) % ids.len());
    let chosen: Vec<_> = chosen.filter_map(|place| ids.get(place).cloned()).collect();
    let watch = Stopwatch::thread();
    block_on(async {
        for id in &chosen {
            answer(door, at_kling(query(mock.api_key(), id))).await;
        }
    });
    watch.micros(POLLS)
}

/// Compares a query and a page of the list among a million tasks with those among a
/// thousand.
pub(crate) fn flat(report: &mut Report) {
    let (few, many) = (full(1_000, Plan::stuck()), full(MANY, Plan::stuck()));
    let (mut among_many, mut among_few) = (0, 0);
    report.add(compare(
        "mock: CPU of a query among 1,000,000 tasks",
        "µs",
        || asked(&many, &mut among_many),
        ("among 1,000", || asked(&few, &mut among_few)),
        Goal::RatioAtMost(1.3),
    ));
    let listed = |(mock, door, _): &(Mock, MockTransport, Vec<String>)| {
        const PAGES: usize = size(100, 10);
        let watch = Stopwatch::thread();
        block_on(async {
            for number in 0..PAGES {
                let path = format!("/v1/videos/effects?pageNum={}&pageSize=30", number % 30 + 1);
                let page = super::request("GET", &path, mock.api_key(), bytes::Bytes::new());
                answer(door, page).await;
            }
        });
        watch.micros(PAGES)
    };
    report.add(compare(
        "mock: CPU of a page of 30 among 1,000,000 tasks",
        "µs",
        || listed(&many),
        ("among 1,000", || listed(&few)),
        Goal::RatioAtMost(1.3),
    ));
}
