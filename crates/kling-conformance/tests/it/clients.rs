//! What the checks of clients are worth: a client that is right, and one that
//! does one thing wrong at a time. Their processes need real time; nothing in
//! them waits longer than a service asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use kling_conformance::client::{self, Program};
use kling_conformance::{Host, Report, Selection, Status};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use Host::{Comet as C, Kling as K};

fn program(fault: &str) -> Program {
    let client = env!("CARGO_BIN_EXE_kling-test-client");
    Program::new(format!("'{client}' '{fault}'"))
        .with_limit(Duration::from_secs(15))
        .with_scenarios_at_once(10)
}

async fn watched(host: Host, fault: &str) -> Report {
    let selection = Selection::of_clients();
    client::run(host, &program(fault), &selection)
        .await
        .unwrap()
}

/// Each fault: its name, whose ways the service has, the check that must notice.
/// Those that take long are the first, so that the others pass their time.
static FAULTS: &[(&str, Host, &str)] = &[
    ("waits for ever", C, "client.wait.bounded"),
    ("looks into no envelope", C, "client.poll.wrapped"),
    ("no Bearer", C, "client.create.request"),
    ("no content type", K, "client.create.request"),
    ("a body of its own", C, "client.create.scene"),
    ("left for right", C, "client.create.pair"),
    ("a data: prefix", K, "client.create.base64"),
    ("a number for a duration", C, "client.create.duration"),
    ("null for nothing", C, "client.create.no_null"),
    ("no external id", C, "client.create.external_id"),
    ("the same external id", C, "client.create.fresh_id"),
    ("knows its scenes", C, "client.create.any_scene"),
    ("looks at no picture", C, "client.create.small_picture"),
    ("another path", C, "client.poll.path"),
    ("a number for an id", C, "client.poll.id"),
    ("hurries", C, "client.poll.interval"),
    ("asks on", C, "client.poll.stops"),
    ("one failed query is the end", C, "client.poll.failed_query"),
    ("asks sooner than told", K, "client.poll.retry_after"),
    ("a new status is an end", C, "client.poll.strange_status"),
    ("a new status is a success", C, "client.poll.strange_status"),
    ("stumbles over null", C, "client.poll.nulls"),
    ("forgets the id", C, "client.wait.keeps_id"),
    ("a failure is a success", C, "client.failed.told"),
    ("hides the reason", K, "client.failed.reason"),
    (
        "creates again after a failure",
        C,
        "client.failed.not_again",
    ),
    ("nothing is a video", C, "client.failed.no_result"),
    ("saves nothing", C, "client.output.file"),
    ("every 429 again", C, "client.refused.account"),
    ("every 401 again", C, "client.refused.key"),
    ("every 400 again", K, "client.refused.content"),
    ("hides a refusal", C, "client.refused.reason"),
    ("200 is a success", C, "client.refused.in_a_200"),
    ("sooner than told", C, "client.busy.retry_after"),
    ("gives up when busy", K, "client.busy.again"),
    ("sends again after a reset", C, "client.lost.one_charge"),
    ("sends again after a 500", K, "client.lost.server_error"),
    ("sends again after no body", C, "client.lost.empty"),
    ("no body is a refusal", K, "client.lost.empty_found"),
    ("never looks", K, "client.lost.found"),
    ("forgets the external id", C, "client.lost.names_id"),
    ("gives the key away", C, "client.download.no_key"),
    ("half is enough", C, "client.download.never_half"),
    ("one download", C, "client.download.again"),
    ("any answer is a video", C, "client.download.refused"),
    ("creates again for a file", C, "client.download.not_again"),
    ("prints nothing", C, "client.output.result"),
    ("prints the key", C, "client.output.no_key"),
];

#[tokio::test]
async fn a_right_client_passes_every_check() {
    let mut passed = BTreeSet::new();
    for host in [C, K] {
        let report = watched(host, "").await;
        assert_eq!(report.worst(), Status::Pass, "{}", report.to_markdown());
        let pass = report
            .results()
            .iter()
            .filter(|it| it.status == Status::Pass);
        passed.extend(pass.map(|result| result.check));
    }
    let ids: BTreeSet<&str> = client::all().iter().map(|check| check.id).collect();
    assert_eq!(
        passed, ids,
        "a check that is skipped everywhere proves nothing"
    );
}

/// On a machine that is busy, even a right client may once be late.
#[cfg(unix)]
#[tokio::test]
async fn a_client_that_is_late_once_is_right() {
    let here = tempfile::tempdir().unwrap();
    let once = here.path().join("once");
    let client = env!("CARGO_BIN_EXE_kling-test-client");
    let late = format!("mkdir {} && sleep 1000; '{client}'", once.display());
    let program = Program::new(late).with_limit(Duration::from_secs(8));
    let selection = Selection::of_clients().only("client.output.file").unwrap();
    let report = client::run(C, &program, &selection).await.unwrap();
    assert_eq!(report.worst(), Status::Pass, "{}", report.to_markdown());
}

fn not_passed(report: &Report) -> Vec<&'static str> {
    let noticed = report.results().iter();
    let noticed = noticed.filter(|it| it.status > Status::Pass);
    noticed.map(|it| it.check).collect()
}

/// Who can't create or ask at all does nothing right: no more are listed.
const SHOWN: usize = 6;

#[tokio::test]
async fn every_wrong_client_is_noticed_and_every_check_notices_one() {
    let mut found: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    // They mostly wait; but with too many at once even who hurries is slow.
    let turns = Arc::new(Semaphore::new(4));
    let mut running = JoinSet::new();
    for (fault, host, _) in FAULTS {
        let turns = Arc::clone(&turns);
        running.spawn(async move {
            let _turn = turns.acquire_owned().await;
            (*fault, not_passed(&watched(*host, fault).await))
        });
    }
    while let Some(ended) = running.join_next().await {
        let (fault, noticed) = ended.unwrap();
        found.insert(fault, noticed);
    }
    let mut matrix = String::new();
    let mut blind: BTreeSet<&str> = client::all().iter().map(|check| check.id).collect();
    let mut missed = Vec::new();
    for (fault, _, intended) in FAULTS {
        let noticed = &found[fault];
        if !noticed.contains(intended) {
            missed.push(format!(
                "{fault}: {intended} does not notice, only {noticed:?}"
            ));
        }
        blind.remove(intended);
        let shown = if noticed.len() > SHOWN {
            format!("{intended}, and many more")
        } else {
            noticed.join(", ")
        };
        let _ = writeln!(matrix, "{fault}\n    {shown}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(blind.is_empty(), "no fault is meant for: {blind:?}");
    insta::assert_snapshot!(matrix);
}
