//! Runs the program.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::events;

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: std::process::Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The last event on stdout, where every line is one.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        self.events().pop().expect("an event")
    }

    /// Every event on stdout.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str::<Value>(line).unwrap();
        let events: Vec<Value> = self.stdout.lines().map(read).collect();
        events.iter().for_each(events::check);
        events
    }
}

/// The program in a directory of the test's own, with nothing of the caller's
/// settings.
pub(crate) fn kling(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kling"));
    command
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap())
}

/// Makes a file its owner's alone.
#[cfg(unix)]
pub(crate) fn close(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Sends a signal, such as `INT`, to a run under way.
#[cfg(unix)]
pub(crate) fn send_signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.unwrap().success());
}

/// The signals that stop the program, as it was started here: who starts the tests with
/// `nohup` shields it from SIGHUP.
#[cfg(unix)]
pub(crate) fn stop_signals() -> &'static [&'static str] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    match ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
        Some(mask) if mask & 1 == 1 => &["INT", "TERM"],
        _ => &["INT", "TERM", "HUP"],
    }
}

/// Runs it with this on stdin.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read it says why.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Ran::of(child.wait_with_output().unwrap())
}

/// One of the pictures in `fixtures/media`.
pub(crate) fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/media")
        .join(name)
}

/// A running `kling mock`, ended with the test.
pub(crate) struct RunningMock {
    child: Child,
    pub(crate) base_url: String,
    pub(crate) api_key: String,
}

impl RunningMock {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        RunningMock::start_in(&[], arguments)
    }

    /// With these variables in its environment.
    pub(crate) fn start_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = kling(Path::new("."));
        let mut child = command
            .envs(environment.iter().copied())
            .arg("mock")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let member = |name: &str| ready[name].as_str().unwrap().to_owned();
        RunningMock {
            base_url: member("base_url"),
            api_key: member("api_key"),
            child,
        }
    }

    /// Sends it a signal and waits for its end: the exit code.
    #[cfg(unix)]
    pub(crate) fn stop_with(mut self, signal: &str) -> Option<i32> {
        send_signal(&self.child, signal);
        self.child.wait().unwrap().code()
    }

    /// A request as any HTTP client would write it: the status and the body.
    pub(crate) fn request(&self, head: &str, body: &str) -> (u16, String) {
        let (status, body) = self.exchange(head, body);
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// The bytes at a path.
    pub(crate) fn fetch(&self, path: &str) -> Vec<u8> {
        let (status, body) = self.exchange(&format!("GET {path} HTTP/1.1"), "");
        assert_eq!(status, 200);
        body
    }

    fn exchange(&self, head: &str, body: &str) -> (u16, Vec<u8>) {
        let address = self.base_url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_off(end + 4))
    }
}

impl Drop for RunningMock {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
