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

/// What is in a folder, by name and in order, so that two runs say the same.
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

/// The first line in which two texts differ, for whoever is to mend it.
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
                    "line {number}\n  is        {found}\n  should be {expected}"
                ));
            }
        }
    }
    Some("the ends of its lines".to_owned())
}

/// What `cargo ARGS` prints, run at the root with the cargo that runs us.
pub(crate) fn cargo(args: &[&str]) -> Result<String, String> {
    let mut command = cargo_command();
    command.args(args);
    output(&mut command, "")
}

/// The cargo that runs us, at the root.
pub(crate) fn cargo_command() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The program `kling`: what `KLING_BIN` names, or what cargo builds. Not run by
/// cargo, so that whoever stops it stops the program itself.
#[cfg(feature = "whole")]
pub(crate) fn kling() -> Result<PathBuf, String> {
    if let Some(program) = std::env::var_os("KLING_BIN") {
        return Ok(PathBuf::from(program));
    }
    cargo(&["build", "--quiet", "--package=kling-cli"])?;
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Ok(root().join(target).join("debug/kling"))
}

/// The Rust source as `cargo fmt` leaves it.
pub(crate) fn rustfmt(source: &str) -> Result<String, String> {
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024"]);
    output(&mut command, source)
}

/// Runs a tool, at the root unless it has a folder, with `input` on its stdin, and gives its stdout.
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
    // The tools used here read all of their input before they print. Dropping
    // the pipe at the end of this statement is what ends that input.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(cannot)?;
    }
    let output = child.wait_with_output().map_err(cannot)?;
    if !output.status.success() {
        // Compilers of other languages complain on their stdout.
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
            Some("line 2\n  is        b\n  should be x"),
        );
        check(
            "a\n",
            "a\nb\n",
            Some("line 2\n  is        (the end)\n  should be b"),
        );
        check("a\r\n", "a\n", Some("the ends of its lines"));
    }
}
