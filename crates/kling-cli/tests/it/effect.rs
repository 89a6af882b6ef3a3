//! `kling effect`.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::run::{Ran, RunningMock, kling, picture, run, send_signal};

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Checks the file that a run left, against what it said of it.
#[track_caller]
fn check_saved(ran: &Ran, directory: &Path, name: &str) {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let said = ran.json();
    let bytes = std::fs::read(directory.join(name)).unwrap();
    assert_eq!(&bytes[4..8], b"ftyp");
    let hash = base16ct::lower::encode_string(&Sha256::digest(&bytes));
    assert_eq!(said["sha256"], json!(hash));
    assert_eq!(said["bytes"], json!(bytes.len()));
    assert_eq!(said["file"], json!(name));
    assert_eq!(said["status"], json!("succeed"));
    assert_eq!(said["task_id"].as_str().unwrap().len(), 19);
    assert!(said["external_task_id"].is_string());
    assert_eq!(said.as_object().unwrap().len(), 7);
    // Nothing else is left beside it.
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 1);
}

#[test]
fn two_pictures_make_a_video() {
    let here = directory();
    let ran = run(kling(here.path())
        .args(["effect", "hug_pro"])
        .args([picture("portrait.jpg"), picture("cat.png")])
        .args(["--mock", "--json", "--output", "hug.mp4"]));
    check_saved(&ran, here.path(), "hug.mp4");
    let states: Vec<&str> = ran
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.split_whitespace().nth(2))
        .collect();
    assert_eq!(
        states,
        ["submitted", "processing", "succeed"],
        "{}",
        ran.stderr
    );
}

#[test]
fn one_picture_makes_a_video_that_replaces_an_older_file() {
    let here = directory();
    std::fs::write(here.path().join("me.mp4"), "older").unwrap();
    let ran = run(kling(here.path())
        .args(["effect", "color_mixing"])
        .arg(picture("portrait.jpg"))
        .args(["--mock", "--json", "-o", "me.mp4"]));
    check_saved(&ran, here.path(), "me.mp4");
}

/// `kling effect` of a rocket's picture at a service elsewhere, with this key.
fn rocket(mock: &RunningMock, here: &Path, key: &str, scene: &str) -> Ran {
    let mut command = kling(here);
    command
        .env("COMETAPI_KEY", key)
        .args(["effect", scene])
        .arg(picture("rocket.jpg"))
        .args(["--base-url", &mock.base_url, "--poll-interval", "0.05"]);
    run(command.args(["--json", "-o", "r.mp4"]))
}

#[test]
fn the_service_may_be_elsewhere() {
    let mock = RunningMock::start(&[]);
    let here = directory();
    let ran = rocket(&mock, here.path(), &mock.api_key, "rocketrocket");
    // Gone from Kling's list and not on CometAPI's page: a warning, and the
    // service's own refusal.
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    for words in [
        "warning: the scene \"rocketrocket\" is not on Kling's list",
        "effect_scene value 'rocketrocket' is invalid",
    ] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let ran = rocket(&mock, here.path(), &mock.api_key, "color_mixing");
    check_saved(&ran, here.path(), "r.mp4");
}

#[test]
fn a_wrong_key_is_told_from_other_failures() {
    let mock = RunningMock::start(&[]);
    let here = directory();
    let ran = rocket(&mock, here.path(), "sk-wrong", "color_mixing");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let said = ran.json();
    assert_eq!(said["error"]["kind"], json!("auth"));
    assert!(said["error"]["request_id"].is_string(), "{said}");
    assert!(!ran.stderr.contains("sk-wrong"));
}

/// The pixel size is looked at by the task, not by the create (seen live).
#[test]
fn a_picture_that_the_service_refuses_fails_the_task() {
    let here = directory();
    let ran = run(kling(here.path())
        .args(["effect", "color_mixing"])
        .arg(picture("too-small-338x191.png"))
        .args(["--mock", "--no-preflight", "--json"]));
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    let said = ran.json();
    let id = said["task_id"].as_str().unwrap();
    let sentence = format!("error: task {id} failed: Image pixel is invalid");
    assert!(ran.stderr.contains(&sentence), "{}", ran.stderr);
    assert_eq!(said["error"]["kind"], json!("task_failed"));
    assert_eq!(said["error"]["exit_code"], json!(6));
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
}

/// Checks that a call is refused with this sentence before anything is sent.
#[track_caller]
fn check_refused(arguments: &[&str], sentence: &str) {
    let here = directory();
    for name in ["portrait.jpg", "cat.png", "too-small-338x191.png"] {
        std::fs::copy(picture(name), here.path().join(name)).unwrap();
    }
    std::fs::write(here.path().join("notes.jpg"), "not a picture").unwrap();
    std::fs::write(
        here.path().join("moving.gif"),
        "GIF89a\x01\x02\x01\x02\0\0\0;",
    )
    .unwrap();
    std::fs::write(here.path().join("empty.png"), "").unwrap();

    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    service.set_nonblocking(true).unwrap();
    let base_url = format!("http://{}", service.local_addr().unwrap());
    let mut command = kling(here.path());
    command
        .env("COMETAPI_KEY", "sk-test")
        .args(["effect", "--base-url", &base_url, "--json"]);
    let ran = run(command.args(arguments));

    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(ran.stderr, format!("error: {sentence}\n"));
    assert_eq!(ran.json()["error"]["message"], Value::from(sentence));
    assert!(service.accept().is_err(), "something was sent");
}

