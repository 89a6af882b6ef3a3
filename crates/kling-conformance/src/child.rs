//! Runs an external command, with limits on its time and its output.

use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, timeout};

/// The number of bytes that are kept from the end of a stream.
const KEPT: usize = 4 * 1024 * 1024;
/// How long a stream may stay open after the command exited, before the processes that
/// it left behind are killed.
const GRACE: Duration = Duration::from_millis(500);

/// The exit status and the output of a command.
#[derive(Debug, Default)]
pub(crate) struct CommandOutput {
    /// The exit code; `None` if it was killed.
    pub(crate) code: Option<i32>,
    /// It exceeded the time limit and was killed.
    pub(crate) timed_out: bool,
    pub(crate) elapsed: Duration,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a shell command with these environment variables and this stdin. Variables that
/// could direct a client to a real service are removed.
pub(crate) async fn run(
    command: &str,
    variables: Vec<(String, String)>,
    input: String,
    limit: Duration,
) -> Result<CommandOutput, String> {
    let began = Instant::now();
    let mut child =
        spawn(command, variables).map_err(|error| format!("cannot start a shell: {error}"))?;
    let mut group = Group(child.id());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let stdin = child.stdin.take();
    let ended = {
        let mut reading = pin!(async {
            tokio::join!(
                write_input(stdin, input),
                keep_end(out, &mut stdout),
                keep_end(err, &mut stderr)
            )
        });
        let mut is_read = false;
        let ended = timeout(limit, async {
            // Read concurrently, since a full pipe would block the command.
            loop {
                tokio::select! {
                    _ = &mut reading, if !is_read => is_read = true,
                    ended = child.wait() => break ended,
                }
            }
        })
        .await;
        if ended.is_err() {
            group.kill();
            let _ = child.kill().await;
        }
        if !is_read && timeout(GRACE, &mut reading).await.is_err() {
            // A process of the group still holds the pipes, so its id was not reused.
            group.kill();
            let _ = timeout(GRACE, &mut reading).await;
        }
        ended
    };
    group.forget();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(CommandOutput {
        timed_out: ended.is_err(),
        elapsed: began.elapsed(),
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
        let is_removed = known.starts_with("KLING_")
            || known.starts_with("COMETAPI_")
            || known.ends_with("_PROXY");
        if is_removed {
            command.env_remove(name);
        }
    }
    command
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // In its own process group, so that its children can be killed with it.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// Writes the input, and closes the pipe.
async fn write_input(stdin: Option<ChildStdin>, input: String) {
    if let Some(mut stdin) = stdin {
        // The command may exit without reading its stdin.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
}

/// Reads to the end of a stream, and keeps the last part.
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

/// The process group of a command, which is killed on drop.
struct Group(Option<u32>);

impl Group {
    #[cfg(unix)]
    fn kill(&self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = self.0.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            // It may have exited already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn kill(&self) {}

    /// Once the command has exited, its id may be reused.
    fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
