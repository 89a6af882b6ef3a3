//! `kling effect` with several pictures: what belongs together, what each is
//! called, what is paid, and what happens when one goes wrong or all are stopped.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::killed::{Moment, ask};
use crate::run::{Ran, RunningMock, kling, picture, run, send_signal};

/// A directory with these pictures, made of those in `fixtures/media`.
pub(crate) fn pictures(names: &[&str]) -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    let originals = ["portrait.jpg", "rocket.jpg", "cat.png"];
    for (index, name) in names.iter().enumerate() {
        let path = here.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(picture(originals[index % originals.len()]), path).unwrap();
    }
    here
}

/// A fake Kling whose tasks end after one query for each state.
pub(crate) fn service(faults: &[&str]) -> RunningMock {
    let mut arguments = vec!["--provider", "kling", "--plan", "polls(1, 1)"];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    RunningMock::start(&arguments)
}

pub(crate) fn effect(mock: &RunningMock, here: &Path, arguments: &[&str]) -> Command {
    let mut command = kling(here);
    command
        .env("KLING_API_KEY", &mock.api_key)
        .env("KLING_POLL_INTERVAL", "0.02")
        .args(["effect", "--json", "--base-url", &mock.base_url])
        .args(arguments);
    command
}

/// The jobs of the summary, as state and file.
#[track_caller]
fn summary(ran: &Ran) -> Vec<(String, Option<String>)> {
    let last = ran.json();
    assert_eq!(last["event"], json!("summary"), "{}", ran.stderr);
    assert_eq!(last["exit_code"], json!(ran.code));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let jobs = last["jobs"].as_array().unwrap().iter();
    jobs.map(|job| (text(&job["state"]).unwrap(), text(&job["file"])))
        .collect()
}

pub(crate) fn states(ran: &Ran) -> Vec<String> {
    summary(ran).into_iter().map(|(state, _)| state).collect()
}

pub(crate) fn charges(mock: &RunningMock) -> usize {
    ask(mock, "charges")["charges"].as_array().unwrap().len()
}

pub(crate) fn creates(mock: &RunningMock) -> usize {
    let journal = ask(mock, "journal");
    let entries = journal["entries"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry.to_string().contains("\"POST\""))
        .count()
}

/// All files of a directory, sorted.
pub(crate) fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn each_picture_makes_a_video_of_its_own_name() {
    let mock = service(&[]);
    let here = pictures(&["a/me.jpg", "b/me.png", ".hid den.jpg"]);
    std::fs::create_dir(here.path().join("out")).unwrap();
    let arguments = ["color_mixing", "a/me.jpg", "b/me.png", ".hid den.jpg"];
    let ran = run(effect(&mock, here.path(), &arguments).args(["--output-dir", "out"]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let done = |file: &str| ("done".to_owned(), Some(file.to_owned()));
    let files_made = [
        "out/me-color_mixing.mp4",
        "out/me-color_mixing-2.mp4",
        "out/hid den-color_mixing.mp4",
    ];
    assert_eq!(summary(&ran), files_made.map(done));
    assert_eq!(charges(&mock), 3);
    let mut hashes: Vec<_> = files_made
        .map(|file| std::fs::read(here.path().join(file)).unwrap())
        .into();
    hashes.dedup();
    assert_eq!(hashes.len(), 3, "each is another task's video");
    // Each event tells whose it is.
    let of = |event: &Value| event["job"].as_u64();
    let jobs: Vec<_> = ran.events().iter().map(of).collect();
    assert_eq!(jobs.first(), Some(&Some(1)));
    assert!(jobs.is_sorted_by_key(|job| job.unwrap_or(9)), "{jobs:?}");
    // The table: one line each, with what it cost.
    let lines: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.contains("units: 1"))
        .collect();
    assert_eq!(lines.len(), 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("3 of 3 videos made"), "{}", ran.stderr);
}

#[test]
fn a_scene_of_two_takes_pictures_in_pairs() {
    let mock = service(&[]);
    let here = pictures(&["a.jpg", "b.jpg", "c.png", "d.jpg"]);
    let ran = run(&mut effect(
        &mock,
        here.path(),
        &["hug_pro", "a.jpg", "b.jpg", "c.png", "d.jpg"],
    ));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let files: Vec<_> = summary(&ran)
        .into_iter()
        .map(|(_, file)| file.unwrap())
        .collect();
    assert_eq!(files, ["a-b-hug_pro.mp4", "c-d-hug_pro.mp4"]);
    assert_eq!(creates(&mock), 2);
}

/// All that is wrong is told at once, and nothing is sent.
#[test]
fn every_picture_is_checked_before_the_first_is_paid() {
    let mock = service(&[]);
    let here = pictures(&["good.jpg"]);
    std::fs::write(here.path().join("notes.jpg"), "no picture").unwrap();
    std::fs::write(here.path().join("good-color_mixing.mp4"), "somebody's").unwrap();
    let arguments = [
        "color_mixing",
        "good.jpg",
        "notes.jpg",
        "missing.jpg",
        "notes.jpg",
        "--output",
        "x.mp4",
        "--external-task-id",
        "mine",
        "--report",
        "no/page.html",
    ];
    let ran = run(&mut effect(&mock, here.path(), &arguments));
    assert_eq!(ran.code, Some(2));
    let wanted = [
        "--report no/page.html is in a directory that does not exist",
        "--output names one file, and this makes 4 videos",
        "--external-task-id names one task",
        "good-color_mixing.mp4 already exists and has no state file",
        "notes.jpg can't be used: it is neither a JPEG nor a PNG picture",
        "missing.jpg can't be read",
        "notes.jpg is given twice",
    ];
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), wanted.len(), "{}", ran.stderr);
    for (line, words) in lines.iter().zip(wanted) {
        assert!(line.starts_with(&format!("error: {words}")), "{line}");
    }
    assert_eq!(creates(&mock), 0);
    assert_eq!(
        files(here.path()),
        ["good-color_mixing.mp4", "good.jpg", "notes.jpg"]
    );
}

