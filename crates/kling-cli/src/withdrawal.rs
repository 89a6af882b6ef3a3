//! A create that is interrupted while it waits for its next attempt. If the service
//! refused all attempts before, no task exists, and no state file is needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kling_http::{ErrorKind, Notice};
use tokio::time::Instant;

use crate::output::say;
use crate::state::StateFile;

/// What is known of the attempts of a create; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts(Arc<Mutex<Refusals>>);

#[derive(Debug, Default)]
struct Refusals {
    /// The last attempt was refused, and the next one is not sent before this time.
    until: Option<Instant>,
    /// An attempt may have been carried out.
    is_in_doubt: bool,
    /// The create was dropped before any attempt was carried out.
    is_withdrawn: bool,
}

impl Attempts {
    /// Takes in what the client reports while it creates the task.
    pub(crate) fn note(&self, notice: &Notice<'_>) {
        let mut refusals = self.lock();
        match notice {
            // Code 5001 ("maintenance") may be wrong: the attempt may have been carried out.
            Notice::Retry {
                operation: "effects.create",
                error,
                wait,
                ..
            } if error.kind() != ErrorKind::Service => {
                refusals.until = Some(Instant::now() + *wait);
            }
            Notice::TokenExpired => {}
            _ => refusals.is_in_doubt = true,
        }
    }

    /// Whether the create was dropped before the service carried out any attempt.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.lock().is_withdrawn
    }

    /// The create is dropped now; whether no attempt was carried out.
    fn withdraw(&self) -> bool {
        let mut refusals = self.lock();
        let is_waiting = refusals.until.is_some_and(|until| Instant::now() < until);
        refusals.is_withdrawn = is_waiting && !refusals.is_in_doubt;
        refusals.is_withdrawn
    }

    fn lock(&self) -> MutexGuard<'_, Refusals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds the state file of a create. If it is dropped while the create waits after a
/// refusal, it removes the file.
pub(crate) struct Withdrawal {
    file: Option<StateFile>,
    attempts: Attempts,
}

impl Withdrawal {
    pub(crate) fn new(file: Option<StateFile>, attempts: &Attempts) -> Self {
        Withdrawal {
            file,
            attempts: attempts.clone(),
        }
    }

    /// The create has ended: its state file.
    pub(crate) fn into_file(mut self) -> Option<StateFile> {
        self.file.take()
    }
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        if self.attempts.withdraw()
            && let Some(file) = self.file.take()
        {
            discard(file);
        }
    }
}

/// Removes the state file of a create that was not carried out, and restores the one
/// that it replaced.
pub(crate) fn discard(file: StateFile) {
    let name = file.path.display().to_string();
    if let Err(error) = file.not_created() {
        // The file that is left names a create without a task: a look-up finds that out.
        say(&format!("warning: {name} can't be restored: {error}"));
    }
}
