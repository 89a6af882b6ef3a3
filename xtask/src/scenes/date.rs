//! A calendar date, `YYYY-MM-DD` on the wire.

use std::fmt;

use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Date {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) day: u8,
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let digits = |range| {
            let part: &str = text.get(range)?;
            part.bytes().all(|b| b.is_ascii_digit()).then_some(part)
        };
        let separators = [text.get(4..5)?, text.get(7..8)?];
        if text.len() != 10 || separators != ["-", "-"] {
            return None;
        }
        let date = Self {
            year: digits(0..4)?.parse().ok()?,
            month: digits(5..7)?.parse().ok()?,
            day: digits(8..10)?.parse().ok()?,
        };
        (1..=date.days_in_month())
            .contains(&date.day)
            .then_some(date)
    }

    /// None for a month that does not exist.
    fn days_in_month(self) -> u8 {
        match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if self.year.is_multiple_of(4)
                && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400)) =>
            {
                29
            }
            2 => 28,
            _ => 0,
        }
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a date (YYYY-MM-DD)"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_as_it_is_written() {
        for text in ["2026-09-04", "2024-02-29", "2000-02-29", "2025-12-31"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_in_no_calendar_is_no_date() {
        for text in [
            "2026-9-4",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2025-02-29",
            "1900-02-29",
            "2026-01-00",
            "2026/01/01",
            "2026-01-01T",
            "+026-01-01",
            "2026-01-0é",
            "",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
