//! What can go wrong once a task is paid for: nothing of it is lost, and the
//! exit code does not say that nothing happened.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::run::{Ran, RunningMock, kling, picture, run};

/// `kling effect` against a mock with these faults, in a directory of its own.
fn effect(mock: &[&str], more: &[&str]) -> (Ran, tempfile::TempDir) {
    let mock = RunningMock::start(mock);
    let here = tempfile::tempdir().unwrap();
    let ran = run(command(&mock, &here).args(more));
    (ran, here)
}

pub(crate) fn command(mock: &RunningMock, here: &tempfile::TempDir) -> Command {
    let mut command = kling(here.path());
    command
        .env("COMETAPI_KEY", &mock.api_key)
        .args([
            "effect",
            "color_mixing",
            "--json",
            "--poll-interval",
            "0.02",
        ])
        .args(["--base-url", &mock.base_url])
        .arg(picture("portrait.jpg"));
    command
}

#[track_caller]
fn check_saved((ran, here): (Ran, tempfile::TempDir), file: &str) {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(std::fs::read(here.path().join(file)).unwrap().len() > 1000);
}

#[test]
fn stray_answers_to_queries_and_downloads_are_outlived() {
    for fault in [
        "get:lag=1",
        "get#2:404",
        "get#1:401",
        "get#2:html301",
        "get#1-3:503",
        "asset#1:404",
        "asset#1:expired",
        "asset#1:truncate=100",
    ] {
        check_saved(effect(&["--fault", fault], &["-o", "v.mp4"]), "v.mp4");
    }
}

#[test]
fn repeated_failures_are_reported_with_the_task() {
    for (fault, code, kind) in [
        ("get:404", 8, "not_found"),
        ("get:401", 8, "auth"),
        ("get:html301", 8, "config"),
        ("asset:expired", 10, "result_expired"),
        ("asset:wrong_type", 10, "download"),
    ] {
        let (ran, here) = effect(&["--fault", fault], &["-o", "v.mp4"]);
        assert_eq!(ran.code, Some(code), "{fault}: {}", ran.stderr);
        let said = ran.json();
        assert_eq!(said["error"]["kind"], json!(kind), "{fault}");
        let id = said["task_id"].as_str().unwrap();
        if code == 8 {
            let wanted = format!("task {id} keeps running and is charged");
            assert!(ran.stderr.contains(&wanted), "{}", ran.stderr);
        }
        // What is over comes back with a new task only.
        let is_over = kind == "result_expired";
        assert_eq!(
            ran.stderr.contains("only a new task"),
            is_over,
            "{}",
            ran.stderr
        );
        assert_eq!(
            ran.stderr.contains("resume with:"),
            !is_over,
            "{}",
            ran.stderr
        );
        let shows_address = kind == "download";
        assert_eq!(said["result_url"].is_string(), shows_address, "{fault}");
        // The job stays written down, and nothing else is there.
        let left: Vec<_> = std::fs::read_dir(here.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{fault}");
        assert_eq!(said["state_file"], json!("v.mp4.kling.json"), "{fault}");
    }
}

/// The create's answer is lost: `CometAPI` can't be asked, so nothing is sent again.
#[test]
fn a_lost_create_is_not_sent_again() {
    let (ran, _) = effect(
        &["--fault", "create#1@after:reset"],
        &["--external-task-id", "mine"],
    );
    assert_eq!(ran.code, Some(9), "{}", ran.stderr);
    assert_eq!(ran.json()["external_task_id"], json!("mine"));
    assert!(
        ran.stderr.contains("external task id mine"),
        "{}",
        ran.stderr
    );
}

/// A proxy in the environment gets nothing that is meant for this machine.
#[test]
fn no_proxy_sees_what_stays_here() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let here = tempfile::tempdir().unwrap();
    let mut command = kling(here.path());
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, &address);
    }
    let ran = run(command
        .args(["effect", "color_mixing", "--mock", "-o", "v.mp4"])
        .arg(picture("cat.png")));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

/// Checks that `--output` is refused before anything is paid.
#[cfg(unix)]
#[track_caller]
fn check_output(here: &tempfile::TempDir, output: &str, sentence: &str) {
    let mut command = kling(here.path());
    command.args(["effect", "color_mixing", "--mock", "-o", output, "in.jpg"]);
    let ran = run(&mut command);
    assert_eq!(
        (ran.code, ran.stderr),
        (Some(2), format!("error: --output {output} {sentence}\n"))
    );
}

