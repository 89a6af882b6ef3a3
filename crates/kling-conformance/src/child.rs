//! Runs an external command, with limits on its time and its output.

use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, timeout};

/// The most that is kept of what a command prints on one stream: its end.
const KEPT: usize = 4 * 1024 * 1024;
/// How long a stream may stay open after the command ended: what holds it then
/// was left behind.
const GRACE: Duration = Duration::from_millis(500);

/// How a command ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Its exit code; none if it was stopped by a signal, or by the suite.
    pub(crate) code: Option<i32>,
    /// It did not end in time, and was killed.
    pub(crate) killed: bool,
    pub(crate) took: Duration,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command in a shell, with these variables and none that could lead a
/// client to a real service, and this on its stdin.
pub(crate) async fn run(
    command: &str,
    variables: Vec<(String, String)>,
    input: String,
    limit: Duration,
) -> Result<Ended, String> {
    let began = Instant::now();
    let mut child = spawn(command, variables).map_err(|error| format!("no shell: {error}"))?;
    let mut group = Group(child.id());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let stdin = child.stdin.take();
    let ended = {
        let mut reading = pin!(async {
            tokio::join!(
                give(stdin, input),
                keep_end(out, &mut stdout),
                keep_end(err, &mut stderr)
            )
        });
        let mut is_read = false;
        let ended = timeout(limit, async {
            // Read as it prints, or it would wait for the pipe to be emptied.
            loop {
                tokio::select! {
                    _ = &mut reading, if !is_read => is_read = true,
                    ended = child.wait() => break ended,
                }
            }
        })
        .await;
        if ended.is_err() {
            group.end();
            let _ = child.kill().await;
        }
        if !is_read && timeout(GRACE, &mut reading).await.is_err() {
            // Somebody holds the pipes, so the group is still this one.
            group.end();
            let _ = timeout(GRACE, &mut reading).await;
        }
        ended
    };
    group.forget();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ended {
        killed: ended.is_err(),
        took: began.elapsed(),
        code: ended
            .ok()
            .and_then(Result::ok)
            .and_then(|status| status.code()),
        stdout: text(&stdout),
        stderr: text(&stderr),
    })
}

fn spawn(line: &str, variables: Vec<(String, String)>) -> std::io::Result<Child> {
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut command = Command::new(shell);
    command.arg(flag).arg(line);
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy().to_ascii_uppercase();
        let misleads = known.starts_with("KLING_")
            || known.starts_with("COMETAPI_")
            || known.ends_with("_PROXY");
        if misleads {
            command.env_remove(name);
        }
    }
    command
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A group of its own: what it starts is ended with it.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// Writes all of it, and closes the pipe.
async fn give(stdin: Option<ChildStdin>, input: String) {
    if let Some(mut stdin) = stdin {
        // Whoever does not read it does not want it.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
}

/// Reads to the end, and keeps the last of it.
async fn keep_end(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut piece = vec![0; 8 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        kept.extend_from_slice(piece.get(..read).unwrap_or_default());
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
}

/// A command and what it started, which is ended if nobody waits for it any more.
struct Group(Option<u32>);

impl Group {
    #[cfg(unix)]
    fn end(&self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = self.0.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn end(&self) {}

    /// Once it has ended, its number may become another's.
    fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
