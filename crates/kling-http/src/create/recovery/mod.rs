//! Recovering from a lost answer to a create: a state machine without I/O that
//! decides the next step after each event.

use std::time::Duration;

use kling_types::{Task, TaskId};

use crate::error::{Error, ErrorKind, Retryability};

/// The result of the last step.
#[derive(Debug)]
pub(super) enum Event {
    /// A create or a look-up returned the task.
    Found(Box<Task>),
    /// The create was refused, and certainly had no effect.
    Refused(Error),
    /// The create was refused for want of a slot or of credit, which may be in use by
    /// its own task: an earlier attempt was answered with code 5001.
    RefusedAfterMaintenance(Error),
    /// The create was refused because its external id exists already. It may be ours:
    /// an earlier attempt of the same create was answered with code 5001.
    Duplicate { error: Error, maybe_ours: bool },
    /// The create may have had an effect.
    Unknown(Error),
    /// The look-up says that there is no such task.
    NotFound,
    /// The look-up returned a task that is not the one that was created.
    OtherTask(TaskId),
    /// The look-up failed, after its own retries. `time_left`: whether there is time
    /// for another one.
    LookUpFailed { error: Error, time_left: bool },
}

/// The next step.
#[derive(Debug)]
pub(super) enum Step {
    Create,
    /// `new_only`: the external id may have been used before; accept a new task only.
    LookUp {
        after: Duration,
        new_only: bool,
    },
    Done(Box<Task>),
    GiveUp(Error),
    GiveUpMaybeSent(Error),
}

/// Recovers from a create whose answer was lost.
///
/// A create is sent at most twice, and the second time only after the service has
/// said several times that it does not know the first. If that was wrong (a task may
/// become visible late), the service refuses the second as a duplicate, and the
/// client adopts the first.
#[derive(Debug)]
pub(super) struct Recovery {
    can_look_up: bool,
    /// The error of the create whose outcome is unknown.
    lost: Option<Error>,
    creates: u8,
    /// Look-ups since the last create that found nothing.
    misses: u32,
    /// Look-ups whose answer could not be understood.
    failures: u32,
    /// Consecutive look-ups that did not reach the service.
    outage: u32,
    /// The service itself said that the task exists.
    exists: bool,
    /// The task with this external id may be an earlier one.
    shared_id: bool,
}

const MAX_CREATES: u8 = 2;

/// After this many look-ups that find nothing, the create counts as not received.
/// Tasks were visible at once in 152 of 152 cases (*seen live*).
pub(super) const LOOK_UPS: u32 = 3;

/// The same limit after the service has said that the task exists.
pub(super) const LOOK_UPS_AFTER_DUPLICATE: u32 = 6;

/// The wait after the first look-up that found nothing; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// While the service can't be reached, the wait stops doubling at 32 s.
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
            Event::Refused(error) | Event::RefusedAfterMaintenance(error)
                if self.lost.is_some() =>
            {
                self.lost = Some(error);
                self.look_up()
            }
            // Only our own lost create can have used the external id.
            Event::Duplicate { .. } if self.lost.is_some() && self.can_look_up => {
                self.exists = true;
                self.look_up()
            }
            Event::Duplicate {
                error,
                maybe_ours: true,
            } if self.can_look_up => {
                self.exists = true;
                self.look_up_only(error)
            }
            Event::RefusedAfterMaintenance(error) if self.can_look_up => self.look_up_only(error),
            Event::Duplicate {
                error,
                maybe_ours: true,
            }
            | Event::RefusedAfterMaintenance(error) => Step::GiveUpMaybeSent(error),
            Event::Refused(error) | Event::Duplicate { error, .. } => Step::GiveUp(error),
            Event::Unknown(error) if self.can_look_up => {
                self.lost = Some(error);
                self.look_up()
            }
            Event::Unknown(error) => Step::GiveUpMaybeSent(error),
            Event::NotFound => self.missed(),
            Event::OtherTask(id) => {
                let what = if self.shared_id {
                    "an older one by this machine's clock"
                } else {
                    "another one"
                };
                let note = format!("what was found under its external id is task {id}, {what}");
                Step::GiveUpMaybeSent(self.take_lost().with_note(&note))
            }
            // The task may be paid for, so wait until the service is back.
            Event::LookUpFailed { error, time_left }
                if time_left && error.retryability() != Retryability::Permanent =>
            {
                self.outage = outage.saturating_add(1);
                self.look_up_after(self.outage.min(OUTAGE_DOUBLINGS + 1))
            }
            // A single odd answer proves nothing, so look again, unless this look-up
            // has already used up its retries.
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

    /// The first look-up after a refusal that ends the create: nothing is sent again.
    fn look_up_only(&mut self, refusal: Error) -> Step {
        self.lost = Some(refusal);
        self.shared_id = true;
        self.creates = MAX_CREATES;
        self.look_up()
    }

    fn missed(&mut self) -> Step {
        self.misses += 1;
        let patience = if self.exists {
            LOOK_UPS_AFTER_DUPLICATE
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

    /// The next look-up, after this many that failed or found nothing.
    fn look_up_after(&self, attempts: u32) -> Step {
        Step::LookUp {
            after: FIRST_WAIT * 2_u32.pow(attempts - 1),
            new_only: self.shared_id,
        }
    }

    fn take_lost(&mut self) -> Error {
        let unexplained = || Error::new(ErrorKind::Decode, "the create's outcome is unknown");
        self.lost.take().unwrap_or_else(unexplained)
    }
}

/// Whether the service itself refuses the key or the account. Without a business code
/// the answer may be that of a proxy.
fn is_refused(error: &Error) -> bool {
    let has_code = error.service_error().is_some_and(|it| it.code.is_some());
    has_code && matches!(error.kind(), ErrorKind::Auth | ErrorKind::Account)
}

#[cfg(test)]
mod tests;
