//! The service's clock.

use jiff::Timestamp;
use kling_types::UnixMillis;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::Outcome;
use crate::admin::Answer;
use crate::admin::error::AdminError;
use crate::admin::input::{Call, Time};

pub(in crate::admin) fn clock(call: &Call<'_>) -> Outcome {
    let mock = call.mock;
    let speed = mock.clock_speed();
    Ok(Answer::ok(&json!({
        "mode": if speed.is_some() { "running" } else { "manual" },
        "speed": speed,
        "now": mock.now(),
        "next": mock.next_event(),
    })))
}

/// Exactly one member must be given.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ClockRequest {
    advance: Option<Time>,
    set: Option<Moment>,
    next: Option<bool>,
    until_idle: Option<Time>,
}

/// Unix milliseconds, or a string such as `2026-01-01T00:01:30Z`.
struct Moment(UnixMillis);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "Unix milliseconds, or a string such as 2026-01-01T00:00:00Z"
        )]
        enum Either {
            Millis(i64),
            Text(String),
        }
        let millis = match Either::deserialize(deserializer)? {
            Either::Millis(millis) => millis,
            Either::Text(text) => {
                let no_time = |_| {
                    D::Error::custom(format!(
                        "{text:?} is not a time such as 2026-01-01T00:00:00Z"
                    ))
                };
                let time: Timestamp = text.parse().map_err(no_time)?;
                time.as_millisecond()
            }
        };
        Ok(Moment(UnixMillis::new(millis)))
    }
}

pub(in crate::admin) async fn move_clock(call: &Call<'_>) -> Outcome {
    let mock = call.mock;
    let request: ClockRequest = call.body()?;
    let moved = match (
        request.advance,
        request.set,
        request.next,
        request.until_idle,
    ) {
        (Some(Time(by)), None, None, None) => mock.advance(by).await?,
        (None, Some(Moment(time)), None, None) => mock.set_time(time).await?,
        (None, None, Some(true), None) => mock.advance_to_next().await?,
        (None, None, None, Some(Time(limit))) => mock.run_until_idle(limit).await?,
        (None, None, Some(false), None) => {
            return Err(AdminError::bad_body(
                "`next` must be true if given",
                "/next",
            ));
        }
        _ => {
            let why = "give exactly one of `advance`, `set`, `next` and `until_idle`";
            return Err(AdminError::bad_body(why, ""));
        }
    };
    Ok(Answer::ok(&moved))
}