#[test]
fn invalid_requests_are_refused_before_anything_is_sent() {
    check_refused(
        &["hug_pro", "cat.png"],
        "the scene hug_pro takes two pictures, not 1: give two files, left and right",
    );
    check_refused(
        &["hug_pro", "cat.png", "portrait.jpg", "cat.png"],
        "the scene hug_pro takes two pictures for each video, left and right: 3 do not make pairs",
    );
    check_refused(
        &["appears_tomorrow", "cat.png", "cat.png", "cat.png"],
        "how many pictures the scene appears_tomorrow takes is not known: give one picture or two, \
         not 3",
    );
    check_refused(
        &["cat.png", "color_mixing"],
        "cat.png is a file: the scene comes first, then the pictures",
    );
    check_refused(
        &["color_mixing", "missing.jpg"],
        "missing.jpg can't be read: No such file or directory (os error 2); check the path",
    );
    check_refused(
        &["color_mixing", ""],
        "an image argument is empty: is a variable not set?",
    );
    check_refused(
        &["color_mixing", "."],
        ". is a directory: give a picture in it",
    );
    check_refused(
        &["color_mixing", "notes.jpg"],
        "notes.jpg can't be used: it is neither a JPEG nor a PNG picture",
    );
    check_refused(
        &["color_mixing", "moving.gif"],
        "moving.gif can't be used: it is a GIF picture; the service takes JPEG and PNG",
    );
    check_refused(
        &["color_mixing", "empty.png"],
        "empty.png can't be used: it is empty",
    );
    check_refused(
        &["color_mixing", "too-small-338x191.png"],
        "too-small-338x191.png has 338 x 191 pixels: use a picture of at least 300 on each side",
    );
    check_refused(
        &[
            "hug_pro",
            "portrait.jpg",
            "too-small-338x191.png",
            "--duration",
            "5s",
        ],
        "too-small-338x191.png has 338 x 191 pixels: use a picture of at least 300 on each side\n\
         error: --duration \"5s\" is not a number of seconds such as \"5\"",
    );
    check_refused(
        &["color_mixing", "ftp://example.com/me.jpg"],
        "ftp://example.com/me.jpg \"ftp://example.com/me.jpg\" is neither an http nor an https URL",
    );
    check_refused(
        &["color_mixing", "cat.png", "--output", "nowhere/video.mp4"],
        "--output nowhere/video.mp4 is in a directory that does not exist: create it first",
    );
    check_refused(
        &["color_mixing", "cat.png", "--report", "cat.png"],
        "--report cat.png is one of the input pictures: choose another file",
    );
    check_refused(
        &["color_mixing", "cat.png", "--output", "."],
        "--output . is a directory: add a file name, such as video.mp4",
    );
    check_refused(
        &["color_mixing", "cat.png", "--external-task-id", ""],
        "--external-task-id is empty",
    );
}

/// A scene of tomorrow is sent: the service knows. One that looks like a slip is
/// told before.
#[test]
fn a_slip_in_a_scene_s_name_is_told() {
    let here = directory();
    let warned = |scene| {
        let mut command = kling(here.path());
        let ran = run(command
            .args(["effect", "--mock", scene])
            .arg(picture("cat.png")));
        ran.stderr.lines().next().unwrap_or_default().to_owned()
    };
    let unknown = "is not in the catalogue: check its spelling if it is not new";
    assert_eq!(
        warned("color_mixin"),
        format!("warning: the scene \"color_mixin\" {unknown}; did you mean color_mixing?")
    );
    assert_eq!(
        warned("Color-Mixing"),
        format!("warning: the scene \"Color-Mixing\" {unknown}; did you mean color_mixing?")
    );
    assert_eq!(
        warned("of_tomorrow"),
        format!("warning: the scene \"of_tomorrow\" {unknown}")
    );
}

