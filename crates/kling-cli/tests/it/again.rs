//! The same command again, after it ended or was killed: nothing is paid twice, and
//! nothing of another job is touched.

use crate::killed::{Moment, ask_for_no_faults, kill};
use crate::run::{kling, picture, run};
use crate::several::{charges, creates, effect, files, pictures, service, states};
use serde_json::json;
use std::path::Path;

/// The same command again: nothing is paid twice, and what is missing is made.
#[test]
fn the_same_command_again_pays_for_nothing_twice() {
    let mock = service(&["create#2:400/1201"]);
    let here = pictures(&["a.jpg", "b.jpg", "small.png"]);
    std::fs::copy(
        picture("too-small-338x191.png"),
        here.path().join("small.png"),
    )
    .unwrap();
    let arguments = [
        "color_mixing",
        "a.jpg",
        "b.jpg",
        "small.png",
        "--no-preflight",
    ];
    let first = run(&mut effect(&mock, here.path(), &arguments));
    assert_eq!(
        states(&first),
        ["done", "refused", "failed"],
        "{}",
        first.stderr
    );
    let before = std::fs::read(here.path().join("a-color_mixing.mp4")).unwrap();

    let second = run(&mut effect(&mock, here.path(), &arguments));
    assert_eq!(
        states(&second),
        ["done", "done", "failed"],
        "{}",
        second.stderr
    );
    assert_eq!(second.code, Some(6));
    assert!(
        second
            .stderr
            .contains("a.jpg: made by an earlier run; nothing was sent")
    );
    assert!(
        second
            .stderr
            .contains("Image pixel is invalid (in an earlier run)")
    );
    // The one that was refused, and only that.
    assert_eq!(creates(&mock), 4);
    let jobs = second.json()["jobs"].clone();
    assert_eq!(jobs[0]["charge"]["units"], json!("1"), "{jobs}");
    assert!(jobs[0]["seconds"].is_number() && jobs[0]["task_id"].is_string());

    // A video that was removed is fetched again, not made again.
    std::fs::remove_file(here.path().join("a-color_mixing.mp4")).unwrap();
    let third = run(&mut effect(&mock, here.path(), &arguments));
    assert_eq!(
        states(&third),
        ["done", "done", "failed"],
        "{}",
        third.stderr
    );
    assert_eq!(
        before,
        std::fs::read(here.path().join("a-color_mixing.mp4")).unwrap()
    );
    assert_eq!(creates(&mock), 4);

    // With --again, all are made again.
    let fourth = run(effect(&mock, here.path(), &arguments).arg("--again"));
    assert_eq!(
        states(&fourth),
        ["done", "done", "failed"],
        "{}",
        fourth.stderr
    );
    assert_eq!(creates(&mock), 7);
    assert_ne!(
        before,
        std::fs::read(here.path().join("a-color_mixing.mp4")).unwrap()
    );
}

/// When --again is refused, the record of the paid task stays, with its video or without.
#[test]
fn a_refused_create_leaves_what_is_known_of_the_task_before() {
    for fault in ["create#2:401/1002", "create#2:400/1201"] {
        let mock = service(&[fault]);
        let here = pictures(&["a.jpg"]);
        let arguments = ["color_mixing", "a.jpg", "--output-dir", "."];
        let made = run(&mut effect(&mock, here.path(), &arguments));
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        let state = || std::fs::read(here.path().join("a-color_mixing.mp4.kling.json")).unwrap();
        let before = state();
        std::fs::remove_file(here.path().join("a-color_mixing.mp4")).unwrap();
        let ran = run(effect(&mock, here.path(), &arguments).arg("--again"));
        assert!(matches!(ran.code, Some(3 | 5)), "{}", ran.stderr);
        assert_eq!(before, state(), "{fault}");
        // So it is fetched, not paid again.
        let ran = run(&mut effect(&mock, here.path(), &arguments));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(ran.json()["task_id"], made.json()["task_id"]);
        assert_eq!((creates(&mock), charges(&mock)), (2, 1));
    }
}

