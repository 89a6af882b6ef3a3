//! `kling conformance`, as a user calls it.

use std::path::Path;

use kling_mock::{Account, Mock, Profile};
use serde_json::Value;

#[cfg(unix)]
use crate::run::stop_signals;
use crate::run::{Ran, RunningMock, kling, run};

fn conformance(arguments: &[&str]) -> Ran {
    let mut command = kling(Path::new(env!("CARGO_MANIFEST_DIR")));
    // The shell that runs a client looks for its programs.
    command.env("PATH", std::env::var_os("PATH").unwrap());
    run(command.arg("conformance").args(arguments))
}

#[test]
fn the_list() {
    insta::assert_snapshot!(conformance(&["list"]).stdout);
}

#[test]
fn a_check_is_explained() {
    let server = conformance(&["explain", "refusal.duplicate"]).stdout;
    let client = conformance(&["explain", "client.lost.one_charge"]).stdout;
    insta::assert_snapshot!(format!("{server}\n{client}"));
    let unknown = conformance(&["explain", "refusal.dupe"]);
    assert_eq!(unknown.code, Some(2));
    assert_eq!(
        unknown.stderr,
        "error: no check \"refusal.dupe\": see kling conformance list\n"
    );
}

/// A server that is of another host than was said fails; each failure comes with
/// the call that shows it.
#[test]
fn a_failed_run_says_how_to_see_it_again() {
    let mock = RunningMock::start(&["--provider", "kling"]);
    let mut command = kling(Path::new("."));
    command
        .args(["conformance", "run", "--base-url", &mock.base_url])
        .args([
            "--only",
            "refusal.duration_number",
            "--only",
            "refusal.wrong_path",
        ])
        .args(["--only", "refusal.no_key", "--only", "token"])
        .env("API_KEY", &mock.api_key);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    insta::assert_snapshot!(shown.replace(&mock.base_url, "http://server"));
}

/// `conformance run` against a running mock.
fn held(mock: &RunningMock, arguments: &[&str]) -> Ran {
    let mut command = kling(Path::new("."));
    command
        .args(["conformance", "run", "--base-url", &mock.base_url])
        .args(arguments)
        .env("API_KEY", &mock.api_key);
    run(&mut command)
}

fn requests(mock: &RunningMock) -> Value {
    let (_, journal) = mock.request("GET /__mock/journal HTTP/1.1", "");
    serde_json::from_str::<Value>(&journal).unwrap()["entries"].clone()
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_paid() {
    let mock = RunningMock::start(&[]);
    for option in ["--junit", "--markdown"] {
        let ran = held(&mock, &["--only", "create", option, "/nonexistent/report"]);
        assert_eq!(ran.code, Some(2));
        let why = "error: /nonexistent/report can't be written: No such file or directory";
        assert!(ran.stderr.starts_with(why), "{}", ran.stderr);
    }
    assert_eq!(requests(&mock), serde_json::json!([]));
}

/// A report that can be opened and not written, such as on a full disk, does not
/// cost the other one.
#[cfg(target_os = "linux")]
#[test]
fn one_report_that_cannot_be_written_does_not_cost_the_other() {
    let mock = RunningMock::start(&[]);
    let here = tempfile::tempdir().unwrap();
    let markdown = here.path().join("results.md");
    let other = markdown.to_str().unwrap();
    let reports = ["--junit", "/dev/full", "--markdown", other];
    let ran = held(
        &mock,
        &[&["--only", "query.unknown"], &reports[..]].concat(),
    );
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("1 pass"), "{}", ran.stderr);
    let full = "error: /dev/full can't be written: No space left on device";
    assert!(ran.stderr.contains(full), "{}", ran.stderr);
    let written = std::fs::read_to_string(markdown).unwrap();
    assert!(written.starts_with("# Conformance: comet"), "{written}");
}