/// The fake service of `--mock` ends with the program, and was never paid.
#[cfg(unix)]
#[test]
fn offline_nothing_is_paid_when_it_is_interrupted() {
    let here = directory();
    let mut command = kling(here.path());
    command.args(["effect", "--mock", "color_mixing"]);
    let mut child = command
        .arg(picture("cat.png"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("submitted") {}
    send_signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let last = rest.last().map(String::as_str);
    assert_eq!(
        last,
        Some("error: interrupted: the fake service stopped, and nothing was charged")
    );
}

/// The task and its video are gone with the fake service: nobody is sent to look there.
#[test]
fn offline_nothing_is_left_behind_when_it_fails() {
    let here = directory();
    let effect = |more: &[&str]| {
        let mut command = kling(here.path());
        command
            .args(["effect", "--mock", "color_mixing"])
            .arg(picture("cat.png"))
            .args(more);
        command
    };
    let ran = run(effect(&["--json"]).args(["--timeout", "0.01"]));
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    let gone = "error: the task did not finish before the timeout; the fake service stopped, and \
                nothing was charged";
    assert_eq!(ran.stderr.lines().last(), Some(gone));
    assert_eq!(ran.json()["error"]["kind"], "wait_timeout");

    let mut child = effect(&["--output", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("error: the result can't be written"),
        "{said}"
    );
}

#[test]
fn without_a_key_it_says_which() {
    let here = directory();
    let ran = run(kling(here.path())
        .args(["effect", "color_mixing"])
        .arg(picture("cat.png")));
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: no key in the environment: set COMETAPI_KEY for CometAPI, or KLING_API_KEY or both \
         KLING_ACCESS_KEY and KLING_SECRET_KEY for Kling; or add --mock to try it offline\n"
    );
    assert_eq!(ran.stdout, "");
    // Half of one is no reason to do without.
    let mut command = kling(here.path());
    command.env("KLING_ACCESS_KEY", "ak-test");
    let ran = run(command
        .args(["effect", "color_mixing"])
        .arg(picture("cat.png")));
    let why = "error: KLING_ACCESS_KEY is set, but KLING_SECRET_KEY is not";
    assert!(ran.stderr.starts_with(why), "{}", ran.stderr);
    assert!(!ran.stderr.contains("--mock"), "{}", ran.stderr);
}

#[test]
fn a_key_does_not_travel_in_the_clear() {
    let here = directory();
    let mut command = kling(here.path());
    command
        .env("COMETAPI_KEY", "sk-test")
        .args(["effect", "color_mixing"])
        .arg(picture("cat.png"));
    let ran = run(command.args(["--base-url", "http://gateway.example"]));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("is not https: the key would travel in the clear")
    );
}

/// What is known of the real service's run times says nothing of a fake one's.
#[test]
fn offline_the_expected_time_is_that_of_the_fake_service() {
    let here = directory();
    let ran = run(kling(here.path())
        .args(["effect", "color_mixing"])
        .arg(picture("rocket.jpg"))
        .args(["--mock", "--json", "-o", "r.mp4"]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let events = ran.events();
    let statuses: Vec<_> = events.iter().filter(|it| it["event"] == "status").collect();
    assert!(!statuses.is_empty());
    for status in statuses {
        let time = |name: &str| status[name].as_f64().unwrap();
        let expected = time("expected_seconds");
        assert!(expected <= time("elapsed_seconds").max(2.0), "{status}");
    }
}

/// A wait for a free slot takes minutes, and a lost answer is worth knowing of.
#[test]
fn notices_of_a_create_are_printed() {
    let here = directory();
    let mock = RunningMock::start(&["--provider", "kling", "--fault", "create#1@after:reset"]);
    let ran = run(kling(here.path())
        .env("KLING_API_KEY", &mock.api_key)
        .args(["effect", "color_mixing"])
        .arg(picture("rocket.jpg"))
        .args(["--base-url", &mock.base_url, "--poll-interval", "0.05"])
        .args(["--json", "-o", "r.mp4"]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let events = ran.events().into_iter();
    let notices: Vec<_> = events.filter(|event| event["event"] == "notice").collect();
    let id = ran.json()["task_id"].as_str().unwrap().to_owned();
    let lost = "outcome of the create unknown: looking up its task";
    let found = format!("found the task of the create: {id}");
    assert_eq!(
        notices,
        [
            json!({"event": "notice", "message": lost, "next_in_seconds": 0.0}),
            json!({"event": "notice", "message": found, "next_in_seconds": null}),
        ]
    );
    assert!(
        ran.stderr.contains(lost) && ran.stderr.contains(&found),
        "{}",
        ran.stderr
    );
}

/// A query that is sent again must not look like a create that is.
#[test]
fn a_notice_is_never_of_a_query_for_the_task() {
    let here = directory();
    let mock = RunningMock::start(&["--fault", "get#1@before:503"]);
    let ran = rocket(&mock, here.path(), &mock.api_key, "color_mixing");
    check_saved(&ran, here.path(), "r.mp4");
    assert!(!ran.stderr.contains("trying again"), "{}", ran.stderr);
    let is_notice = |event: &Value| event["event"] == "notice";
    assert!(!ran.events().iter().any(is_notice), "{}", ran.stdout);
    // The fault was met.
    let (_, journal) = mock.request("GET /__mock/journal HTTP/1.1", "");
    assert!(journal.contains("503"), "{journal}");
}

/// The service's words must not look like the program's own lines.
#[test]
fn a_service_s_text_is_one_line() {
    let here = directory();
    let mock = RunningMock::start(&["--plan", "instant fail(\"bad\\nerror: fake line\u{202e}\")"]);
    let ran = rocket(&mock, here.path(), &mock.api_key, "color_mixing");
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    let last = ran.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("error: task ") && last.ends_with("bad error: fake line\u{fffd}"),
        "{}",
        ran.stderr
    );
}
