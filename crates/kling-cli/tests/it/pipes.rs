//! Requests from stdin and files, videos to stdout.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::run::{Ran, RunningMock, kling, picture, run, run_with};

/// A request as another program writes it.
fn request() -> String {
    let image = std::fs::read(picture("cat.png")).unwrap();
    let image = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, image);
    json!({"effect_scene": "color_mixing", "input": {"image": image, "duration": "5"}}).to_string()
}

/// The video goes to stdout, and nothing else does.
#[test]
fn a_video_goes_through_a_pipe() {
    let mut command = kling(Path::new("."));
    command.args(["effect", "color_mixing", "--mock", "-o", "-"]);
    let output = command.arg(picture("cat.png")).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(&output.stdout[4..8], b"ftyp");
}

/// Nobody reads it to its end: that is said, and the paid video is not lost.
#[test]
fn a_broken_pipe_loses_no_video() {
    let mock = RunningMock::start(&["--plan", "instant"]);
    let here = tempfile::tempdir().unwrap();
    let mut child = kling(here.path())
        .env("COMETAPI_KEY", &mock.api_key)
        .args([
            "effect",
            "color_mixing",
            "-o",
            "-",
            "--base-url",
            &mock.base_url,
        ])
        .args(["--external-task-id", "mine"])
        .arg(picture("cat.png"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(10), "{said}");
    assert!(said.contains("the result can't be written"), "{said}");
    assert!(
        said.contains("the video is available for 30 days at http"),
        "{said}"
    );
    let resume = "resume with: kling resume color_mixing-mine.kling.json";
    assert!(said.contains(resume), "{said}");
    let ran = run(kling(here.path()).env("COMETAPI_KEY", &mock.api_key).args([
        "resume",
        "color_mixing-mine.kling.json",
        "-o",
        "v.mp4",
    ]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(here.path().join("v.mp4").exists());
}

/// Half of an answer is none, whoever asked; but who closes a pipe has what they wanted.
#[cfg(target_os = "linux")]
#[test]
fn write_errors_on_stdout_are_reported() {
    let full = || {
        std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let here = tempfile::tempdir().unwrap();
    let image = picture("portrait.jpg");
    let image = image.to_str().unwrap();
    for arguments in [
        &["schema"][..],
        &["effect", "--help"],
        &["--version"],
        &["man"],
        &["completions", "bash"],
        &["scenes", "list"],
        &["exit-codes", "--json"],
        &["conformance", "list"],
        &["webhook", "listen"],
        &["check", "--json", image],
        &[
            "effect",
            "color_mixing",
            image,
            "--mock",
            "--json",
            "-o",
            "v.mp4",
        ],
    ] {
        let mut command = kling(here.path());
        let ran = Ran::of(command.args(arguments).stdout(full()).output().unwrap());
        assert_eq!(ran.code, Some(11), "{arguments:?}: {}", ran.stderr);
        let why = "error: stdout can't be written: No space left";
        assert!(ran.stderr.contains(why), "{arguments:?}: {}", ran.stderr);
    }
    // What was paid for is there.
    assert!(here.path().join("v.mp4").exists());
    // Another failure goes before that.
    let mut command = kling(here.path());
    command.args(["check", "--json", "missing.jpg"]);
    let ran = Ran::of(command.stdout(full()).output().unwrap());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = kling(here.path());
    let ran = Ran::of(command.arg("schema").stdout(writer).output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

/// Nothing is paid for a video that nobody can read.
#[cfg(unix)]
#[test]
fn a_video_for_a_closed_stdout_is_refused() {
    let here = tempfile::tempdir().unwrap();
    let image = picture("portrait.jpg");
    let program = env!("CARGO_BIN_EXE_kling");
    for closed in [">&-", ">/dev/null"] {
        let script = format!("exec '{program}' effect color_mixing \"$1\" --mock -o - {closed}");
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(here.path()).args(["-c", &script, "sh"]);
        let ran = run(shell.arg(&image));
        assert_eq!(ran.code, Some(2), "{closed}: {}", ran.stderr);
        let why = "--output - writes the video to stdout, which is closed or /dev/null";
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

#[test]
fn a_request_comes_from_stdin_or_a_file() {
    let here = tempfile::tempdir().unwrap();
    let effect = |file: &str, output: &str| {
        let mut command = kling(here.path());
        command.args([
            "effect",
            "--request",
            file,
            "--mock",
            "--json",
            "-o",
            output,
        ]);
        run_with(&mut command, &request())
    };
    let ran = effect("-", "a.mp4");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    std::fs::write(here.path().join("request.json"), request()).unwrap();
    let ran = effect("request.json", "b.mp4");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["file"], json!("b.mp4"));
    for name in ["a.mp4", "b.mp4"] {
        let bytes = std::fs::read(here.path().join(name)).unwrap();
        assert_eq!(&bytes[4..8], b"ftyp", "{name}");
    }
}

/// What is sent is the request as it stands, and an id to find it by.
#[test]
fn a_request_keeps_what_this_program_does_not_know() {
    let mock = RunningMock::start(&["--plan", "instant"]);
    let here = tempfile::tempdir().unwrap();
    let mut body: Value = serde_json::from_str(&request()).unwrap();
    body["tomorrow"] = json!({"a": 1});
    let mut command = kling(here.path());
    command.env("COMETAPI_KEY", &mock.api_key).args([
        "effect",
        "--request",
        "-",
        "-o",
        "v.mp4",
        "--base-url",
        &mock.base_url,
    ]);
    let ran = run_with(&mut command, &body.to_string());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let (_, journal) = mock.request("GET /__mock/journal HTTP/1.1", "");
    assert!(journal.contains("tomorrow"), "{journal}");
}

#[track_caller]
fn check_refused(body: &str, why: &str) {
    let ran = run_with(
        kling(Path::new(".")).args(["effect", "--request", "-", "--mock", "-o", "v.mp4"]),
        body,
    );
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with(&format!("error: {why}")),
        "{}",
        ran.stderr
    );
}

/// A device may have no end; and what is cut short must not be taken for the whole.
#[cfg(target_os = "linux")]
#[test]
fn no_more_is_read_than_makes_sense() {
    let here = tempfile::tempdir().unwrap();
    let zero = "/dev/zero";
    for (arguments, most) in [
        (&["resume", zero][..], 1 << 20),
        (&["get", "7", "--config", zero], 1 << 20),
        (&["mock", "--config", zero], 1 << 20),
        (&["get", "7", "--key-stdin"], 1 << 14),
        (&["check", "--request", zero], 64 << 20),
        (&["effect", "--request", "-", "--mock"], 64 << 20),
    ] {
        let zeros = std::fs::File::open(zero).unwrap();
        let ran = run(kling(here.path()).args(arguments).stdin(zeros));
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        let why = format!("it has more than {most} bytes");
        assert!(ran.stderr.contains(&why), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_request_that_is_none_is_refused_with_its_place() {
    check_refused("", "stdin is not JSON: EOF");
    check_refused("[]", "stdin is not a JSON object");
    check_refused("{}", "/effect_scene");
    check_refused(
        r#"{"effect_scene":"hug_pro","input":{"images":["x"]}}"#,
        "/input/images",
    );
    let ran = run(kling(Path::new(".")).args(["effect", "--request", "none.json", "--mock"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.starts_with("error: none.json can't be read"),
        "{}",
        ran.stderr
    );
}
