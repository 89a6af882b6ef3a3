//! Tests the checks of clients: a conforming client passes all of them, and each of a set
//! of clients with one defect fails the intended one. The clients are processes and
//! need real time.

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
        .with_timeout(Duration::from_secs(15))
        .with_concurrency(10)
}

async fn report(host: Host, fault: &str) -> Report {
    let selection = Selection::clients();
    client::run(host, &program(fault), &selection)
        .await
        .unwrap()
}

/// Each defect: its name, the host, and the check that must detect it. The slowest are
/// first, so that they run while the others do.
static FAULTS: &[(&str, Host, &str)] = &[
    ("ignores the timeout", C, "client.wait.bounded"),
    ("ignores the additional envelope", C, "client.poll.wrapped"),
    ("no Bearer scheme", C, "client.create.request"),
    ("no content type", K, "client.create.request"),
    ("another request format", C, "client.create.scene"),
    ("images in reverse order", C, "client.create.pair"),
    ("a data: prefix", K, "client.create.base64"),
    ("duration as a number", C, "client.create.duration"),
    ("null for an unset member", C, "client.create.no_null"),
    ("no external id", C, "client.create.external_id"),
    (
        "the same external id for every job",
        C,
        "client.create.fresh_id",
    ),
    ("rejects unknown scenes", C, "client.create.any_scene"),
    (
        "does not check the image size",
        C,
        "client.create.small_picture",
    ),
    ("another query path", C, "client.poll.path"),
    ("task id as a number", C, "client.poll.id"),
    ("ignores the polling interval", C, "client.poll.interval"),
    ("queries after the terminal status", C, "client.poll.stops"),
    (
        "gives up after a failed query",
        C,
        "client.poll.failed_query",
    ),
    (
        "ignores Retry-After of a query",
        K,
        "client.poll.retry_after",
    ),
    (
        "unknown status is terminal",
        C,
        "client.poll.strange_status",
    ),
    (
        "unknown status is a success",
        C,
        "client.poll.strange_status",
    ),
    ("rejects null members", C, "client.poll.nulls"),
    ("no task id after a timeout", C, "client.wait.keeps_id"),
    ("failed task is a success", C, "client.failed.told"),
    ("hides the failure reason", K, "client.failed.reason"),
    (
        "creates again after a failure",
        C,
        "client.failed.not_again",
    ),
    ("success without a video", C, "client.failed.no_result"),
    ("saves no file", C, "client.output.file"),
    ("retries every 429", C, "client.refused.account"),
    ("retries every 401", C, "client.refused.key"),
    ("retries every 400", K, "client.refused.content"),
    ("hides the refusal's message", C, "client.refused.reason"),
    ("HTTP 200 is always a success", C, "client.refused.in_a_200"),
    (
        "ignores Retry-After of a create",
        C,
        "client.busy.retry_after",
    ),
    ("does not retry when busy", K, "client.busy.again"),
    ("creates again after a reset", C, "client.lost.one_charge"),
    ("creates again after a 500", K, "client.lost.server_error"),
    (
        "creates again after an empty response",
        C,
        "client.lost.empty",
    ),
    ("empty response is a refusal", K, "client.lost.empty_found"),
    ("never looks up a lost create", K, "client.lost.found"),
    (
        "no external id after a lost create",
        C,
        "client.lost.names_id",
    ),
    (
        "sends the key with the download",
        C,
        "client.download.no_key",
    ),
    ("accepts a partial file", C, "client.download.never_half"),
    ("does not retry the download", C, "client.download.again"),
    ("saves an error response", C, "client.download.refused"),
    (
        "creates again after a failed download",
        C,
        "client.download.not_again",
    ),
    ("prints nothing", C, "client.output.result"),
    ("prints the key", C, "client.output.no_key"),
];

#[tokio::test]
async fn a_conforming_client_passes_every_check() {
    let mut passed = BTreeSet::new();
    for host in [C, K] {
        let report = report(host, "").await;
        assert_eq!(report.worst(), Status::Pass, "{}", report.to_markdown());
        let pass = report
            .results()
            .iter()
            .filter(|it| it.status == Status::Pass);
        passed.extend(pass.map(|result| result.check));
    }
    let ids: BTreeSet<&str> = client::all().iter().map(|check| check.id).collect();
    assert_eq!(passed, ids, "every check must pass on some host");
}

/// On a busy machine, a conforming client may exceed the limit once.
#[cfg(unix)]
#[tokio::test]
async fn a_client_that_is_slow_once_passes() {
    let here = tempfile::tempdir().unwrap();
    let once = here.path().join("once");
    let client = env!("CARGO_BIN_EXE_kling-test-client");
    let late = format!("mkdir {} && sleep 1000; '{client}'", once.display());
    let program = Program::new(late).with_timeout(Duration::from_secs(8));
    let selection = Selection::clients().only("client.output.file").unwrap();
    let report = client::run(C, &program, &selection).await.unwrap();
    assert_eq!(report.worst(), Status::Pass, "{}", report.to_markdown());
}

fn not_passed(report: &Report) -> Vec<&'static str> {
    let detected = report.results().iter();
    let detected = detected.filter(|it| it.status > Status::Pass);
    detected.map(|it| it.check).collect()
}

/// A client that cannot create or query fails most checks: only this many are listed.
const SHOWN: usize = 6;

#[tokio::test]
async fn detection_matrix() {
    let mut found: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    // Not all at once: under load, polling too fast cannot be detected.
    let permits = Arc::new(Semaphore::new(4));
    let mut running = JoinSet::new();
    for (fault, host, _) in FAULTS {
        let permits = Arc::clone(&permits);
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            (*fault, not_passed(&report(*host, fault).await))
        });
    }
    while let Some(ended) = running.join_next().await {
        let (fault, detected) = ended.unwrap();
        found.insert(fault, detected);
    }
    let mut matrix = String::new();
    let mut untested: BTreeSet<&str> = client::all().iter().map(|check| check.id).collect();
    let mut missed = Vec::new();
    for (fault, _, intended) in FAULTS {
        let detected = &found[fault];
        if !detected.contains(intended) {
            missed.push(format!(
                "{fault}: {intended} does not detect it, only {detected:?}"
            ));
        }
        untested.remove(intended);
        let shown = if detected.len() > SHOWN {
            format!("{intended} and many others")
        } else {
            detected.join(", ")
        };
        let _ = writeln!(matrix, "{fault}\n    {shown}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(
        untested.is_empty(),
        "no defect is intended for: {untested:?}"
    );
    insta::assert_snapshot!(matrix);
}
