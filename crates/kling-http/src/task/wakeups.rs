//! The registry of waiting tasks, through which a callback wakes its waiters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kling_types::{ExternalTaskId, TaskId};
use tokio::sync::Notify;

/// The waiters of a client, by both ids of their tasks. It holds only current waiters:
/// a callback for any other task leaves nothing behind.
#[derive(Debug, Default)]
pub(crate) struct Wakeups(Mutex<Waiters>);

/// Slices of exact size: most tasks have one waiter, and there may be very many tasks.
type Waiters = HashMap<Box<str>, Box<[Arc<Notify>]>>;

impl Wakeups {
    pub(super) fn join(&self, id: &TaskId, external: Option<&ExternalTaskId>) -> Arc<Notify> {
        let hint = Arc::new(Notify::new());
        let mut waiters = self.lock();
        for id in ids(id, external) {
            let hints = waiters.entry(id.into()).or_default();
            let mut more = std::mem::take(hints).into_vec();
            more.push(hint.clone());
            *hints = more.into_boxed_slice();
        }
        hint
    }

    pub(super) fn leave(&self, id: &TaskId, external: Option<&ExternalTaskId>, hint: &Arc<Notify>) {
        let mut waiters = self.lock();
        for id in ids(id, external) {
            if let Some(hints) = waiters.get_mut(id) {
                let mut left = std::mem::take(hints).into_vec();
                left.retain(|other| !Arc::ptr_eq(other, hint));
                *hints = left.into_boxed_slice();
                if hints.is_empty() {
                    waiters.remove(id);
                }
            }
        }
    }

    /// Wakes all waiters of a task with this id. Returns whether there are any. A hint
    /// that arrives during a query takes effect at the next sleep, and several hints
    /// count as one.
    pub(crate) fn wake(&self, id: &str) -> bool {
        let waiters = self.lock();
        let hints = waiters.get(id).map_or(&[][..], |hints| hints);
        for hint in hints {
            hint.notify_one();
        }
        !hints.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
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
