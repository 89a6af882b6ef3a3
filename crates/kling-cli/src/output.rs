//! Output: results to stdout, messages for people to stderr.

use std::error::Error;
use std::fmt::Display;
use std::io::Write as _;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::exit::Exit;

/// A line for people.
pub(crate) fn say(line: &str) {
    say_lines(&one_line(line));
}

/// The same of a text that this program has put in lines itself.
pub(crate) fn say_lines(text: &str) {
    let text = harmless(text);
    // Nobody may be listening; that is no reason to stop a paid task.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What comes from a service must not look like a line of this program.
pub(crate) fn one_line(text: &str) -> String {
    if !text.chars().any(breaks) {
        return text.to_owned();
    }
    let parts = text.split(breaks).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// Whether it ends a line, or a column: on some terminal, at least.
fn breaks(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What comes from a service must not steer the terminal.
fn harmless(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' => c,
        // These have what follows them read in another order than it is written in.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

/// How far a task is: a line that is drawn again and again on a terminal, and
/// nothing elsewhere.
pub(crate) struct Progress {
    /// `None` where nobody watches.
    bar: Option<ProgressBar>,
    ticks: Interval,
}

/// The bar's length, and how often it is drawn.
const STEPS: u64 = 1000;
const TICK: Duration = Duration::from_millis(500);

impl Progress {
    pub(crate) fn new() -> Progress {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watched = std::io::stderr().is_terminal();
        let bar = watched.then(|| {
            let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
            // No colours: nothing here needs one, so NO_COLOR has nothing to do.
            let style = ProgressStyle::with_template("{prefix} [{bar:30}] {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Progress { bar, ticks }
    }

    /// Returns when it is time to draw; never where nobody watches.
    pub(crate) async fn tick(&mut self) {
        if self.bar.is_none() {
            std::future::pending::<()>().await;
        }
        self.ticks.tick().await;
    }

    pub(crate) fn at(&self, progress: &kling_http::Progress) {
        if let Some(bar) = &self.bar {
            // Cut to a whole step of the bar; it is from 0 to 1.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let step = (progress.fraction.clamp(0.0, 1.0) * 1000.0) as u64;
            bar.set_position(step);
            bar.set_message(format!(
                "{} s of about {} s",
                progress.elapsed.as_secs(),
                progress.expected.as_secs()
            ));
        }
    }

    pub(crate) fn state(&self, state: &str) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(harmless(&one_line(state)));
        }
    }

    /// A line above it.
    pub(crate) fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A result for people and pipes.
pub(crate) fn print(text: &str) {
    // Tabs part columns, and are harmless.
    let lines: Vec<String> = text.split('\t').map(harmless).collect();
    emit(&lines.join("\t"));
}

/// A line for programs. That nobody could write it is told at the end: it is no
/// reason to stop a paid task.
pub(crate) fn emit(value: &impl Display) {
    let _ = try_emit(value);
}

/// The same for those to whom it matters at once.
pub(crate) fn try_emit(value: &impl Display) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{value}").and_then(|()| stdout.flush());
    if let Err(error) = &written {
        unwritten(error);
    }
    written
}

fn unwritten(error: &std::io::Error) {
    // Whoever closed a pipe has read what was wanted.
    if error.kind() != std::io::ErrorKind::BrokenPipe {
        let _ = UNWRITTEN.set(error.to_string());
    }
}

/// Shows the help that was asked for, or what is wrong with the arguments.
pub(crate) fn shown(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let _ = error.print();
        return Exit::Usage.into();
    }
    let written = error.print().and_then(|()| std::io::stdout().flush());
    if let Err(error) = written {
        unwritten(&error);
    }
    ExitCode::SUCCESS
}

/// Why something that was meant for stdout did not get there.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// The exit code of a command that is done, if all that it printed could be
/// written.
pub(crate) fn checked(code: ExitCode) -> ExitCode {
    match UNWRITTEN.get() {
        Some(why) if code == ExitCode::SUCCESS => {
            say(&format!("error: stdout can't be written: {why}"));
            Exit::Unprinted.into()
        }
        _ => code,
    }
}

/// An error and its causes in one line.
pub(crate) fn describe(error: &dyn Error) -> String {
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
    one_line(&text)
}

#[cfg(test)]
mod tests {
    use super::{harmless, one_line};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(harmless(&one_line(text)), expected, "{text:?}");
    }

    #[test]
    fn a_text_of_a_service_is_one_line_in_the_order_in_which_it_is_written() {
        check("two  words", "two  words");
        check("bad\nerror: fake line", "bad error: fake line");
        check("\r\n\u{2028}bad\u{85}\tline\n", "bad line");
        check("\u{1b}[2J\u{9b}1A\u{7}", "\u{fffd}[2J\u{fffd}1A\u{fffd}");
        check("a\u{202e}b\u{2066}c", "a\u{fffd}b\u{fffd}c");
        // Letters and the marks of their scripts stay.
        check("\u{200f}\u{5d0} 中文 é", "\u{200f}\u{5d0} 中文 é");
    }

    #[test]
    fn a_text_of_our_own_keeps_its_lines() {
        assert_eq!(harmless("one\nerror: two"), "one\nerror: two");
    }
}
