//! Tests the checks of servers: each of a set of services with one defect must fail the
//! intended check.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use kling_conformance::{Host, Status, all, mock_target, run};

use crate::suite::plain_target;
use Host::{Comet as C, Kling as K};
use faulty::{Fault, Row, answers};

mod account;
mod assets;
mod callbacks;
mod create;
mod faulty;
mod lifecycle;
mod list;
mod query;
mod refusals;
mod tolerated;

/// By topic, in the order of the checks.
static TABLES: &[&[Row]] = &[
    refusals::FAULTS,
    create::FAULTS,
    lifecycle::FAULTS,
    query::FAULTS,
    list::FAULTS,
    account::FAULTS,
    assets::FAULTS,
    callbacks::FAULTS,
];

async fn statuses(host: Host, fault: Option<&'static Fault>) -> BTreeMap<&'static str, Status> {
    let target = match fault {
        None => plain_target(host),
        Some(fault) => mock_target(host, answers(fault), faulty::callbacks(fault)).unwrap(),
    };
    let results = run(&target).await;
    results
        .into_iter()
        .map(|result| (result.check, result.status))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn detection_matrix() {
    let (comet, kling) = (statuses(C, None).await, statuses(K, None).await);
    let mut matrix = String::new();
    let mut untested: BTreeSet<&str> = all().iter().map(|check| check.id).collect();
    let mut missed = Vec::new();
    for (name, host, intended, fault) in TABLES.iter().copied().flatten() {
        let usual = if *host == K { &kling } else { &comet };
        let found = statuses(*host, Some(fault)).await;
        let detected = found
            .iter()
            .filter(|(check, status)| usual[*check] != **status);
        let detected: Vec<&str> = detected.map(|(check, _)| *check).collect();
        if !detected.contains(intended) {
            missed.push(format!(
                "{name}: {intended} does not detect it, only {detected:?}"
            ));
        }
        untested.remove(intended);
        // A defect that breaks the shared task fails most checks.
        let shown = if detected.len() > 12 {
            format!("{intended} and {} others", detected.len() - 1)
        } else {
            detected.join(", ")
        };
        let _ = writeln!(matrix, "{name}\n    {shown}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(
        untested.is_empty(),
        "no defect is intended for: {untested:?}"
    );
    insta::assert_snapshot!(matrix);
}

/// A deviation from a `should` requirement is at most a warning.
#[tokio::test(start_paused = true)]
async fn tolerated_variants_fail_no_check() {
    for (name, variant) in tolerated::VARIANTS {
        for host in [C, K] {
            let found = statuses(host, Some(variant)).await;
            let failed: Vec<_> = found.iter().filter(|(_, it)| **it > Status::Warn).collect();
            assert!(failed.is_empty(), "{host:?}, {name}: {failed:?}");
        }
    }
}