#[track_caller]
fn check_usage(arguments: &[&str], why: &str) {
    let here = pictures(&["a.jpg", "b.jpg"]);
    let ran = run(kling(here.path())
        .arg("effect")
        .args(arguments)
        .arg("--mock"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert_eq!(files(here.path()), ["a.jpg", "b.jpg"]);
}

#[test]
fn options_that_make_no_sense_together_are_refused() {
    let scene = "color_mixing";
    check_usage(
        &[scene, "a.jpg", "--again"],
        "--again needs several pictures",
    );
    check_usage(
        &[scene, "a.jpg", "--output-dir", "no"],
        "--output-dir no is not a directory",
    );
    check_usage(
        &[scene, "a.jpg", "--output-dir", ".", "-o", "x"],
        "cannot be used with",
    );
    check_usage(
        &[scene, "a.jpg", "-o", "x.html", "--report", "./x.html"],
        "are the same file",
    );
    check_usage(&[scene, "a.jpg", "./a.jpg"], "./a.jpg is given twice");
    let signed = "https://example.com/a.jpg?sig=secret";
    check_usage(
        &[scene, signed, signed],
        "error: https://example.com/a.jpg is given twice",
    );
    check_usage(
        &[scene, "a.jpg", "b.jpg", "--output", "-"],
        "--output names one file",
    );
    check_usage(
        &[
            scene,
            "a.jpg",
            "--output-dir",
            ".",
            "--report",
            "a-color_mixing.mp4",
        ],
        "--report and a video are the same file",
    );
}

/// The others go on; the first failure decides the exit code.
#[test]
fn one_failure_does_not_stop_the_others() {
    let mock = service(&["create#2:400/1201", "asset#2:wrong_type"]);
    let here = pictures(&["a.jpg", "b.jpg", "c.png"]);
    let ran = run(&mut effect(
        &mock,
        here.path(),
        &["color_mixing", "a.jpg", "b.jpg", "c.png"],
    ));
    assert_eq!(
        states(&ran),
        ["done", "refused", "not_saved"],
        "{}",
        ran.stderr
    );
    assert_eq!(ran.code, Some(5));
    let resume = "resume with: kling resume c-color_mixing.mp4.kling.json";
    assert!(ran.stderr.contains(resume), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("1 of 3 videos made; run the same command again")
    );
    // What was not created left nothing behind.
    assert!(!here.path().join("b-color_mixing.mp4.kling.json").exists());
}

#[track_caller]
fn check_stops(fault: &str, code: i32, wanted: [&str; 4]) {
    let mock = service(&[fault]);
    let here = pictures(&["a.jpg", "b.jpg", "c.png", "d.jpg"]);
    let mut command = effect(&mock, here.path(), &["color_mixing"]);
    let ran = run(command.args(["a.jpg", "b.jpg", "c.png", "d.jpg"]));
    assert_eq!(states(&ran), wanted, "{fault}: {}", ran.stderr);
    assert_eq!(ran.code, Some(code), "{fault}");
    assert!(ran.stderr.contains("not sent: "), "{}", ran.stderr);
}

/// Where the next one could only fail likewise, it is not sent.
#[test]
fn some_failures_stop_the_others() {
    check_stops(
        "create:401/1002",
        3,
        ["auth", "not_sent", "not_sent", "not_sent"],
    );
    check_stops(
        "create#2:429/1102",
        4,
        ["done", "account", "not_sent", "not_sent"],
    );
}

/// One lost answer is chance; after two in a row no more is risked.
#[test]
fn a_service_that_loses_answers_gets_no_more_creates() {
    let mock = RunningMock::start(&["--fault", "create#1-9@after:reset"]);
    let here = pictures(&["a.jpg", "b.jpg", "c.png"]);
    let mut command = effect(
        &mock,
        here.path(),
        &["color_mixing", "a.jpg", "b.jpg", "c.png"],
    );
    let ran = run(command
        .env_remove("KLING_API_KEY")
        .env("COMETAPI_KEY", &mock.api_key));
    assert_eq!(
        states(&ran),
        ["maybe_sent", "maybe_sent", "not_sent"],
        "{}",
        ran.stderr
    );
    assert_eq!((ran.code, charges(&mock)), (Some(9), 2));
}

/// Two creates of an earlier run stay open at a host that can't be asked for them: the
/// others are made all the same.
#[test]
fn creates_that_an_earlier_run_lost_do_not_keep_the_others_back() {
    let mock = RunningMock::start(&["--fault", "create#1-2@after:reset"]);
    let here = pictures(&["a.jpg", "b.jpg", "c.png"]);
    let again = || {
        let arguments = ["color_mixing", "a.jpg", "b.jpg", "c.png"];
        run(effect(&mock, here.path(), &arguments)
            .env_remove("KLING_API_KEY")
            .env("COMETAPI_KEY", &mock.api_key))
    };
    let first = again();
    let lost = ["maybe_sent", "maybe_sent"];
    assert_eq!(states(&first), [lost[0], lost[1], "not_sent"]);
    let advice = "run the same command again to finish the rest";
    assert!(first.stderr.contains(advice), "{}", first.stderr);
    let second = again();
    assert_eq!(states(&second), [lost[0], lost[1], "done"]);
    assert_eq!((second.code, charges(&mock)), (Some(9), 3));
    // There is nothing left that it could go on with.
    assert!(!second.stderr.contains(advice), "{}", second.stderr);
}

/// Nor do they part two that are lost one after the other now.
#[test]
fn a_create_that_an_earlier_run_lost_is_no_answer_either() {
    let mock = RunningMock::start(&["--fault", "create#1-9@after:reset"]);
    let here = pictures(&["a.jpg", "b.jpg", "c.png", "d.jpg"]);
    let of = |images: &[&str]| {
        let mut command = effect(&mock, here.path(), &["color_mixing", "--output-dir", "."]);
        command.args(images);
        run(command
            .env_remove("KLING_API_KEY")
            .env("COMETAPI_KEY", &mock.api_key))
    };
    assert_eq!(of(&["b.jpg"]).code, Some(9));
    let ran = of(&["a.jpg", "b.jpg", "c.png", "d.jpg"]);
    let lost = "maybe_sent";
    assert_eq!(
        states(&ran),
        [lost, lost, lost, "not_sent"],
        "{}",
        ran.stderr
    );
}

/// Where the service can be asked for a lost create, the same command does that.
#[test]
fn a_lost_create_is_gone_on_with_where_it_can_be_found() {
    let mock = service(&["create@after:reset", "get:401/1002"]);
    let here = pictures(&["a.jpg", "b.jpg"]);
    let ran = run(&mut effect(
        &mock,
        here.path(),
        &["color_mixing", "a.jpg", "b.jpg"],
    ));
    assert_eq!(states(&ran), ["maybe_sent", "maybe_sent"], "{}", ran.stderr);
    let advice = "run the same command again to finish the rest";
    assert!(ran.stderr.contains(advice), "{}", ran.stderr);
}

/// Asked to stop: which goes on is told, and how to finish it. That goes before the
/// failure of an earlier one.
#[cfg(unix)]
#[test]
fn interrupted_it_tells_which_goes_on() {
    use std::process::Stdio;
    let mock = service(&["create#1:400/1201", "get#1:hang"]);
    let here = pictures(&["a.jpg", "b.jpg", "c.png"]);
    let mut command = effect(
        &mock,
        here.path(),
        &["color_mixing", "a.jpg", "b.jpg", "c.png"],
    );
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !Moment::Requests(3).has_come(&mock, here.path()) {
        std::thread::yield_now();
    }
    send_signal(&child, "INT");
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert_eq!(states(&ran), ["refused", "interrupted", "not_sent"]);
    for words in [
        "keeps running and is charged",
        "resume with: kling resume b-color_mixing.mp4.kling.json",
    ] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    assert_eq!(charges(&mock), 1);
}
