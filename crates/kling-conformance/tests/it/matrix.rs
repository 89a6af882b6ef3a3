//! What the suite is worth: services that do one thing wrong each, and which
//! checks notice.

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

/// By what they are about, as the checks are.
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
async fn every_fault_is_noticed_and_every_check_notices_one() {
    let (comet, kling) = (statuses(C, None).await, statuses(K, None).await);
    let mut matrix = String::new();
    let mut blind: BTreeSet<&str> = all().iter().map(|check| check.id).collect();
    let mut missed = Vec::new();
    for (name, host, intended, fault) in TABLES.iter().copied().flatten() {
        let usual = if *host == K { &kling } else { &comet };
        let found = statuses(*host, Some(fault)).await;
        let noticed = found
            .iter()
            .filter(|(check, status)| usual[*check] != **status);
        let noticed: Vec<&str> = noticed.map(|(check, _)| *check).collect();
        if !noticed.contains(intended) {
            missed.push(format!(
                "{name}: {intended} does not notice, only {noticed:?}"
            ));
        }
        blind.remove(intended);
        // What hides the story from all who look at it is told in short.
        let shown = if noticed.len() > 12 {
            format!("{intended}, and {} more", noticed.len() - 1)
        } else {
            noticed.join(", ")
        };
        let _ = writeln!(matrix, "{name}\n    {shown}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(blind.is_empty(), "no fault is meant for: {blind:?}");
    insta::assert_snapshot!(matrix);
}

/// A warning at most: what a check *should* see, no client depends on.
#[tokio::test(start_paused = true)]
async fn what_the_contract_leaves_open_fails_no_check() {
    for (name, variant) in tolerated::VARIANTS {
        for host in [C, K] {
            let found = statuses(host, Some(variant)).await;
            let failed: Vec<_> = found.iter().filter(|(_, it)| **it > Status::Warn).collect();
            assert!(failed.is_empty(), "{host:?}, {name}: {failed:?}");
        }
    }
}