#[cfg(unix)]
#[test]
fn nothing_is_replaced_that_should_stay() {
    let here = tempfile::tempdir().unwrap();
    std::fs::copy(picture("portrait.jpg"), here.path().join("in.jpg")).unwrap();
    std::os::unix::fs::symlink("in.jpg", here.path().join("link.mp4")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(here.path().join("pipe"))
            .status()
            .unwrap()
            .success()
    );
    check_output(
        &here,
        "in.jpg",
        "is one of the input pictures: choose another file",
    );
    check_output(
        &here,
        "link.mp4",
        "exists and is not a regular file: choose another",
    );
    check_output(
        &here,
        "pipe",
        "exists and is not a regular file: choose another",
    );
    check_output(
        &here,
        "video/",
        "is a directory: add a file name, such as video.mp4",
    );
    check_output(
        &here,
        &"x".repeat(300),
        "has a name that is too long for a file",
    );

    // The name of the file that was tried is nobody's business.
    #[cfg(target_os = "linux")]
    {
        let why = "can't be written to: No such file or directory (os error 2)";
        let sentence = format!("is in a directory that {why}");
        check_output(&here, "/proc/video.mp4", &sentence);
        let mut command = kling(Path::new("/proc"));
        let ran = run(command
            .args(["effect", "color_mixing", "--mock"])
            .arg(here.path().join("in.jpg")));
        assert_eq!(ran.stderr, format!("error: the current directory {why}\n"));
    }

    // A picture that never begins is not waited for.
    let ran = run(kling(here.path()).args(["effect", "color_mixing", "--mock", "pipe"]));
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: pipe is not a regular file: save the picture to one\n"
    );
}

/// What is paid for and what is known of it do not take each other's place: nothing
/// is sent, and every file is as it was.
#[track_caller]
fn check_places(arguments: &[&str], why: &str) {
    let here = tempfile::tempdir().unwrap();
    let job = r#"{"kling_state": 1, "of": "another job"}"#;
    let image = std::fs::read(picture("portrait.jpg")).unwrap();
    let image = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, image);
    let request = json!({"effect_scene": "color_mixing", "input": {"image": image}}).to_string();
    std::fs::copy(picture("portrait.jpg"), here.path().join("in.jpg")).unwrap();
    std::fs::write(here.path().join("job.json"), job).unwrap();
    std::fs::write(here.path().join("r.json"), &request).unwrap();
    std::fs::create_dir(here.path().join("d")).unwrap();
    let ran = run(kling(here.path())
        .env("COMETAPI_KEY", "sk-test")
        .env("KLING_BASE_URL", "http://127.0.0.1:9")
        .args(arguments));
    assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
    assert!(ran.stderr.contains(why), "{arguments:?}: {}", ran.stderr);
    let read = |name: &str| std::fs::read_to_string(here.path().join(name)).unwrap();
    assert_eq!(
        (read("job.json"), read("r.json")),
        (job.to_owned(), request)
    );
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 4);
}

