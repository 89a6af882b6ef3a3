//! Callbacks: a task's changes, posted to the `callback_url` of its create.
//!
//! There are no timers here. A task's status changes are computed from its plan and the
//! times of its queries. The engine passes the future changes to the [`Queue`] when the
//! task is created, and again whenever they are different (a query that the plan
//! counts, or steering). The owner of the clock takes due deliveries from the queue one
//! at a time, sends them, and reports the outcome.
//!
//! A delivery names a task, a status and a time. Its body is the answer that a query
//! would have shown at that time, and is built when it is sent, so that retries have
//! the same bytes and waiting deliveries need little memory.

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

/// Which status changes cause a callback. *Contradictory*: every change according to
/// the documentation, only the last according to third parties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CallbacksOn {
    /// Every status, including `submitted`.
    #[default]
    EveryChange,
    /// Only the last status.
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
    /// The maximum number of attempts. One by default, because nothing is known about
    /// retries.
    pub(crate) attempts: u32,
    /// The wait before the second attempt; it doubles before each further one.
    pub(crate) backoff: Duration,
    /// The timeout of an attempt (not documented).
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
