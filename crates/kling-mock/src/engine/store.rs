//! The tasks of an account.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use kling_types::{ExternalTaskId, TaskStatus, UnixMillis};

use super::history::History;
use super::schedule::Schedule;
use super::text::Text;
use crate::plan::{Plan, Standing, Steer};

/// A task. Its status is computed from its plan. Kept small, as there may be a
/// million of them.
#[derive(Debug)]
// Two neighbouring cache lines, which are fetched together: among a million tasks a
// query waits for memory once.
#[repr(align(128))]
pub(super) struct Task {
    /// The ids of both hosts are 64-bit numbers.
    pub(super) id: u64,
    pub(super) external_id: Option<Text>,
    pub(super) created: UnixMillis,
    pub(super) plan: Arc<Plan>,
    /// Why it fails, if it does.
    pub(super) failure: Option<Arc<str>>,
    /// The times of its first queries, as many as its plan counts.
    pub(super) reads: Vec<UnixMillis>,
    /// How often it was queried.
    pub(super) asked: u32,
    /// Whether a query has found it yet: see the fault `lag`.
    pub(super) found: bool,
    pub(super) seconds: u16,
    /// The number of its charge in the ledger.
    pub(super) charge: u32,
}

impl Task {
    pub(super) fn standing(&self, now: UnixMillis) -> Standing {
        self.plan
            .standing(self.created, now, &self.reads, self.failure.is_some())
    }

    /// Its status right after the create.
    fn initial_standing(&self) -> Standing {
        Standing {
            status: TaskStatus::SUBMITTED,
            since: self.created,
        }
    }

    /// All its status changes, past and future, if no further query arrives.
    pub(super) fn changes(&self) -> impl Iterator<Item = Standing> {
        self.plan
            .changes(self.created, &self.reads, self.failure.is_some())
    }

    pub(super) fn has_ended(&self, now: UnixMillis) -> bool {
        self.standing(now).status.is_terminal()
    }

    /// Records a query; returns whether it counts towards the plan.
    pub(super) fn read(&mut self, now: UnixMillis) -> bool {
        self.asked = self.asked.saturating_add(1);
        let counts = self.reads.len() < self.plan.counted_reads();
        if counts {
            self.reads.push(now);
        }
        counts
    }

    /// Changes its plan from now on; returns false if it has ended already.
    pub(super) fn steer(&mut self, now: UnixMillis, steer: &Steer<'_>) -> bool {
        let plan = self.plan.steered(self.created, now, &self.reads, steer);
        let Some(plan) = plan else { return false };
        if let Steer::Follow(plan) = steer {
            self.failure = plan.failure().cloned();
        }
        self.plan = Arc::new(plan);
        self.reads.clear();
        true
    }

    pub(super) fn external_task_id(&self) -> Option<ExternalTaskId> {
        ExternalTaskId::new(&**self.external_id.as_ref()?)
    }
}

/// The tasks of an account. The hash table holds indexes; the external ids are in
/// the tasks.
#[derive(Debug, Default)]
pub(super) struct TaskStore {
    /// In the order of creation.
    tasks: Vec<Task>,
    by_external_id: HashTable<u32>,
    hasher: RandomState,
    schedule: Schedule,
    history: History,
}

impl TaskStore {
    pub(super) fn insert(&mut self, task: Task) -> u32 {
        // More than 2^32 tasks would need far more memory than machines have.
        let index = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        let TaskStore {
            tasks,
            by_external_id,
            hasher,
            ..
        } = self;
        tasks.push(task);
        let task = |index: &u32| tasks.get(*index as usize);
        if task(&index).is_some_and(|task| task.external_id.is_some()) {
            let hash = |index: &u32| {
                hasher.hash_one(task(index).and_then(|task| task.external_id.as_deref()))
            };
            by_external_id.insert_unique(hash(&index), index, hash);
        }
        index
    }

    pub(super) fn has_external_id(&self, id: &ExternalTaskId) -> bool {
        self.find_external(id.as_str()).is_some()
    }

