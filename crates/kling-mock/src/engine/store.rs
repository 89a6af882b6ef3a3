//! The tasks of an account.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use kling_types::{ExternalTaskId, TaskStatus, UnixMillis};

use super::ahead::Ahead;
use super::past::Past;
use super::text::Text;
use crate::plan::{Plan, Standing, Steer};

/// A task as it was ordered; where it stands follows from its plan. Kept small,
/// as there may be a million of them.
#[derive(Debug)]
// Two neighbouring cache lines, which are fetched together: among a million tasks a
// query waits for memory once.
#[repr(align(128))]
pub(super) struct Task {
    /// Both hosts' ids are numbers of 64 bits.
    pub(super) id: u64,
    pub(super) external_id: Option<Text>,
    pub(super) created: UnixMillis,
    pub(super) plan: Arc<Plan>,
    /// Why it will fail, if it will.
    pub(super) failure: Option<Arc<str>>,
    /// When it was asked after, as often as its plan counts.
    pub(super) reads: Vec<UnixMillis>,
    /// How often it was asked after at all, and whether it was ever found.
    pub(super) asked: u32,
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

    /// Where it stands when it is created.
    fn beginning(&self) -> Standing {
        Standing {
            status: TaskStatus::SUBMITTED,
            since: self.created,
        }
    }

    /// All that it goes through if nobody asks after it again.
    pub(super) fn changes(&self) -> impl Iterator<Item = Standing> {
        self.plan
            .changes(self.created, &self.reads, self.failure.is_some())
    }

    pub(super) fn has_ended(&self, now: UnixMillis) -> bool {
        self.standing(now).status.is_terminal()
    }

    /// Takes in that somebody asks after it. Whether it makes a difference to
    /// where the task stands.
    pub(super) fn read(&mut self, now: UnixMillis) -> bool {
        self.asked = self.asked.saturating_add(1);
        let counts = self.reads.len() < self.plan.counted_reads();
        if counts {
            self.reads.push(now);
        }
        counts
    }

    /// Changes what is ahead of it; whether anything was.
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

/// The index holds places only: the external ids are with the tasks.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// In the order of creation.
    tasks: Vec<Task>,
    by_external_id: HashTable<u32>,
    hasher: RandomState,
    ahead: Ahead,
    past: Past,
}

impl Store {
    pub(super) fn insert(&mut self, task: Task) -> u32 {
        // More than 2^32 tasks would need far more memory than machines have.
        let index = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        let Store {
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

    /// Whoever moves its course says so: [`course_moved`](Self::course_moved).
    pub(super) fn at_mut(&mut self, index: u32) -> Option<&mut Task> {
        self.tasks.get_mut(index as usize)
    }

    /// Takes in a query, that found the task or did not; others will look back
    /// `needed` queries. Whether the task's course has moved by it.
    pub(super) fn read(&mut self, index: u32, now: UnixMillis, found: bool, needed: usize) -> bool {
        let Some(task) = self.tasks.get_mut(index as usize) else {
            return false;
        };
        if needed == 0 {
            self.past.forget();
        } else {
            self.past.add(task.id, task.standing(now), needed);
        }
        task.found |= found;
        let moved = task.read(now);
        if moved {
            self.ahead.course_moved(index);
        }
        moved
    }

    /// Where a task stood so many queries ago, as far as that is remembered; at
    /// its creation, if nobody had asked yet.
    pub(super) fn stale(&self, task: &Task, now: UnixMillis, ago: usize) -> Standing {
        let past = self.past.of(task.id);
        if past.len() < ago && past.len() == task.asked as usize {
            return task.beginning();
        }
        let then = past.get(past.len().saturating_sub(ago));
        then.cloned().unwrap_or_else(|| task.standing(now))
    }

    /// To be told when a task's course has moved.
    pub(super) fn course_moved(&mut self, index: u32) {
        self.ahead.course_moved(index);
    }

    /// When the first and the last change of a task come that can be foreseen.
    pub(super) fn ahead(&mut self, now: UnixMillis) -> Option<(UnixMillis, UnixMillis)> {
        let Store { tasks, ahead, .. } = self;
        // There are as many as an index can name.
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        ahead.ends(now, count, |index| {
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

    /// When the newest task was created; the beginning of time if there is none.
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

    /// However long somebody asks: a task costs what it costs.
    #[test]
    fn no_more_questions_are_remembered_than_count() {
        for (plan, remembered) in [(Plan::stuck(), 0), (Plan::polls(2, 3), 5)] {
            let mut task = task(plan);
            for at in 1..=1_000 {
                task.read(UnixMillis::new(at));
            }
            assert_eq!((task.reads.len(), task.asked), (remembered, 1_000));
        }
    }

    #[test]
    fn only_questions_that_count_bring_news() {
        let mut task = task(Plan::polls(1, 1));
        let news = [0, 1, 2, 3].map(|at| task.read(UnixMillis::new(at)));
        assert_eq!(news, [true, true, false, false]);
    }
}
