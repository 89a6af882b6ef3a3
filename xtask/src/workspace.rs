//! Where the workspace is, and how its files and tools are reached.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's root, wherever `cargo xtask` was called from.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Reads a text file; the error names it.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// Writes a text file; the error names it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// What `cargo ARGS` prints, run at the root with the cargo that runs us.
pub(crate) fn cargo(args: &[&str]) -> Result<String, String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(args);
    output(command, "")
}

/// The Rust source as `cargo fmt` leaves it.
pub(crate) fn rustfmt(source: &str) -> Result<String, String> {
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024"]);
    output(command, source)
}

/// Runs a tool at the root with `input` on its stdin, and gives its stdout.
fn output(mut command: Command, input: &str) -> Result<String, String> {
    let described = format!("{command:?}");
    let cannot = |e: std::io::Error| format!("cannot run {described}: {e}");
    let mut child = command
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    // The tools used here read all of their input before they print. Dropping
    // the pipe at the end of this statement is what ends that input.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(cannot)?;
    }
    let output = child.wait_with_output().map_err(cannot)?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{described} failed: {}", reason.trim()));
    }
    String::from_utf8(output.stdout).map_err(|e| format!("{described} printed no UTF-8: {e}"))
}
