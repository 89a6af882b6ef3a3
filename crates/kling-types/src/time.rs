//! Timestamps on the wire.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::wire::{FromWire, Read};

/// Milliseconds since 1970-01-01T00:00:00Z (*documented*).
///
/// Reading takes values below 1e11 for seconds, which some gateways send
/// (*documented* by one of them): 1e11 ms is 1973, 1e11 s is the year 5138. So a
/// clock made up for a test starts after 1973, or its times read back a
/// thousandfold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UnixMillis(i64);

const SECONDS_BELOW: i64 = 100_000_000_000;

impl UnixMillis {
    /// From milliseconds since the epoch.
    pub const fn new(millis: i64) -> Self {
        UnixMillis(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The time after `self` by `duration`, at most the largest there is.
    pub fn saturating_add(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        UnixMillis(self.0.saturating_add(millis))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn saturating_since(self, earlier: UnixMillis) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0))
            .map_or(Duration::ZERO, Duration::from_millis)
    }
}

impl From<SystemTime> for UnixMillis {
    /// Times before the epoch become the epoch.
    fn from(time: SystemTime) -> Self {
        UnixMillis(0).saturating_add(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromWire for UnixMillis {
    fn from_wire(value: &Value) -> Option<Read<Self>> {
        let Read {
            value: number,
            exact,
        } = i64::from_wire(value)?;
        if (1..SECONDS_BELOW).contains(&number) {
            Read::respelled(UnixMillis(number * 1000))
        } else {
            Some(Read {
                value: UnixMillis(number),
                exact,
            })
        }
    }
}

impl<'de> Deserialize<'de> for UnixMillis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = Value::deserialize(deserializer)?;
        UnixMillis::from_wire(&value)
            .map(|read| read.value)
            .ok_or_else(|| D::Error::custom("a time is a number of milliseconds"))
    }
}
