//! Formats durations and values as they are parsed.

use std::fmt::{self, Display, Formatter, Write as _};
use std::time::Duration;

/// A time of whole milliseconds.
pub(crate) struct Time(pub(crate) Duration);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let parts = [
            (seconds / 3600, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
            (self.0.subsec_millis().into(), "ms"),
        ];
        for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, "{number}{unit}")?;
        }
        f.write_str(if self.0.is_zero() { "0s" } else { "" })
    }
}

/// A value, in quotes if it would otherwise be parsed differently.
pub(crate) struct Value<'a>(pub(crate) &'a str);

impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = |c: char| {
            let white = c.is_whitespace() || c.is_control();
            c == ' ' || !(white || matches!(c, '"' | '\\' | ',' | '(' | ')' | '[' | ']'))
        };
        if !self.0.is_empty() && self.0.trim() == self.0 && self.0.chars().all(plain) {
            f.write_str(self.0)
        } else {
            Quoted(self.0.as_bytes()).fmt(f)
        }
    }
}

/// Any bytes, in quotes.
pub(crate) struct Quoted<'a>(pub(crate) &'a [u8]);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    '"' => f.write_str("\\\"")?,
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    '\t' => f.write_str("\\t")?,
                    _ if char.is_ascii_control() => write!(f, "\\x{:02x}", u32::from(char))?,
                    _ => f.write_char(char)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_char('"')
    }
}