    pub(super) fn at(&self, index: u32) -> Option<&Task> {
        self.tasks.get(index as usize)
    }

    /// The caller reports changes of its plan: [`schedule_changed`](Self::schedule_changed).
    pub(super) fn at_mut(&mut self, index: u32) -> Option<&mut Task> {
        self.tasks.get_mut(index as usize)
    }

    /// Records a query, and whether it found the task; faults need the last `needed`
    /// answers. Returns whether the task's future changes are different now.
    pub(super) fn read(&mut self, index: u32, now: UnixMillis, found: bool, needed: usize) -> bool {
        let Some(task) = self.tasks.get_mut(index as usize) else {
            return false;
        };
        if needed == 0 {
            self.history.clear();
        } else {
            self.history.add(task.id, task.standing(now), needed);
        }
        task.found |= found;
        let moved = task.read(now);
        if moved {
            self.schedule.schedule_changed(index);
        }
        moved
    }

    /// The status that a task had `ago` queries ago, as far as it was recorded; its
    /// initial one if it had not been queried yet.
    pub(super) fn stale(&self, task: &Task, now: UnixMillis, ago: usize) -> Standing {
        let history = self.history.of(task.id);
        if history.len() < ago && history.len() == task.asked as usize {
            return task.initial_standing();
        }
        let then = history.get(history.len().saturating_sub(ago));
        then.cloned().unwrap_or_else(|| task.standing(now))
    }

    /// Records that the future changes of a task are different now.
    pub(super) fn schedule_changed(&mut self, index: u32) {
        self.schedule.schedule_changed(index);
    }

    /// The times of the first and the last scheduled change.
    pub(super) fn scheduled_changes(
        &mut self,
        now: UnixMillis,
    ) -> Option<(UnixMillis, UnixMillis)> {
        let TaskStore {
            tasks, schedule, ..
        } = self;
        // `insert` gives out no larger index.
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        schedule.first_and_last(now, count, |index| {
            let task = tasks.get(index as usize).into_iter();
            task.flat_map(Task::changes).map(|change| change.since)
        })
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter()
    }

    /// The index of the task with this external id.
    pub(super) fn find_external(&self, id: &str) -> Option<u32> {
        let is_it = |index: &u32| {
            let task = self.at(*index);
            task.is_some_and(|task| task.external_id.as_deref() == Some(id))
        };
        let hash = self.hasher.hash_one(Some(id));
        self.by_external_id.find(hash, is_it).copied()
    }

    /// The creation time of the newest task; the earliest time if there is none.
    pub(super) fn latest(&self) -> UnixMillis {
        let latest = self.tasks.last();
        latest.map_or(UnixMillis::new(i64::MIN), |task| task.created)
    }

    /// A page of the tasks, the newest first.
    pub(super) fn page(&self, skip: usize, size: usize) -> impl Iterator<Item = &Task> {
        self.tasks.iter().rev().skip(skip).take(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(plan: Plan) -> Task {
        Task {
            id: 1,
            external_id: None,
            created: UnixMillis::new(0),
            plan: Arc::new(plan),
            failure: None,
            reads: Vec::new(),
            asked: 0,
            found: false,
            seconds: 5,
            charge: 0,
        }
    }

    #[test]
    fn only_queries_that_count_are_recorded() {
        for (plan, recorded) in [(Plan::stuck(), 0), (Plan::polls(2, 3), 5)] {
            let mut task = task(plan);
            for at in 1..=1_000 {
                task.read(UnixMillis::new(at));
            }
            assert_eq!((task.reads.len(), task.asked), (recorded, 1_000));
        }
    }

    #[test]
    fn a_query_that_counts_is_reported() {
        let mut task = task(Plan::polls(1, 1));
        let counts = [0, 1, 2, 3].map(|at| task.read(UnixMillis::new(at)));
        assert_eq!(counts, [true, true, false, false]);
    }
}
