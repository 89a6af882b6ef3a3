//! The tasks of an account.

use std::collections::HashMap;
use std::sync::Arc;

use kling_types::{ExternalTaskId, UnixMillis};

use crate::plan::{Plan, Standing};

/// A task as it was ordered; where it stands follows from its plan. Kept small,
/// as there may be a million of them.
#[derive(Debug)]
pub(super) struct Task {
    /// Both hosts' ids are numbers of 64 bits.
    pub(super) id: u64,
    pub(super) external_id: Option<Arc<str>>,
    pub(super) created: UnixMillis,
    pub(super) plan: Arc<Plan>,
    /// Why it will fail, if it will.
    pub(super) failure: Option<Arc<str>>,
    /// When it was asked after, as often as somebody counts.
    pub(super) reads: Vec<UnixMillis>,
    pub(super) seconds: u16,
}

impl Task {
    /// Where it stands, as of the first `reads` queries.
    pub(super) fn standing_after(&self, now: UnixMillis, reads: usize) -> Standing {
        let reads = self.reads.get(..reads).unwrap_or(&self.reads);
        self.plan
            .standing(self.created, now, reads, self.failure.is_some())
    }

    pub(super) fn standing(&self, now: UnixMillis) -> Standing {
        self.standing_after(now, self.reads.len())
    }

    /// All that it goes through if nobody asks after it again.
    pub(super) fn changes(&self) -> impl Iterator<Item = Standing> {
        self.plan
            .changes(self.created, &self.reads, self.failure.is_some())
    }

    pub(super) fn has_ended(&self, now: UnixMillis) -> bool {
        self.standing(now).status.is_terminal()
    }

    pub(super) fn external_task_id(&self) -> Option<ExternalTaskId> {
        ExternalTaskId::new(&**self.external_id.as_ref()?)
    }
}

#[derive(Debug, Default)]
pub(super) struct Store {
    /// In the order of creation.
    tasks: Vec<Task>,
    by_id: HashMap<u64, u32>,
    by_external_id: HashMap<Arc<str>, u32>,
}

impl Store {
    pub(super) fn insert(&mut self, task: Task) -> u32 {
        // More than 2^32 tasks would need far more memory than machines have.
        let index = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        self.by_id.insert(task.id, index);
        if let Some(id) = &task.external_id {
            self.by_external_id.insert(Arc::clone(id), index);
        }
        self.tasks.push(task);
        index
    }

    pub(super) fn has_external_id(&self, id: &ExternalTaskId) -> bool {
        self.by_external_id.contains_key(id.as_str())
    }

    pub(super) fn at(&self, index: u32) -> Option<&Task> {
        self.tasks.get(index as usize)
    }

    pub(super) fn at_mut(&mut self, index: u32) -> Option<&mut Task> {
        self.tasks.get_mut(index as usize)
    }

    /// The place of a task by its id or, where the host does that, by its
    /// external id: both stand in the same segment of the path (*documented*).
    pub(super) fn find(&self, id: &str, by_external_id: bool) -> Option<u32> {
        let number = id
            .parse::<u64>()
            .ok()
            .filter(|number| number.to_string() == id);
        let by_id = number.and_then(|number| self.by_id.get(&number));
        let external = || self.by_external_id.get(id).filter(|_| by_external_id);
        by_id.or_else(external).copied()
    }

    /// A page of the tasks, the newest first.
    pub(super) fn page(&self, skip: usize, size: usize) -> impl Iterator<Item = &Task> {
        self.tasks.iter().rev().skip(skip).take(size)
    }
}
