//! `kling wait` and `kling download` of an id that somebody typed: nothing is said of
//! money before the service has said that there is such a task.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::killed::Moment;
use crate::run::{Ran, RunningMock, kling, picture, run, send_signal};

const CHARGED: &str = "goes on, and is charged";

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

#[cfg(unix)]
#[test]
fn an_interruption_before_the_first_answer_says_nothing_of_money() {
    let mock = service(&["get:hang"]);
    let child = program(&mock, &["wait", "424242"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !Moment::Requests(1).has_come(&mock, Path::new(".")) {
        std::thread::yield_now();
    }
    send_signal(&child, "INT");
    let ran = Ran::of(child.wait_with_output().unwrap());
    check(&ran, 130, "interrupted", false);
}
