//! Task ids: opaque text. Every id seen so far exceeds 2^53, so a reader that parses
//! it as a number corrupts it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::wire::{FromWire, Read, text_or_integer};

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the id as it is; `None` if it is empty.
            pub fn new(id: impl Into<String>) -> Option<Self> {
                let id = id.into();
                (!id.is_empty()).then_some(Self(id))
            }

            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id's text, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl FromWire for $name {
            fn from_wire(value: &Value) -> Option<Read<Self>> {
                let Read { value, exact } = text_or_integer(value)?;
                Self::new(value).map(|value| Read { value, exact })
            }

            fn from_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                Self::new(String::deserialize(deserializer)?)
                    .ok_or_else(|| D::Error::custom("an empty id"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                let value = Value::deserialize(deserializer)?;
                Self::from_wire(&value)
                    .map(|read| read.value)
                    .ok_or_else(|| D::Error::custom("an id is a non-empty string"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id! {
    /// The id that the service gives a task.
    ///
    /// Kling: 18 digits, older ones 22 characters. CometAPI's effects: 19
    /// digits. *Seen live*; opaque all the same.
    TaskId
}

id! {
    /// The id that the caller gives a task; unique per account (*documented*).
    ///
    /// On Kling a second create with the same id is refused without a charge
    /// (*seen live*), and a query by it finds the task, so it serves as an
    /// idempotency key. CometAPI says only "for your own tracking".
    ExternalTaskId
}

impl ExternalTaskId {
    /// An id of 128 random bits, which the caller brings: a UUID of version 4,
    /// so six of the bits do not count.
    ///
    /// ```
    /// let id = kling_types::ExternalTaskId::from_random_bits(0);
    /// assert_eq!(id.as_str(), "00000000-0000-4000-8000-000000000000");
    /// ```
    pub fn from_random_bits(bits: u128) -> Self {
        ExternalTaskId(uuid_v4(bits))
    }
}

/// The usual text of a UUID of version 4 (RFC 9562) with these random bits.
pub fn uuid_v4(bits: u128) -> String {
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let mut text = String::with_capacity(36);
    for (place, byte) in bits.to_be_bytes().into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for nibble in [byte >> 4, byte & 0xf] {
            text.push(char::from(match nibble {
                0..10 => b'0' + nibble,
                _ => b'a' - 10 + nibble,
            }));
        }
    }
    text
}
