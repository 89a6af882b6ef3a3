//! Exact decimals: amounts charged, and clip lengths in seconds.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;
use std::time::Duration;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::plain::Key;
use crate::wire::{FromWire, Read};

macro_rules! decimal {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(Decimal);

        impl FromStr for $name {
            type Err = ParseAmountError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // The library also takes `1_000`.
                if text.contains('_') {
                    return Err(ParseAmountError);
                }
                Decimal::from_str_exact(text).map(Self).map_err(|_| ParseAmountError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromWire for $name {
            fn from_wire(value: &Value) -> Option<Read<Self>> {
                match value {
                    Value::String(text) => {
                        let value: Self = text.trim().parse().ok()?;
                        Some(Read { exact: value.is_written(text), value })
                    }
                    Value::Number(number) => {
                        let text = number.to_string();
                        let read = text.parse().ok().or_else(|| {
                            Decimal::from_scientific(&text).ok().map(Self)
                        })?;
                        Read::respelled(read)
                    }
                    _ => None,
                }
            }

            fn from_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                let Key(text) = Key::deserialize(deserializer)?;
                let value = text.parse().ok().filter(|value: &Self| value.is_written(&text));
                value.ok_or_else(|| D::Error::custom($what))
            }
        }

        impl $name {
            /// Whether `Display` prints exactly this text; without printing it, in the
            /// usual case of a whole number.
            fn is_written(&self, text: &str) -> bool {
                let is_plain = matches!(text.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
                is_plain || self.to_string() == text
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                let value = Value::deserialize(deserializer)?;
                Self::from_wire(&value)
                    .map(|read| read.value)
                    .ok_or_else(|| D::Error::custom($what))
            }
        }
    };
}

decimal! {
    /// An exact decimal: units or money. A string on the wire (*documented*);
    /// trailing zeros are kept ("2.40" stays "2.40"), up to 28 digits.
    Amount, "an amount is a decimal number in a string"
}

decimal! {
    /// The length of a finished clip in seconds, such as "5.1": a string on the
    /// wire (*documented* until 2026-01, since then absent on effects).
    Seconds, "a duration is a number of seconds in a string"
}

impl Amount {
    /// Zero.
    pub const ZERO: Amount = Amount(Decimal::ZERO);

    /// The sum, unless it has more than 28 digits.
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount)
    }
}

impl Sum for Amount {
    /// Saturates at the largest amount if the sum has too many digits.
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        Amount(amounts.fold(Decimal::ZERO, |sum, amount| sum.saturating_add(amount.0)))
    }
}

impl Seconds {
    /// As a [`Duration`], to the millisecond; `None` if negative.
    pub fn to_duration(self) -> Option<Duration> {
        let millis = self.0.checked_mul(Decimal::ONE_THOUSAND)?.to_u64()?;
        Some(Duration::from_millis(millis))
    }
}

/// The text is not a plain decimal number of at most 28 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseAmountError;

impl fmt::Display for ParseAmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number of at most 28 digits")
    }
}

impl std::error::Error for ParseAmountError {}
