//! Who waits for which task, so that a callback can wake them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kling_types::{ExternalTaskId, TaskId};
use tokio::sync::Notify;

/// The waiters of a client, by both ids of their tasks. It holds nothing but
/// who waits at this moment: callbacks about anything else leave no trace.
#[derive(Debug, Default)]
pub(crate) struct Wakeups(Mutex<HashMap<Box<str>, Vec<Arc<Notify>>>>);

impl Wakeups {
    pub(super) fn join(&self, id: &TaskId, external: Option<&ExternalTaskId>) -> Arc<Notify> {
        let hint = Arc::new(Notify::new());
        let mut waiters = self.lock();
        for id in ids(id, external) {
            // Most tasks have one waiter, and there may be very many tasks.
            let hints = waiters.entry(id.into());
            let hints = hints.or_insert_with(|| Vec::with_capacity(1));
            hints.push(hint.clone());
        }
        hint
    }

    pub(super) fn leave(&self, id: &TaskId, external: Option<&ExternalTaskId>, hint: &Arc<Notify>) {
        let mut waiters = self.lock();
        for id in ids(id, external) {
            if let Some(hints) = waiters.get_mut(id) {
                hints.retain(|other| !Arc::ptr_eq(other, hint));
                if hints.is_empty() {
                    waiters.remove(id);
                }
            }
        }
    }

    /// Wakes whoever waits for a task with this id; whether there is anybody.
    /// A hint that comes during a query waits for the next sleep, and any
    /// number of hints are one.
    pub(crate) fn wake(&self, id: &str) -> bool {
        let waiters = self.lock();
        let hints = waiters.get(id).map_or(&[][..], Vec::as_slice);
        for hint in hints {
            hint.notify_one();
        }
        !hints.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Vec<Arc<Notify>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

fn ids<'a>(id: &'a TaskId, external: Option<&'a ExternalTaskId>) -> impl Iterator<Item = &'a str> {
    let external = external.map(ExternalTaskId::as_str);
    [Some(id.as_str()), external].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays_of_who_has_left() {
        let (id, external) = (TaskId::new("7"), ExternalTaskId::new("job-7"));
        let (id, external) = (id.unwrap(), external.unwrap());
        let wakeups = Wakeups::default();
        assert!(!wakeups.wake("7"));
        let first = wakeups.join(&id, Some(&external));
        let second = wakeups.join(&id, None);
        wakeups.leave(&id, Some(&external), &first);
        assert!(wakeups.wake("7") && !wakeups.wake("job-7"));
        wakeups.leave(&id, None, &second);
        assert!(wakeups.is_empty());
    }
}