/// Neither another picture's video nor another job's state is written over.
#[test]
fn files_of_other_jobs_are_left_alone() {
    let mock = service(&["get:hang"]);
    let here = pictures(&["a/me.jpg", "b/me.jpg"]);
    let one = |image: &str, more: &[&str]| {
        let mut command = effect(&mock, here.path(), &["color_mixing", image]);
        command.args(["--output-dir", "."]).args(more);
        command
    };
    kill(
        one("a/me.jpg", &[]),
        &mock,
        here.path(),
        Moment::Requests(2),
    );
    let ran = run(&mut one("b/me.jpg", &["--again"]));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let words = "finish it with: kling resume ./me-color_mixing.mp4.kling.json";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);

    ask_for_no_faults(&mock);
    let ran = run(&mut one("a/me.jpg", &[]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = run(&mut one("b/me.jpg", &["--again"]));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("was made from other pictures"),
        "{}",
        ran.stderr
    );
    // Nor is a recorded task queried at another service.
    let other = service(&[]);
    let mut command = effect(&other, here.path(), &["color_mixing", "a/me.jpg"]);
    let ran = run(command.args(["--output-dir", "."]));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("belongs to a job at kling ("),
        "{}",
        ran.stderr
    );
    let ran = run(kling(here.path())
        .args(["effect", "color_mixing", "a/me.jpg", "--mock"])
        .args(["--output-dir", "."]));
    assert!(
        ran.stderr.contains("belongs to a job that was paid for"),
        "{}",
        ran.stderr
    );
    assert_eq!((creates(&mock), creates(&other)), (1, 0));
}

/// Killed at any point of any of them, the same command finishes all: one charge
/// for each picture.
#[track_caller]
fn check_killed(faults: &[&str], moment: Moment) {
    let mock = service(faults);
    let here = pictures(&["a.jpg", "b.jpg"]);
    let arguments = ["color_mixing", "a.jpg", "b.jpg", "--report", "page.html"];
    kill(
        effect(&mock, here.path(), &arguments),
        &mock,
        here.path(),
        moment,
    );
    // The page is whole, and never ahead of the truth.
    let page = std::fs::read_to_string(here.path().join("page.html")).unwrap();
    assert!(
        page.ends_with("</html>\n") || page.ends_with("</html>"),
        "{faults:?}"
    );
    assert!(
        page.contains("was under way when this page was written"),
        "{faults:?}"
    );
    assert!(page.contains("<code>kling resume "), "{faults:?}");
    let there = files(here.path())
        .iter()
        .filter(|name| Path::new(name).extension().is_some_and(|it| it == "mp4"))
        .count();
    assert!(page.matches("<video").count() <= there, "{faults:?}");

    ask_for_no_faults(&mock);
    let ran = run(&mut effect(&mock, here.path(), &arguments));
    assert_eq!(states(&ran), ["done", "done"], "{faults:?}: {}", ran.stderr);
    assert_eq!(charges(&mock), 2, "{faults:?}");
    let page = std::fs::read_to_string(here.path().join("page.html")).unwrap();
    assert_eq!(page.matches("<video").count(), 2);
    let bytes = |name: &str| std::fs::read(here.path().join(name)).unwrap();
    assert_ne!(bytes("a-color_mixing.mp4"), bytes("b-color_mixing.mp4"));
}

#[test]
fn killed_during_the_first() {
    check_killed(&["create#1@before:hang"], Moment::Requests(1));
    check_killed(&["create#1@after:hang"], Moment::Requests(1));
    check_killed(&["get#1:hang"], Moment::Requests(2));
    check_killed(&["asset#1:hang"], Moment::Requests(5));
}

#[test]
fn killed_during_the_second() {
    check_killed(&["create#2@before:hang"], Moment::Requests(6));
    check_killed(&["create#2@after:hang"], Moment::Requests(6));
    check_killed(&["get#4:hang"], Moment::Requests(7));
    check_killed(&["asset#2:hang"], Moment::Requests(10));
}
