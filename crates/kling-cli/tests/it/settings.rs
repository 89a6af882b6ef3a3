//! Where the settings of `kling mock` come from, and what goes before what.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::run::{RunningMock, kling, run};

/// Asks the mock itself.
fn admin(
    mock: &RunningMock,
    method: &str,
    path: &str,
    headers: &str,
    body: &Value,
) -> (u16, Value) {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let (status, text) = mock.request(&format!("{method} /__mock{path} HTTP/1.1{headers}"), &body);
    (status, serde_json::from_str(&text).unwrap_or_default())
}

fn get(mock: &RunningMock, path: &str) -> Value {
    let (status, body) = admin(mock, "GET", path, "", &Value::Null);
    assert_eq!(status, 200, "{body}");
    body
}

fn file(directory: &Path, text: &str) -> PathBuf {
    let path = directory.join("mock.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_clock_is_moved_from_outside() {
    let mock = RunningMock::start(&["--clock", "manual", "--plan", "after(10s, 5m)"]);
    let clock = get(&mock, "/clock");
    assert_eq!(clock["mode"], "manual");
    assert_eq!(clock["now"], json!(1_767_225_600_000_i64));
    let (status, moved) = admin(&mock, "POST", "/clock", "", &json!({"advance": "5m10s"}));
    assert_eq!(
        (status, &moved["now"]),
        (200, &json!(1_767_225_910_000_i64))
    );
    let running = RunningMock::start(&["--speed", "60"]);
    assert_eq!(get(&running, "/clock")["speed"], json!(60.0));
}

#[test]
fn the_command_line_goes_before_the_file_and_that_before_the_environment() {
    let here = tempfile::tempdir().unwrap();
    let path = file(
        here.path(),
        "provider = \"kling\"\nspeed = 3\njournal-max = 0\nfault = [\"get:503\", \"create:429\"]\n\
         account = \"one:sk-one\"\n",
    );
    let environment = [
        ("KLING_MOCK_CONFIG", path.to_str().unwrap()),
        ("KLING_MOCK_SPEED", "2"),
        ("KLING_MOCK_SEED", "7"),
        ("KLING_MOCK_FAULT", "list:500"),
        (
            "KLING_MOCK_JOURNAL_MAX",
            "not even a number: the file goes first",
        ),
        ("KLING_MOCK_PLAN", ""),
        ("KLING_MOCK_SOMETHING", "else"),
    ];
    let mock = RunningMock::start_in(&environment, &["--speed=4"]);
    let version = get(&mock, "/version");
    assert_eq!(version["provider"], "kling");
    assert_eq!(version["seed"], json!(7));
    assert_eq!(get(&mock, "/clock")["speed"], json!(4.0));
    let faults = get(&mock, "/faults")["faults"].clone();
    let rules: Vec<_> = (0..2).map(|index| faults[index]["rule"].clone()).collect();
    assert_eq!(rules, ["get:503", "create:429"]);
    assert_eq!(faults.as_array().map(Vec::len), Some(2));
    assert_eq!(mock.api_key, "sk-one");

    let lines = [
        ("KLING_MOCK_FAULT", "get:503\ncreate:429\n"),
        ("KLING_MOCK_SEED", "7"),
    ];
    let by_lines = RunningMock::start_in(&lines, &[]);
    assert_eq!(
        get(&by_lines, "/faults")["faults"].as_array().map(Vec::len),
        Some(2)
    );
    let by_flag = RunningMock::start(&["--seed", "7"]);
    assert_eq!(by_lines.api_key, by_flag.api_key);
}

#[track_caller]
fn check_refused(environment: &[(&str, &str)], config: &str, sentence: &str) {
    let here = tempfile::tempdir().unwrap();
    file(here.path(), config);
    let mut command = kling(here.path());
    command.envs(environment.iter().copied()).arg("mock");
    if !config.is_empty() {
        command.args(["--config", "mock.toml"]);
    }
    let ran = run(&mut command);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert_eq!(ran.stderr, format!("error: {sentence}\n"));
}

/// What is wrong is told with the place that it came from.
#[test]
fn wrong_settings_name_their_place() {
    check_refused(
        &[],
        "journal-mx = 5",
        "mock.toml: journal-mx: unknown setting; did you mean journal-max?",
    );
    check_refused(
        &[],
        "zzz = 5",
        "mock.toml: zzz: there is no such setting; `kling mock --help` has all",
    );
    check_refused(
        &[],
        "config = \"x\"",
        "mock.toml: config: there is no such setting; `kling mock --help` has all",
    );
    check_refused(
        &[],
        "expose = \"yes\"",
        "mock.toml: expose: expected true or false",
    );
    check_refused(
        &[],
        "seed = [1, 2]",
        "mock.toml: seed: expected a text or a number, not array",
    );
    check_refused(
        &[],
        "seed = true",
        "mock.toml: seed: expected a text or a number, not boolean",
    );
    check_refused(
        &[],
        "speed = 0",
        "mock.toml: speed: --speed: the speed of a clock must be above 0 and at most 1000000",
    );
    check_refused(
        &[],
        "clock = \"slow\"",
        "mock.toml: clock: possible values: system, manual",
    );
    check_refused(
        &[],
        "plan = \"fast\"",
        "mock.toml: plan: column 1: `fast` is not a plan (known: quick, instant, stuck, held, realistic, after, polls, lognormal)",
    );
    check_refused(
        &[("KLING_MOCK_SEED", "x")],
        "",
        "KLING_MOCK_SEED: invalid digit found in string",
    );
    check_refused(
        &[("KLING_MOCK_EXPOSE", "yes")],
        "",
        "KLING_MOCK_EXPOSE: expected true or false",
    );
    // The value may be a secret.
    check_refused(
        &[("KLING_MOCK_ADMIN_TOKEN", "two words")],
        "",
        "KLING_MOCK_ADMIN_TOKEN: --admin-token: an admin token must consist of visible ASCII characters, because it is sent in a header",
    );
    check_refused(
        &[("KLING_MOCK_ACCOUNT", "a:sk-secret:many")],
        "",
        "KLING_MOCK_ACCOUNT: --account: \"many\" is not a number of slots",
    );
    check_refused(
        &[("KLING_MOCK_PUBLIC_URL", "mock")],
        "",
        "KLING_MOCK_PUBLIC_URL: --public-url: a public URL is http:// or https://, a host, and perhaps a port and a path",
    );
    check_refused(
        &[("KLING_MOCK_CONFIG", "nowhere.toml")],
        "",
        "--config nowhere.toml can't be read: No such file or directory (os error 2)",
    );
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_the_line() {
    let here = tempfile::tempdir().unwrap();
    file(here.path(), "seed = 1\nplan = quick\n");
    let ran = run(kling(here.path()).args(["mock", "--config", "mock.toml"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr
            .starts_with("error: mock.toml: TOML parse error at line 2"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_manual_clock_has_no_speed() {
    let ran = run(kling(Path::new(".")).args(["mock", "--clock", "manual", "--speed", "2"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("--speed is for a clock that runs"),
        "{}",
        ran.stderr
    );
}

/// Whoever can reach it could steer it.
#[test]
fn an_exposed_mock_requires_a_token() {
    let ran = run(kling(Path::new(".")).args(["mock", "--listen", "127.0.0.1:0", "--expose"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("--expose needs --admin-token"),
        "{}",
        ran.stderr
    );

    let token = [
        ("KLING_MOCK_ADMIN_TOKEN", "let-me-in"),
        ("KLING_MOCK_EXPOSE", "1"),
    ];
    let mock = RunningMock::start_in(&token, &[]);
    assert_eq!(admin(&mock, "GET", "/clock", "", &Value::Null).0, 401);
    let header = "\r\nX-Mock-Token: let-me-in";
    assert_eq!(admin(&mock, "GET", "/clock", header, &Value::Null).0, 200);
    assert_eq!(admin(&mock, "GET", "/health", "", &Value::Null).0, 200);
}

/// A key in the file does not come out, whatever is wrong with the account.
#[test]
fn an_error_has_no_key_in_it() {
    let here = tempfile::tempdir().unwrap();
    file(here.path(), "account = [\"a/b:sk-secret\"]");
    let ran = run(kling(here.path()).args(["mock", "--config", "mock.toml"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("mock.toml: account: ") && !ran.stderr.contains("sk-secret"),
        "{}",
        ran.stderr
    );
}
