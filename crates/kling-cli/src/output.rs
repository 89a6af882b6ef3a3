//! What is printed where: results on stdout, words for people on stderr.

use std::error::Error as _;
use std::fmt::Display;
use std::io::Write as _;

use kling_http::Error;

/// A line for people.
pub(crate) fn say(line: &str) {
    // What comes from a service must not steer the terminal.
    let line: String = line
        .chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    // Nobody may be listening; that is no reason to stop a paid task.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A line for programs.
pub(crate) fn emit(value: &impl Display) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{value}").and_then(|()| stdout.flush());
}

/// An error and its causes in one line.
pub(crate) fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        // Some libraries repeat their cause's words.
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = next.source();
    }
    text
}