#[test]
fn a_server_that_is_not_there_is_not_tried() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", port.local_addr().unwrap());
    drop(port);
    let mut command = kling(Path::new("."));
    command.args(["conformance", "run", "--base-url", &url]);
    let ran = run(command.env("API_KEY", "a-key"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    let why = format!("error: cannot check {url}: no answer: ");
    assert!(ran.stderr.starts_with(&why), "{}", ran.stderr);
}

/// The fake service in this program has all that the checks need, and charges nothing.
#[test]
fn server_options_are_refused_with_mock() {
    let options: [&[&str]; 6] = [
        &["--accept-cost"],
        &["--max-creates=1"],
        &["--key-env=KEY"],
        &["--callback-listen=127.0.0.1:0"],
        &["--access-key-env=ACCESS", "--secret-key-env=SECRET"],
        &["--slots-key-env=SMALL", "--slots=2"],
    ];
    for option in options {
        let all = [&["run", "--mock", "--only", "query.unknown"], option].concat();
        let ran = conformance(&all);
        assert_eq!(ran.code, Some(2), "{option:?}: {}", ran.stderr);
    }
}

#[test]
fn kling_itself_passes_every_check_of_clients() {
    let program = env!("CARGO_BIN_EXE_kling");
    let effect =
        format!("'{program}' effect $KLING_SCENE $KLING_IMAGES --output $KLING_OUTPUT --json");
    for (provider, summary) in [
        ("comet", "44 pass, 2 skip\n"),
        ("kling", "44 pass, 2 skip\n"),
    ] {
        let ran = conformance(&["client", "--provider", provider, "--command", &effect]);
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (Some(0), summary),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn a_client_that_does_nothing_fails() {
    let ran = conformance(&[
        "client",
        "--command",
        "echo done",
        "--only",
        "client.output.file",
        "--only",
        "client.poll.path",
    ]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(format!("{}{}", ran.stdout, ran.stderr));
}

/// What it started is ended with it: a run takes as long as its limit.
#[cfg(unix)]
#[test]
fn a_client_that_does_not_end_is_killed_with_its_children() {
    let here = tempfile::tempdir().unwrap();
    let pid = here.path().join("pid");
    let hangs = format!("sleep 1000 & echo $! > {}; wait", pid.display());
    let ran = conformance(&[
        "client",
        "--command",
        &hangs,
        "--limit",
        "0.5",
        "--only",
        "client.wait.bounded",
    ]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("which is 1 s; it timed out and was killed"),
        "{}",
        ran.stdout
    );
    assert_ended(&pid);
}

/// The process whose id is in this file.
#[cfg(unix)]
#[track_caller]
fn assert_ended(pid: &Path) {
    let child = std::fs::read_to_string(pid).unwrap();
    let ended = |_| {
        // A signal needs a moment.
        std::thread::yield_now();
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
        // A zombie at the most: its parent is gone too.
        !state.is_ok_and(|state| !state.contains(") Z"))
    };
    assert!(
        (0..50_000).any(ended),
        "the child {} is still running",
        child.trim()
    );
}

/// Clients and implementations are in groups of their own, so nobody but this
/// program can end them.
#[cfg(unix)]
#[test]
fn an_interrupted_run_kills_its_children() {
    let commands: [&[&str]; 2] = [
        &["client", "--only", "client.wait.bounded", "--command"],
        &["vectors", "--exec"],
    ];
    for command in commands {
        for signal in stop_signals() {
            let here = tempfile::tempdir().unwrap();
            let pid = here.path().join("pid");
            let stops = format!(
                "sleep 1000 & echo $! > {}; kill -s {signal} $PPID; wait",
                pid.display()
            );
            let ran = conformance(&[command, &[&stops, "--limit", "9"]].concat());
            assert_eq!(ran.code, Some(130), "{command:?}, {signal}: {}", ran.stderr);
            assert_ended(&pid);
        }
    }
}

#[test]
fn vectors_run_through_another_implementation() {
    let program = env!("CARGO_BIN_EXE_kling");
    let itself = format!("'{program}' conformance vectors --answer");
    let ran = conformance(&["vectors", "--exec", &itself]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), "538 vectors, 0 failed, 38 not supported\n"),
        "{}",
        ran.stdout
    );
}

#[track_caller]
fn check_exec(command: &str, code: i32, says: &str) {
    let ran = conformance(&["vectors", "--exec", command]);
    assert_eq!(ran.code, Some(code), "{command}: {}", ran.stderr);
    assert!(ran.stderr.contains(says), "{command}: {}", ran.stderr);
}

#[test]
fn an_implementation_that_answers_nothing_does_not_pass() {
    // Every answer without what is expected; those where anything goes pass.
    check_exec("cat", 1, "538 vectors, 535 failed");
    check_exec("true", 1, "538 vectors, 538 failed");
    check_exec("exit 3", 2, "\"exit 3\" failed: it printed no error");
    let unsupported = r#"sed 's/"suite":/"unsupported":true,"suite":/'"#;
    check_exec(unsupported, 2, "the command supports none of the vectors");
}

/// With all that they need, every check is made over a socket but the one that
/// takes 30 days.
#[tokio::test]
async fn with_every_option_only_the_calendar_is_skipped() {
    const SECRET: &str = "whsec_Y29uZm9ybWFuY2Utc3VpdGUtc2VjcmV0IQ==";
    let account = Account::new("default")
        .access_keys("an-access-key", "a-secret-key")
        .webhook_secret(SECRET)
        .unwrap();
    let small = Account::new("small")
        .api_key("sk-of-the-small-one")
        .slots(2);
    let mock = Mock::builder()
        .profile(Profile::kling())
        // Callbacks are signed with it, and looked at by ours.
        .wall_clock(kling_http::SystemClock)
        .account(account)
        .unwrap()
        .account(small)
        .unwrap()
        .build();
    let server = mock.serve(([127, 0, 0, 1], 0)).await.unwrap();
    let post = kling_http::ReqwestTransport::new().unwrap();
    drop(tokio::spawn(mock.clone().run_callbacks(post)));
    let (url, key) = (server.base_url(), mock.api_key().to_owned());
    let ran = tokio::task::spawn_blocking(move || {
        let mut command = kling(Path::new("."));
        command
            .args([
                "conformance",
                "run",
                "--json",
                "--provider",
                "kling",
                "--base-url",
                &url,
            ])
            .args([
                "--callback-listen",
                "127.0.0.1:0",
                "--webhook-secret-env",
                "HOOK",
            ])
            .args(["--access-key-env", "ACCESS", "--secret-key-env", "SECRET"])
            .args(["--slots-key-env", "SMALL", "--slots", "2"])
            .envs([("API_KEY", key.as_str()), ("HOOK", SECRET)])
            .envs([("ACCESS", "an-access-key"), ("SECRET", "a-secret-key")])
            .env("SMALL", "sk-of-the-small-one");
        run(&mut command)
    });
    let ran = ran.await.unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let results = report["results"].as_array().unwrap();
    let skipped: Vec<&Value> = results.iter().filter(|it| it["status"] == "skip").collect();
    let skipped: Vec<String> = skipped
        .iter()
        .map(|it| format!("{}: {}", it["check"], it["message"]))
        .collect();
    insta::assert_snapshot!(skipped.join("\n"));
    server.shutdown().await;
}
