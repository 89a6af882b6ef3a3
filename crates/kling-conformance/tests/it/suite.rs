//! Runs the suite against the fake service, in process and over a socket.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Request;
use kling_conformance::{
    CheckResult, Host, Report, Selection, Status, Target, all, mock_target, run, run_selected,
    run_with_progress,
};
use kling_http::{ReqwestTransport, SharedTransport, Transport as _, transport_fn};
use kling_mock::{Mock, Profile};
use tokio::time::Instant;

const HOSTS: [Host; 2] = [Host::Comet, Host::Kling];

pub(crate) fn plain_target(host: Host) -> Target {
    mock_target(host, Box::new(|it| it), Box::new(|it| it)).unwrap()
}

fn not_passed(results: &[CheckResult]) -> Vec<String> {
    let not = |result: &&CheckResult| result.status != Status::Pass;
    results
        .iter()
        .filter(not)
        .map(ToString::to_string)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_fake_service_passes_every_check_of_its_host() {
    let mut passed = BTreeSet::new();
    for host in HOSTS {
        let results = run(&plain_target(host)).await;
        let bad: Vec<_> = results
            .iter()
            .filter(|it| it.status > Status::Pass)
            .collect();
        assert!(
            bad.is_empty(),
            "{host:?}: {}",
            not_passed(&results).join("\n")
        );
        let pass = results.iter().filter(|it| it.status == Status::Pass);
        passed.extend(pass.map(|result| result.check));
    }
    let ids: BTreeSet<&str> = all().iter().map(|check| check.id).collect();
    assert_eq!(passed, ids, "every check must pass on some host");
}

#[tokio::test]
async fn the_fake_service_passes_on_a_socket() {
    for (host, profile) in [
        (Host::Comet, Profile::comet()),
        (Host::Kling, Profile::kling()),
    ] {
        let mock = Mock::builder().profile(profile).build();
        let server = mock.serve(([127, 0, 0, 1], 0)).await.unwrap();
        let transport = ReqwestTransport::new().unwrap();
        let target = Target::new(host, server.base_url(), mock.api_key(), transport);
        let report = Report::new(host, run(&target).await);
        assert_eq!(
            report.worst(),
            Status::Pass,
            "{}",
            not_passed(report.results()).join("\n")
        );
        drop(target);
        server.shutdown().await;
    }
}

#[test]
fn ids_are_unique_and_facts_are_known() {
    let facts: serde_json::Value =
        serde_json::from_str(include_str!("../../../../fixtures/facts.json")).unwrap();
    let facts = facts["facts"].as_array().unwrap().iter();
    let facts: BTreeSet<&str> = facts.filter_map(|fact| fact["id"].as_str()).collect();
    let ids: BTreeSet<&str> = all().iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), all().len());
    for check in all() {
        assert!(!check.facts.is_empty(), "{} proves nothing", check.id);
        for fact in check.facts {
            assert!(facts.contains(fact), "{}: no fact {fact}", check.id);
        }
    }
}

/// Ids are part of the public interface: users name them on the command line.
#[test]
fn the_list_of_checks() {
    let lines = all()
        .iter()
        .map(|check| format!("{:<6} {}", check.level, check.id));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[tokio::test(start_paused = true)]
async fn an_expected_failure_that_passes_is_a_failure() {
    let selection = Selection::default().only("create").unwrap();
    let selection = selection.expect_failure("create.times").unwrap();
    let results = run_selected(&plain_target(Host::Comet), &selection).await;
    let told: Vec<_> = results
        .iter()
        .filter(|it| !matches!(it.status, Status::Disabled | Status::Pass | Status::Skip))
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        ["fail     create.times: passes although it was expected to fail: remove the expectation"]
    );
    let unknown = Selection::default()
        .expect_failure("create.time")
        .unwrap_err();
    assert_eq!(unknown, "there is no check \"create.time\"");
}

#[tokio::test(start_paused = true)]
async fn max_creates_is_respected() {
    let mock = Mock::new();
    let target = Target::new(
        Host::Comet,
        "https://mock.test",
        mock.api_key(),
        mock.transport(),
    )
    .with_max_creates(1);
    let results = run(&target).await;
    assert_eq!(mock.charges().len(), 1);
    let passed = results
        .iter()
        .filter(|it| it.status == Status::Pass)
        .count();
    assert!(passed > 15, "{passed} checks passed");
}

/// If its queries fail, the shared task must not be created again for each check.
#[tokio::test(start_paused = true)]
async fn a_shared_task_that_cannot_be_polled_is_charged_once() {
    let mock = Mock::builder().fault("get:503".parse().unwrap()).build();
    let target = Target::new(
        Host::Comet,
        "https://mock.test",
        mock.api_key(),
        mock.transport(),
    );
    let selection = Selection::default().only("lifecycle").unwrap();
    let results = run_selected(&target, &selection).await;
    // The shared task, and the image that is too small.
    assert_eq!(mock.charges().len(), 2);
    let failed: Vec<_> = results
        .iter()
        .filter(|it| it.status == Status::Fail)
        .collect();
    assert_eq!(failed.len(), 7);
    assert!(failed.iter().all(|it| it.exchanges.len() == 2));
}

/// The server stops answering after the first check.
#[tokio::test(start_paused = true)]
async fn a_hanging_server_gets_shorter_timeouts_and_results_are_reported_as_they_come() {
    let mock = SharedTransport::new(Mock::new().transport());
    let hangs = transport_fn(move |request: Request<Bytes>| {
        let mock = mock.clone();
        async move {
            if request.uri().path().ends_with("no-such-task") {
                return mock.send(request).await;
            }
            std::future::pending().await
        }
    });
    let target = Target::new(Host::Comet, "https://server.test", "sk-key", hangs);
    let mut selection = Selection::default();
    for id in ["query.unknown", "refusal.wrong_path", "refusal.no_scene"] {
        selection = selection.only(id).unwrap();
    }
    let mut told = Vec::new();
    let began = Instant::now();
    let tell = |result: &CheckResult| told.push((result.to_string(), began.elapsed().as_secs()));
    run_with_progress(&target, &selection, tell).await;
    let wanted = [
        ("fail     query.unknown: HTTP 401 instead of 400", 0),
        ("fail     refusal.wrong_path: no answer within 60 s", 60),
        ("fail     refusal.no_scene: no answer within 5 s", 65),
    ];
    assert_eq!(told, wanted.map(|(text, at)| (text.to_owned(), at)));
}
