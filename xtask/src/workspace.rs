//! Access to the files and the tools of the workspace.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the workspace, independent of the current directory.
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

/// The entries of a folder, sorted by name.
pub(crate) fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let cannot = |e: std::io::Error| format!("cannot list {}: {e}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        entries.push((name, entry.path()));
    }
    entries.sort();
    Ok(entries)
}

/// Describes the first difference between two texts.
pub(crate) fn first_difference(found: &str, expected: &str) -> Option<String> {
    if found == expected {
        return None;
    }
    let (mut found, mut expected) = (found.lines(), expected.lines());
    for number in 1.. {
        match (found.next(), expected.next()) {
            (None, None) => break,
            (found, expected) if found == expected => {}
            (found, expected) => {
                let [found, expected] = [found, expected].map(|line| line.unwrap_or("(the end)"));
                return Some(format!(
                    "line {number}\n  found    {found}\n  expected {expected}"
                ));
            }
        }
    }
    Some("the line endings differ".to_owned())
}

/// The output of `cargo ARGS`, run at the root by the cargo that runs this program.
pub(crate) fn cargo(args: &[&str]) -> Result<String, String> {
    let mut command = cargo_command();
    command.args(args);
    output(&mut command, "")
}

/// The cargo that runs this program, at the root.
pub(crate) fn cargo_command() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The program `kling`: `KLING_BIN`, or built by cargo. It is run directly rather than
/// by cargo, so that it can be killed.
#[cfg(feature = "whole")]
pub(crate) fn kling() -> Result<PathBuf, String> {
    if let Some(program) = std::env::var_os("KLING_BIN") {
        return Ok(PathBuf::from(program));
    }
    cargo(&["build", "--quiet", "--package=kling-cli"])?;
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Ok(root().join(target).join("debug/kling"))
}

/// Formats Rust source with rustfmt.
pub(crate) fn rustfmt(source: &str) -> Result<String, String> {
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024"]);
    output(&mut command, source)
}

/// Runs a tool, at the root unless it has a directory, with `input` on its stdin, and
/// returns its stdout.
pub(crate) fn output(command: &mut Command, input: &str) -> Result<String, String> {
    let described = format!("{command:?}");
    let cannot = |e: std::io::Error| format!("cannot run {described}: {e}");
    if command.get_current_dir().is_none() {
        command.current_dir(root());
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    // These tools read all of their input before they print. The pipe is dropped at the
    // end of this statement, which closes their stdin.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(cannot)?;
    }
    let output = child.wait_with_output().map_err(cannot)?;
    if !output.status.success() {
        // Some compilers print errors on stdout.
        let [reason, more] = [&output.stderr, &output.stdout].map(|it| String::from_utf8_lossy(it));
        let reason = format!("{}\n{}", reason.trim(), more.trim());
        return Err(format!("{described} failed: {}", reason.trim()));
    }
    String::from_utf8(output.stdout).map_err(|e| format!("{described} printed no UTF-8: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: &str, expected: &str, difference: Option<&str>) {
        assert_eq!(first_difference(found, expected).as_deref(), difference);
    }

    #[test]
    fn the_first_difference_is_named() {
        check("a\nb\n", "a\nb\n", None);
        check(
            "a\nb\nc\n",
            "a\nx\ny\n",
            Some("line 2\n  found    b\n  expected x"),
        );
        check(
            "a\n",
            "a\nb\n",
            Some("line 2\n  found    (the end)\n  expected b"),
        );
        check("a\r\n", "a\n", Some("the line endings differ"));
    }
}
