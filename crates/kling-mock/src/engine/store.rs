//! The tasks.

use std::collections::HashMap;

use kling_types::{ExternalTaskId, TaskId, UnixMillis};

use crate::profile::Profile;

/// A task as it was ordered; where it stands follows from its plan.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) external_id: Option<ExternalTaskId>,
    pub(super) created: UnixMillis,
    pub(super) seconds: u16,
    /// Why it will fail, if it will.
    pub(super) failure: Option<String>,
    /// When it was asked after, as often as the plan counts.
    pub(super) reads: Vec<UnixMillis>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    tasks: Vec<Task>,
    by_id: HashMap<String, usize>,
    by_external_id: HashMap<String, usize>,
}

impl Store {
    /// The id of the next task: its time, a machine and a count, as both hosts
    /// build theirs (computed from live ids).
    pub(super) fn next_id(&self, profile: &Profile, now: UnixMillis) -> TaskId {
        const LOW: u64 = 1 << 22;
        let millis = u64::try_from(now.get() - profile.id_epoch.get()).unwrap_or_default();
        let mut low = ((profile.id_machine << 12) + self.tasks.len() as u64) % LOW;
        loop {
            let id = (millis.wrapping_mul(LOW) + low).to_string();
            // Ids of one millisecond can meet after 2^22 tasks, no sooner.
            match TaskId::new(id) {
                Some(id) if !self.by_id.contains_key(id.as_str()) => return id,
                _ => low += 1,
            }
        }
    }

    pub(super) fn insert(&mut self, task: Task) {
        let index = self.tasks.len();
        self.by_id.insert(task.id.as_str().to_owned(), index);
        if let Some(id) = &task.external_id {
            self.by_external_id.insert(id.as_str().to_owned(), index);
        }
        self.tasks.push(task);
    }

    pub(super) fn has_external_id(&self, id: &ExternalTaskId) -> bool {
        self.by_external_id.contains_key(id.as_str())
    }

    pub(super) fn get(&self, id: &str) -> Option<&Task> {
        self.tasks.get(*self.by_id.get(id)?)
    }

    /// A task by its id or, where the host does that, by its external id: both
    /// stand in the same segment of the path (*documented*).
    pub(super) fn find(&mut self, id: &str, by_external_id: bool) -> Option<&mut Task> {
        let external = || self.by_external_id.get(id).filter(|_| by_external_id);
        let index = *self.by_id.get(id).or_else(external)?;
        self.tasks.get_mut(index)
    }
}
