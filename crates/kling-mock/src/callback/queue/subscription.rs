//! The pending part of a task's callbacks: its next changes, and the next attempt of
//! each delivery.

use std::sync::Arc;
use std::time::Duration;

use kling_types::TaskStatus;

use super::{Key, MatchedFaults, Notice};
use crate::callback::{CallbackFault, CallbackUrl, Forgery};

/// A task's callbacks.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) url: CallbackUrl,
    pub(super) origin: Arc<str>,
    /// The number of its changes that have fallen due.
    pub(super) fallen_due: usize,
    /// The keys of those that have not.
    pub(super) expected: Vec<Key>,
    /// Whether its last change has fallen due.
    pub(super) ended: bool,
    /// Whether a delivery is in flight.
    pub(super) busy: bool,
    /// Items that wait for the next report.
    pub(super) waiting: Vec<(Key, Item)>,
}

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) notice: Arc<Notice>,
    /// `None` until its change falls due: until then it may be rescheduled or removed.
    pub(super) callback: Option<u64>,
    pub(super) attempt: u32,
    /// Whether a failure is followed by another attempt.
    pub(super) retried: bool,
    /// `None` until faults were selected.
    pub(super) faults: Option<PendingFaults>,
}

/// The faults that still have to be applied to an item.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PendingFaults {
    pub(super) late: Duration,
    pub(super) reorder: bool,
    pub(super) dropped: bool,
    pub(super) copies: u64,
    pub(super) forgery: Option<Forgery>,
    /// The serial number of the fault, which may turn out to change nothing.
    pub(super) serial: Option<u64>,
}

impl PendingFaults {
    pub(super) fn of(matched: &MatchedFaults) -> Self {
        let mut faults = PendingFaults {
            serial: matched.serial,
            ..PendingFaults::default()
        };
        for fault in &matched.faults {
            match *fault {
                CallbackFault::Late(time) => faults.late = faults.late.saturating_add(time),
                CallbackFault::Reorder => faults.reorder = true,
                CallbackFault::Drop => faults.dropped = true,
                CallbackFault::Duplicate(times) => faults.copies = times.saturating_sub(1),
                CallbackFault::BadSignature => faults.forgery = Some(Forgery::BadSignature),
                CallbackFault::StaleTimestamp => faults.forgery = Some(Forgery::StaleTimestamp),
                CallbackFault::WrongSecret => faults.forgery = Some(Forgery::WrongSecret),
                CallbackFault::NoHeaders => faults.forgery = Some(Forgery::NoHeaders),
            }
        }
        faults
    }
}

impl Subscription {
    pub(super) fn new(url: CallbackUrl, origin: &str) -> Self {
        Subscription {
            url,
            origin: origin.into(),
            fallen_due: 0,
            expected: Vec::new(),
            ended: false,
            busy: false,
            waiting: Vec::new(),
        }
    }

    pub(super) fn fell_due(&mut self, key: Key, status: &TaskStatus) {
        self.fallen_due += 1;
        self.expected.retain(|expected| *expected != key);
        self.ended |= status.is_terminal();
    }
}
