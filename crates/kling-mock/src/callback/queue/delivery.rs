//! One delivery of a callback, its attempts, and their outcome.

use std::fmt;
use std::sync::Arc;

use kling_types::{TaskId, TaskStatus, UnixMillis};

use crate::callback::{CallbackFault, CallbackUrl, Forgery};
use crate::plan::Standing;

/// A status change to report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// `None` for the console's test event.
    pub(crate) task: Option<TaskId>,
    pub(crate) status: TaskStatus,
    /// The time of the change: `updated_at` in the body.
    pub(crate) since: UnixMillis,
    pub(crate) url: CallbackUrl,
    /// The origin of the create request, with which URLs in the body begin.
    pub(crate) origin: Arc<str>,
}

/// A callback to send now. The outcome must be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// The number of this delivery, from 0.
    pub(crate) id: u64,
    /// The number of the callback, from 0, from which `webhook-id` is derived. Retries
    /// and copies share it.
    pub(crate) callback: u64,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u32,
    /// The time on the mock's clock.
    pub(crate) at: UnixMillis,
    pub(crate) notice: Arc<Notice>,
    pub(crate) forgery: Option<Forgery>,
    /// The fault that it matched.
    pub(crate) serial: Option<u64>,
    /// Whether the fault was to hold it back until the next one, but there is none.
    pub(crate) is_last: bool,
}

/// The faults that match an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MatchedFaults {
    pub(crate) faults: Vec<CallbackFault>,
    /// The serial number of the fault that is not a mere delay, for
    /// [`note_missed`](crate::fault::FaultPlan::note_missed).
    pub(crate) serial: Option<u64>,
}

/// The outcome of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver answered with this status.
    Answered(u16),
    /// There was no answer, for this reason.
    Failed(String),
    /// A fault dropped it.
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
    /// The status of the task in this callback.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            status: self.status.clone(),
            since: self.since,
        }
    }
}

impl Outcome {
    /// The documentation names 200; that all 2xx count is inferred.
    pub(super) fn is_success(&self) -> bool {
        matches!(self, Outcome::Answered(200..=299))
    }
}

/// A delivery that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) delivery: Delivery,
    /// `None` while it is in flight.
    pub(crate) outcome: Option<Outcome>,
}
