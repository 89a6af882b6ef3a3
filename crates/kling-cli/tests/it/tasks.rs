//! `kling wait` and `kling download` of an id that somebody typed: nothing is said of
//! money before the service has said that there is such a task.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::killed::Moment;
use crate::run::{Ran, RunningMock, kling, picture, run, send_signal};

const CHARGED: &str = "keeps running and is charged";

fn service(faults: &[&str]) -> RunningMock {
    let mut arguments = vec!["--provider", "kling", "--plan", "stuck"];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    RunningMock::start(&arguments)
}

fn program(mock: &RunningMock, arguments: &[&str]) -> Command {
    let mut command = kling(Path::new("."));
    command
        .env("KLING_API_KEY", &mock.api_key)
        .env("KLING_POLL_INTERVAL", "0.02")
        .env("KLING_BASE_URL", &mock.base_url)
        .args(arguments)
        .arg("--json");
    command
}

/// Checks how a command that was given a task's id ends, and whether it says that this
/// is charged.
#[track_caller]
fn check(ran: &Ran, code: i32, kind: &str, is_charged: bool) {
    assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    assert_eq!(ran.json()["error"]["kind"], json!(kind));
    assert!(ran.json()["task_id"].is_string());
    assert_eq!(ran.stderr.contains(CHARGED), is_charged, "{}", ran.stderr);
}

#[test]
fn a_task_that_nobody_knows_is_not_charged() {
    let mock = service(&[]);
    for command in ["wait", "download"] {
        check(
            &run(&mut program(&mock, &[command, "999999999999"])),
            5,
            "not_found",
            false,
        );
        let mut wrong_key = program(&mock, &[command, "7"]);
        check(
            &run(wrong_key.env("KLING_API_KEY", "sk-wrong")),
            3,
            "auth",
            false,
        );
    }
}

#[test]
fn a_task_that_was_seen_goes_on_whatever_comes_after() {
    for by_external_id in [false, true] {
        let mock = service(&["get#2-999:401/1002"]);
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("job.json");
        let mut submit = program(&mock, &["submit", "color_mixing"]);
        submit.args(["--external-task-id", "mine"]);
        let submitted = run(submit.arg(picture("cat.png")).arg("--state").arg(state));
        let id = submitted.json()["task_id"].as_str().unwrap().to_owned();
        let which = if by_external_id {
            vec!["wait", "--external", "mine"]
        } else {
            vec!["wait", &id]
        };
        check(&run(&mut program(&mock, &which)), 8, "auth", true);
    }
}

/// Asks after a task, and is interrupted when the service has the query.
#[cfg(unix)]
fn interrupted(mock: &RunningMock, command: &str) -> Ran {
    let child = program(mock, &[command, "424242"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !Moment::Requests(1).has_come(mock, Path::new(".")) {
        std::thread::yield_now();
    }
    send_signal(&child, "INT");
    Ran::of(child.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn an_interruption_before_the_first_answer_says_nothing_of_money() {
    let mock = service(&["get:hang"]);
    let ran = interrupted(&mock, "wait");
    check(&ran, 130, "interrupted", false);
}

/// A service that does not answer takes minutes: whoever waits is told why.
#[test]
fn a_query_that_is_sent_again_is_no_silence() {
    let mock = service(&["get#1-2:503"]);
    let ran = run(&mut program(&mock, &["get", "424242"]));
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let told = "effects.get: retrying in ";
    assert_eq!(ran.stderr.matches(told).count(), 2, "{}", ran.stderr);
    assert_eq!(ran.events()[0]["event"], "notice");
}

/// A query costs nothing, but it was sent.
#[cfg(unix)]
#[test]
fn an_interrupted_query_does_not_say_that_nothing_was_sent() {
    let mock = service(&["get:hang"]);
    let ran = interrupted(&mock, "get");
    assert_eq!(ran.code, Some(130));
    assert_eq!(ran.stderr, "error: interrupted; no task was created\n");
}

#[test]
fn an_account_without_tasks_is_no_silence() {
    let mock = service(&[]);
    let mut list = kling(Path::new("."));
    list.env("KLING_API_KEY", &mock.api_key)
        .args(["list", "--base-url", &mock.base_url]);
    let ran = run(&mut list);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", "no tasks\n")
    );
}

/// What a service says of a failure may quote the signed address of a picture.
#[test]
fn a_list_shows_no_signature() {
    let here = tempfile::tempdir().unwrap();
    let page = json!({"code": 0, "message": "ok", "data": [
        {"task_id": "7", "task_status": "failed",
         "task_status_msg": "can't fetch https://cdn.test/a.png?sig=1234 now"},
    ]});
    std::fs::write(here.path().join("page.json"), page.to_string()).unwrap();
    let path = here.path().join("page.json");
    let fault = format!("list:raw(200, application/json, @{})", path.display());
    let mock = service(&[&fault]);
    let mut list = kling(here.path());
    list.env("KLING_API_KEY", &mock.api_key)
        .args(["list", "--base-url", &mock.base_url]);
    let shown = "7\tfailed\t-\tcan't fetch https://cdn.test/a.png?… now\n";
    assert_eq!(run(&mut list).stdout, shown);
}

/// One that can't be shown must not be missed in silence.
#[test]
fn items_of_a_list_that_name_no_task_are_told_of() {
    let here = tempfile::tempdir().unwrap();
    let page = json!({"code": 0, "message": "ok", "data": [
        {"task_id": "7", "task_status": "succeed\nsubmitted"}, {"a": 1}, {"b": 2},
    ]});
    std::fs::write(here.path().join("page.json"), page.to_string()).unwrap();
    let path = here.path().join("page.json");
    let fault = format!("list:raw(200, application/json, @{})", path.display());
    let mock = service(&[&fault]);
    let ran = run(&mut program(&mock, &["list"]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let words = "2 items of the list have no task id";
    assert_eq!(ran.stderr, format!("{words}\n"));
    let events = ran.events();
    let notice = json!({"event": "notice", "message": words, "next_in_seconds": null});
    assert_eq!(events[0], notice);
    assert_eq!(
        (events.len(), &events[1]["task"]["task_id"]),
        (2, &json!("7"))
    );

    let mut list = kling(here.path());
    list.env("KLING_API_KEY", &mock.api_key)
        .args(["list", "--base-url", &mock.base_url]);
    assert_eq!(run(&mut list).stdout, "7\tsucceed submitted\t-\n");
}
