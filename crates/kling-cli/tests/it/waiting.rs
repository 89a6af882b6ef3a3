//! Asked to stop while it waits for its input: it ends at once, as any program does.
//! Nothing was sent.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use crate::run::{RunningMock, kling, picture, run, send_signal};

/// More than a pipe holds, so that it is being read once this is written; and not yet
/// too much for what is read.
const BEGINNING: &[u8] = &[b' '; 100_000];

/// The one that no shell has its jobs ignore, as some do with the others.
const TERM: i32 = 15;

/// Runs it, stops it in the midst of its input, and only then ends that.
#[track_caller]
fn check(here: &Path, arguments: &[&str]) {
    let mut child = kling(here)
        .env("COMETAPI_KEY", "sk-test")
        .env("SECRET", "whsec_b2xkc2VjcmV0b2xkc2VjcmV0b2xkc2VjcmV0")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(BEGINNING).unwrap();
    send_signal(&child, "TERM");
    drop(stdin);
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(TERM), "{arguments:?}: {status}");
}

#[test]
fn a_signal_ends_whoever_waits_for_stdin() {
    let here = tempfile::tempdir().unwrap();
    let settings = ["--config", "/dev/stdin"];
    for arguments in [
        &["check", "--request", "-"][..],
        &["scenes", "diff", "-", "-"],
        &["webhook", "verify", "-", "--secret-env", "SECRET"],
        &["effect", "--request", "-", "--mock"],
        &["submit", "--request", "-"],
        &["resume", "/dev/stdin"],
        &[&["get", "7"], &settings[..]].concat(),
        &[&["wait", "7"], &settings[..]].concat(),
        &[&["download", "7"], &settings[..]].concat(),
        &[&["list"], &settings[..]].concat(),
    ] {
        check(here.path(), arguments);
    }
}

/// What is sent again may come from stdin too.
#[test]
fn a_signal_ends_a_resume_that_waits_for_the_request() {
    let mock = RunningMock::start(&["--fault", "create:hang"]);
    let here = tempfile::tempdir().unwrap();
    let mut command = kling(here.path());
    command
        .env("COMETAPI_KEY", &mock.api_key)
        .args(["submit", "color_mixing", "--base-url", &mock.base_url])
        .args(["--state", "job.json"])
        .arg(picture("cat.png"));
    let moment = crate::killed::Moment::Requests(1);
    crate::killed::kill(command, &mock, here.path(), moment);
    let state = std::fs::read(here.path().join("job.json")).unwrap();
    check(
        here.path(),
        &["resume", "job.json", "--send-again-request", "-"],
    );
    assert_eq!(std::fs::read(here.path().join("job.json")).unwrap(), state);
    // Nor is it read where the task is known.
    let mut state: serde_json::Value = serde_json::from_slice(&state).unwrap();
    state["task"] =
        json!({"provider": "comet", "collection": "/v1/videos/effects", "task_id": "7"});
    std::fs::write(here.path().join("job.json"), state.to_string()).unwrap();
    let mut resume = kling(here.path());
    resume.args(["resume", "job.json", "--send-again-request", "no-such-file"]);
    let ran = run(resume.env("COMETAPI_KEY", "sk-test"));
    assert_eq!(ran.code, Some(8), "{}", ran.stderr);
}
