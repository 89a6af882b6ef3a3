//! Callbacks: a task's changes, posted to the `callback_url` of its create.
//!
//! Nothing ticks here either. A task's changes follow from its plan and from
//! the times at which it was asked after, so they are known ahead, as far as
//! they can be. The engine tells the [`Queue`] of them when the task is created,
//! and again whenever the outlook moves (a query that its plan counts, a change
//! that is forced). Whoever owns the clock takes out what has fallen due, one
//! delivery at a time, sends it, and reports how it went.
//!
//! A delivery says which task came to which status and when; its body is what a
//! query would have shown then, and is made when it is sent. So an attempt that
//! is repeated has the same bytes, and a waiting one costs no body.

use std::time::Duration;

use kling_types::{TaskStatus, UnixMillis};

pub(crate) use crate::fault::CallbackFault;

mod queue;
mod signature;
mod target;

pub(crate) use queue::{Delivery, MatchedFaults, Outcome, Queue};
pub use signature::Rotation;
pub(crate) use signature::{Forgery, Secrets, SignatureHeaders, WebhookSecret};
pub(crate) use target::{AllowList, CallbackUrl, allowed};

/// Which changes cause a callback. *Contradictory*: the documentation says every
/// change, third parties say the last only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CallbacksOn {
    /// Every status, `submitted` too.
    #[default]
    EveryChange,
    /// The last status only.
    End,
}

impl CallbacksOn {
    fn includes(self, status: &TaskStatus) -> bool {
        self == CallbacksOn::EveryChange || status.is_terminal()
    }
}

/// How callbacks are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) on: CallbacksOn,
    /// How often a callback is sent at most. One, by default: nothing is known
    /// of retries.
    pub(crate) attempts: u32,
    /// The wait before the second attempt; it doubles before each further one.
    pub(crate) backoff: Duration,
    /// How long the receiver may take (nothing is documented).
    pub(crate) timeout: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            on: CallbacksOn::default(),
            attempts: 1,
            backoff: Duration::from_secs(1),
            timeout: Duration::from_secs(10),
        }
    }
}

impl Policy {
    /// The wait after the attempt with this number, counted from 1.
    fn wait_after(&self, attempt: u32) -> Duration {
        let doubled = 1_u32.checked_shl(attempt.saturating_sub(1));
        self.backoff.saturating_mul(doubled.unwrap_or(u32::MAX))
    }
}

/// The body of the console's test callback, to the byte (*documented*).
pub(crate) fn test_event(id: u64, at: UnixMillis) -> String {
    format!(
        r#"{{"id":"{id}","status":"submitted","outputs":[],"message":"","create_time":{at},"update_time":{at}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_event_is_as_documented() {
        let ours = test_event(1_234_567_890, UnixMillis::new(1_781_080_778_802));
        let sample = include_str!("../../../../fixtures/samples/callback.kling.test-event.json");
        let mut sample: serde_json::Value = serde_json::from_str(sample).unwrap();
        sample["update_time"] = sample["create_time"].clone();
        let ours: serde_json::Value = serde_json::from_str(&ours).unwrap();
        assert_eq!(ours, sample);
    }

    #[test]
    fn waits_double_and_never_overflow() {
        let policy = Policy::default();
        let waits = [1, 2, 3, 4].map(|attempt| policy.wait_after(attempt).as_secs());
        assert_eq!(waits, [1, 2, 4, 8]);
        assert_eq!(policy.wait_after(99), policy.backoff * u32::MAX);
    }
}