#[test]
fn a_video_a_page_and_a_state_file_are_three_files() {
    let same = "are the same file: choose another";
    let effect = ["effect", "color_mixing", "in.jpg"];
    let of = |more: &[&'static str]| [&effect[..], more].concat();
    check_places(&of(&["-o", "v.mp4", "--state", "v.mp4"]), same);
    check_places(&of(&["-o", "v.mp4", "--state", "d/../V.mp4"]), same);
    check_places(&of(&["--report", "x", "--state", "./x"]), same);
    let report = ["-o", "x", "--report", "x.kling.json"];
    check_places(&of(&report), same);
    let report = [
        "--output-dir",
        ".",
        "--report",
        "in-color_mixing.mp4.kling.json",
    ];
    check_places(&of(&report), same);
    let submit = [
        "submit",
        "color_mixing",
        "in.jpg",
        "-o",
        "v.mp4",
        "--state",
        "v.mp4",
    ];
    check_places(&submit, same);
}

#[test]
fn no_state_file_and_no_request_is_written_over() {
    let job = "job.json is the state file of a job: choose another file";
    for option in ["-o", "--report"] {
        check_places(
            &["effect", "color_mixing", "in.jpg", option, "job.json"],
            job,
        );
    }
    check_places(&["submit", "color_mixing", "in.jpg", "-o", "job.json"], job);
    check_places(&["download", "7", "-o", "job.json"], job);
    let request = "r.json is one of the input pictures: choose another file";
    for option in ["-o", "--report"] {
        check_places(
            &["effect", "--request", "r.json", option, "r.json"],
            request,
        );
    }
    check_places(&["submit", "--request", "r.json", "-o", "r.json"], request);
}

/// A job may have been written down where its video was to be.
#[test]
fn a_resumed_job_s_video_does_not_take_its_state_file_s_place() {
    let mock = RunningMock::start(&["--plan", "instant"]);
    let here = tempfile::tempdir().unwrap();
    let kling = || {
        let mut command = kling(here.path());
        command.env("COMETAPI_KEY", &mock.api_key);
        command
    };
    let submitted = run(kling()
        .args(["submit", "color_mixing", "--base-url", &mock.base_url])
        .args(["-o", "v.mp4", "--state", "job.json"])
        .arg(picture("cat.png")));
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    let ran = run(kling().args(["resume", "job.json", "-o", "job.json"]));
    let why = "--output job.json is the state file of a job";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    std::fs::rename(here.path().join("job.json"), here.path().join("v.mp4")).unwrap();
    let ran = run(kling().args(["resume", "v.mp4"]));
    assert!(
        ran.stderr.contains("is the state file of a job"),
        "{}",
        ran.stderr
    );
    let ran = run(kling().args(["resume", "v.mp4", "-o", "w.mp4"]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(here.path().join("w.mp4").exists());
}

/// A name that neither a state file nor a printed command could hold is refused before
/// anything is paid.
#[cfg(target_os = "linux")]
#[test]
fn file_names_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let mock = RunningMock::start(&[]);
    let here = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"x\xff");
    std::fs::create_dir(here.path().join(name)).unwrap();
    let directory = name.to_owned();
    let inside = Path::new(name).join("v.mp4").into_os_string();
    for (option, name) in [
        ("--output", b"y\xff".as_slice()),
        ("--output", inside.as_bytes()),
        ("--state", b"y\xff"),
        ("--output-dir", directory.as_bytes()),
    ] {
        let name = std::ffi::OsStr::from_bytes(name);
        let ran = run(command(&mock, &here).arg(option).arg(name));
        assert_eq!(ran.code, Some(2), "{option}: {}", ran.stderr);
        let why = "is not valid UTF-8: choose another name";
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    let (_, journal) = mock.request("GET /__mock/journal HTTP/1.1", "");
    assert!(!journal.contains("\"POST\""), "{journal}");
}

/// An earlier run sent the create and was killed before the answer: whatever goes wrong
/// now, no message says that nothing was charged, or that a new create is safe.
#[test]
fn a_create_in_doubt_stays_in_doubt() {
    let check = |faults: &[&str], key: Option<&str>, again: bool, code: i32| {
        let mut arguments = vec!["--provider", "kling"];
        for fault in faults {
            arguments.extend(["--fault", fault]);
        }
        let mock = RunningMock::start(&arguments);
        let here = tempfile::tempdir().unwrap();
        let picture = picture("portrait.jpg");
        let mut submit = kling(here.path());
        submit
            .env("KLING_API_KEY", &mock.api_key)
            .args(["submit", "color_mixing", "--base-url", &mock.base_url])
            .args(["--state", "job.json"])
            .arg(&picture);
        assert_eq!(run(&mut submit).code, Some(0));
        let path = here.path().join("job.json");
        let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        state["task"] = Value::Null;
        std::fs::write(&path, state.to_string()).unwrap();

        let mut resume = kling(here.path());
        resume
            .env("KLING_API_KEY", key.unwrap_or(&mock.api_key))
            .args(["resume", "job.json", "--json"]);
        if again {
            resume.arg("--send-again").arg(&picture);
        }
        let ran = run(&mut resume);
        assert_eq!(ran.code, Some(code), "{faults:?}: {}", ran.stderr);
        let said = ran.json();
        assert_eq!(said["error"]["exit_code"], json!(code), "{faults:?}");
        let id = state["external_task_id"].as_str().unwrap();
        let doubt =
            format!("the create with external task id {id} may have been carried out and charged");
        assert!(ran.stderr.contains(&doubt), "{faults:?}: {}", ran.stderr);
        assert!(path.exists());
    };
    check(&[], Some("sk-wrong"), false, 9);
    for fault in [
        "get:401/1000",
        "get:429/1102",
        "get:403/1103",
        "get:400/1201",
    ] {
        check(&[fault], None, false, 9);
    }
    for fault in [
        "create#2:401/1000",
        "create#2:429/1102",
        "create#2:400/1301",
    ] {
        check(&["get:404/1203", fault], None, true, 9);
    }
    // A mistake in the call is one all the same.
    check(&[], Some("no key at all"), false, 2);
}

#[test]
fn wrong_arguments_are_json_too_where_it_was_asked_for() {
    let here = tempfile::tempdir().unwrap();
    let ran = run(kling(here.path()).args(["effect", "color_mixing", "--json"]));
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.json()["error"]["kind"], json!("usage"));
    let why = "the following required arguments were not provided: <IMAGE>...";
    assert_eq!(ran.json()["error"]["message"], json!(why));
}
