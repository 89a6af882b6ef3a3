//! Signals while a job is created or waited for.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};

use crate::after_paying::command;
use crate::killed::Moment;
use crate::run::{RunningMock, kling, picture, send_signal, stop_signals};

type Stderr = Lines<BufReader<ChildStderr>>;

/// Starts the program, whose stderr is read line by line.
fn start(command: &mut Command) -> (Child, Stderr) {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr.lines())
}

fn read_until(lines: &mut Stderr, text: &str) {
    while !lines.next().unwrap().unwrap().contains(text) {}
}

fn read_rest(lines: Stderr) -> String {
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    rest.join("\n")
}

/// The task keeps running after the signal, so its id is printed.
#[test]
fn an_interrupted_wait_names_the_task() {
    let mock = RunningMock::start(&["--plan", "stuck"]);
    for signal in stop_signals() {
        let here = tempfile::tempdir().unwrap();
        let (child, mut lines) = start(&mut command(&mock, &here));
        // Printed once the task exists.
        read_until(&mut lines, "submitted");
        send_signal(&child, signal);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        let said: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
        assert_eq!(said["task_id"].as_str().unwrap().len(), 19);
        assert_eq!(said["error"]["kind"], json!("interrupted"));
        let rest = read_rest(lines);
        assert!(rest.contains("keeps running and is charged"), "{rest}");
        assert!(
            rest.contains("resume with: kling resume color_mixing-"),
            "{rest}"
        );
    }
}

/// Full slots are a refusal: until the next attempt is sent, there is no task to look for.
#[test]
fn an_interrupted_create_leaves_a_state_file_unless_every_attempt_was_refused() {
    // `requests` is how many attempts are sent before the signal, `refused` how many of
    // them were answered.
    let check = |faults: &[&str], refused: usize, requests: usize, is_open: bool| {
        let arguments: Vec<_> = faults.iter().flat_map(|it| ["--fault", it]).collect();
        let mock = RunningMock::start(&arguments);
        let here = tempfile::tempdir().unwrap();
        let (child, mut lines) = start(&mut command(&mock, &here));
        for _ in 0..refused {
            read_until(&mut lines, "retrying in");
        }
        while !Moment::Requests(requests).has_come(&mock, here.path()) {
            std::thread::yield_now();
        }
        send_signal(&child, "INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{faults:?}");
        let rest = read_rest(lines);
        assert_eq!(rest.contains("no task was created"), !is_open, "{rest}");
        assert_eq!(rest.contains("may have been created"), is_open, "{rest}");
        let left = std::fs::read_dir(here.path()).unwrap().count();
        assert_eq!(left, usize::from(is_open), "{faults:?}: {rest}");
    };
    check(&["create:429/1303"], 1, 1, false);
    // Code 5001 may be wrong: a task may exist, whatever the next attempt is answered.
    check(&["create:503/5001+retry_after=30s"], 1, 1, true);
    check(&["create#1:503/5001", "create#2:429/1303"], 2, 2, true);
    // The second attempt is being carried out.
    let in_flight = ["create#1:429/1302", "create#2@after:hang"];
    check(&in_flight, 1, 2, true);
}

/// A wait that was started with `nohup` outlives the terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_shielded_wait_outlives_the_terminal() {
    let mock = RunningMock::start(&["--clock", "manual"]);
    let here = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_kling");
    let command = kling(here.path());
    let mut shielded = Command::new("sh");
    shielded.current_dir(here.path()).env_clear();
    shielded.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shielded
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("COMETAPI_KEY", &mock.api_key)
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", program])
        .args(["effect", "color_mixing", "--poll-interval", "0.02"])
        .args(["--base-url", &mock.base_url, "-o", "v.mp4"])
        .arg(picture("portrait.jpg"));
    let (mut child, mut lines) = start(&mut shielded);
    read_until(&mut lines, "submitted");
    send_signal(&child, "HUP");
    mock.request("POST /__mock/clock HTTP/1.1", r#"{"advance":"1h"}"#);
    let rest = read_rest(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
}
