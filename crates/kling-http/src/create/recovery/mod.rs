//! Recovering from a lost answer to a create: a state machine without I/O that
//! decides the next step after each event.

use std::time::Duration;

use kling_types::{Task, TaskId};

use crate::error::{Error, ErrorKind, Retryability};

/// What just happened.
#[derive(Debug)]
pub(super) enum Event {
    /// The task is known, by a create's answer or by a look-up.
    Found(Box<Task>),
    /// The create was refused: certainly nothing was done.
    Refused(Error),
    /// The create was refused because its external id was used before: perhaps
    /// by an earlier try of the same create, which was answered with "not now".
    Duplicate { error: Error, ours_perhaps: bool },
    /// The create may have been acted on.
    Unknown(Error),
    /// The look-up says that there is no such task.
    NotFound,
    /// The look-up shows a task that is not the one that was sent.
    Stranger(TaskId),
    /// The look-up brought no answer, after its own retries; whether there is time
    /// for another.
    LookUpFailed { error: Error, time_left: bool },
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Step {
    Create,
    /// `new_only`: others may have used the id before.
    LookUp {
        after: Duration,
        new_only: bool,
    },
    Done(Box<Task>),
    GiveUp(Error),
    GiveUpMaybeSent(Error),
}

/// Finds out about a create whose answer was lost.
///
/// A create is sent at most twice, and the second time only after the service
/// has said some times that it does not know the first. Should that be wrong (a
/// task may take a while to show up), the service refuses the second as a
/// duplicate, and the first is adopted.
#[derive(Debug)]
pub(super) struct Recovery {
    can_look_up: bool,
    /// The error of the create that is being looked into.
    lost: Option<Error>,
    creates: u8,
    /// Look-ups that found nothing since the last create.
    misses: u32,
    /// Look-ups with an answer that makes no sense.
    failures: u32,
    /// Look-ups that did not get through, one after the other.
    outage: u32,
    /// The service itself said that the task exists.
    exists: bool,
    /// What exists under the id may be another's.
    shared_id: bool,
}

const MAX_CREATES: u8 = 2;

/// Look-ups that may find nothing before the create is taken for never arrived.
/// Tasks showed up at once in 152 of 152 cases (*seen live*).
pub(super) const LOOK_UPS: u32 = 3;

/// The same where the service said that there is such a task.
pub(super) const LOOK_UPS_OF_A_DUPLICATE: u32 = 6;

/// From the first look-up that found nothing to the next; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// While the service can't be asked, the wait stops doubling at 32 s.
const OUTAGE_DOUBLINGS: u32 = 5;

impl Recovery {
    pub(super) fn new(can_look_up: bool) -> Self {
        Recovery {
            can_look_up,
            lost: None,
            creates: 1,
            misses: 0,
            failures: 0,
            outage: 0,
            exists: false,
            shared_id: false,
        }
    }

    pub(super) fn next(&mut self, event: Event) -> Step {
        let outage = std::mem::take(&mut self.outage);
        match event {
            Event::Found(task) => Step::Done(task),
            // A refusal of the second create says nothing about the first, which the
            // look-ups may just have missed. It may even hold the slot, or the
            // credit, for want of which the second was refused.
            Event::Refused(error) if self.lost.is_some() => {
                self.lost = Some(error);
                self.look_up()
            }
            // Only our own lost create can have used the id.
            Event::Duplicate { .. } if self.lost.is_some() && self.can_look_up => {
                self.exists = true;
                self.look_up()
            }
            Event::Duplicate {
                error,
                ours_perhaps: true,
            } if self.can_look_up => {
                self.lost = Some(error);
                self.exists = true;
                self.shared_id = true;
                // Nothing is sent again: there is a task, ours or another's.
                self.creates = MAX_CREATES;
                self.look_up()
            }
            Event::Duplicate {
                error,
                ours_perhaps: true,
            } => Step::GiveUpMaybeSent(error),
            Event::Refused(error) | Event::Duplicate { error, .. } => Step::GiveUp(error),
            Event::Unknown(error) if self.can_look_up => {
                self.lost = Some(error);
                self.look_up()
            }
            Event::Unknown(error) => Step::GiveUpMaybeSent(error),
            Event::NotFound => self.missed(),
            Event::Stranger(id) => {
                let what = if self.shared_id {
                    "an older one by this machine's clock"
                } else {
                    "another one"
                };
                let note = format!("what was found under its external id is task {id}, {what}");
                Step::GiveUpMaybeSent(self.take_lost().with_note(&note))
            }
            // A create that may be paid for is worth waiting for the service.
            Event::LookUpFailed { error, time_left }
                if time_left && error.retryability() != Retryability::Permanent =>
            {
                self.outage = outage.saturating_add(1);
                self.look_up_after(self.outage.min(OUTAGE_DOUBLINGS + 1))
            }
            // A stray answer is no verdict; what was tried again and again already is.
            Event::LookUpFailed { error, .. }
                if error.retryability() != Retryability::Exhausted
                    && !is_refused(&error)
                    && self.failures + 1 < LOOK_UPS =>
            {
                self.failures += 1;
                self.look_up_after(self.failures)
            }
            Event::LookUpFailed { error, .. } => {
                let note = format!("looking it up failed too: {error}");
                Step::GiveUpMaybeSent(self.take_lost().with_note(&note))
            }
        }
    }

    /// The first look-up after a create.
    fn look_up(&mut self) -> Step {
        self.misses = 0;
        Step::LookUp {
            after: Duration::ZERO,
            new_only: self.shared_id,
        }
    }

    fn missed(&mut self) -> Step {
        self.misses += 1;
        let patience = if self.exists {
            LOOK_UPS_OF_A_DUPLICATE
        } else {
            LOOK_UPS
        };
        if self.misses < patience {
            return self.look_up_after(self.misses);
        }
        if self.creates < MAX_CREATES {
            self.creates += 1;
            return Step::Create;
        }
        Step::GiveUpMaybeSent(self.take_lost())
    }

    /// The next look-up after so many that failed or found nothing.
    fn look_up_after(&self, vain: u32) -> Step {
        Step::LookUp {
            after: FIRST_WAIT * 2_u32.pow(vain - 1),
            new_only: self.shared_id,
        }
    }

    fn take_lost(&mut self) -> Error {
        let unexplained = || Error::new(ErrorKind::Decode, "the create's outcome is unknown");
        self.lost.take().unwrap_or_else(unexplained)
    }
}

/// Whether the service itself refuses the key or the account; without a code of its
/// own it may be a page of somebody on the way.
fn is_refused(error: &Error) -> bool {
    let has_code = error.service_error().is_some_and(|it| it.code.is_some());
    has_code && matches!(error.kind(), ErrorKind::Auth | ErrorKind::Account)
}

#[cfg(test)]
mod tests;
