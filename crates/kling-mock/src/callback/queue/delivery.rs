//! One delivery of a callback, its attempts, and their outcome.

use std::fmt;
use std::sync::Arc;

use kling_types::{TaskId, TaskStatus, UnixMillis};

use crate::callback::{CallbackFault, CallbackUrl, Forgery};
use crate::plan::Standing;

/// What is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// None is the console's test event.
    pub(crate) task: Option<TaskId>,
    pub(crate) status: TaskStatus,
    /// Since when: the body's `updated_at`.
    pub(crate) since: UnixMillis,
    pub(crate) url: CallbackUrl,
    /// Where the create came in that asked for it: what the links in the body
    /// begin with.
    pub(crate) origin: Arc<str>,
}

/// A callback to send now, and then to report on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// This delivery, from 0.
    pub(crate) id: u64,
    /// The callback, from 0: what `webhook-id` follows from. Repetitions and
    /// copies share it.
    pub(crate) callback: u64,
    /// From 1.
    pub(crate) attempt: u32,
    /// The time on the mock's clock.
    pub(crate) at: UnixMillis,
    pub(crate) notice: Arc<Notice>,
    pub(crate) forgery: Option<Forgery>,
    /// The fault that it matched.
    pub(crate) serial: Option<u64>,
    /// Whether that was to hold it back until the next one, and there is none.
    pub(crate) is_last: bool,
}

/// The faults that an attempt meets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MatchedFaults {
    pub(crate) faults: Vec<CallbackFault>,
    /// Which fault it is that is no mere delay, as
    /// [`note_missed`](crate::fault::FaultPlan::note_missed) wants it.
    pub(crate) serial: Option<u64>,
}

/// How a delivery went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver answered with this status.
    Answered(u16),
    /// There was no answer, and why.
    Failed(String),
    /// A fault lost it.
    Dropped,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Answered(status) => status.fmt(f),
            Outcome::Failed(why) => f.write_str(why),
            Outcome::Dropped => f.write_str("dropped"),
        }
    }
}

impl Notice {
    /// Where the task stands, as the callback tells it.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            status: self.status.clone(),
            since: self.since,
        }
    }
}

impl Outcome {
    /// The documentation names 200; that its neighbours count too is inferred.
    pub(super) fn is_success(&self) -> bool {
        matches!(self, Outcome::Answered(200..=299))
    }
}

/// A delivery that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) delivery: Delivery,
    /// None while it is under way.
    pub(crate) outcome: Option<Outcome>,
}
