//! The times of the next and the last scheduled status change of an account's tasks.
//!
//! Built lazily: the first call examines every task, and each later call only the
//! tasks that are new or were rescheduled since, so repeated calls are cheap.

use std::collections::BTreeSet;

use kling_types::UnixMillis;

#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// Future changes, by time and task. May hold stale entries of tasks that were
    /// rescheduled; they are removed when they reach either end of the set.
    changes: BTreeSet<(UnixMillis, u32)>,
    /// The number of tasks examined so far, from the first on.
    seen: u32,
    /// Those of them that were rescheduled since.
    rescheduled: BTreeSet<u32>,
}

impl Schedule {
    /// Records that the future changes of a task are different now.
    pub(super) fn schedule_changed(&mut self, index: u32) {
        // The others have not been examined yet.
        if index < self.seen {
            self.rescheduled.insert(index);
        }
    }

    /// The times of the first and the last change after `now`, among `count` tasks;
    /// `of` returns the times of a task's changes.
    pub(super) fn first_and_last<C>(
        &mut self,
        now: UnixMillis,
        count: u32,
        of: impl Fn(u32) -> C,
    ) -> Option<(UnixMillis, UnixMillis)>
    where
        C: Iterator<Item = UnixMillis>,
    {
        let new = self.seen..count;
        for index in std::mem::take(&mut self.rescheduled).into_iter().chain(new) {
            let to_come = of(index).filter(|at| *at > now);
            self.changes.extend(to_come.map(|at| (at, index)));
        }
        self.seen = count;
        let is_over = |&(at, index): &(UnixMillis, u32)| at <= now || !of(index).any(|it| it == at);
        while self.changes.first().is_some_and(is_over) {
            self.changes.pop_first();
        }
        while self.changes.last().is_some_and(is_over) {
            self.changes.pop_last();
        }
        Some((self.changes.first()?.0, self.changes.last()?.0))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> UnixMillis {
        UnixMillis::new(millis)
    }

    /// The times of the changes of each task, and how often a task was examined.
    #[derive(Default)]
    struct Tasks {
        changes: RefCell<Vec<Vec<i64>>>,
        examinations: Cell<usize>,
    }

    impl Tasks {
        fn first_and_last(&self, schedule: &mut Schedule, now: i64) -> Option<(i64, i64)> {
            let count = u32::try_from(self.changes.borrow().len()).unwrap();
            let ends = schedule.first_and_last(at(now), count, |index| {
                self.examinations.set(self.examinations.get() + 1);
                let changes = self.changes.borrow()[index as usize].clone();
                changes.into_iter().map(UnixMillis::new)
            });
            ends.map(|(first, last)| (first.get(), last.get()))
        }
    }

    #[test]
    fn only_new_and_rescheduled_tasks_are_examined() {
        let tasks = Tasks::default();
        let mut schedule = Schedule::default();
        let examined = |schedule: &mut Schedule, now, expected| {
            tasks.examinations.set(0);
            assert_eq!(tasks.first_and_last(schedule, now), expected);
            tasks.examinations.get()
        };
        *tasks.changes.borrow_mut() = (0..10_000).map(|n| vec![n, 20_000 + n]).collect();
        // Each once, and the first and the last once more.
        assert_eq!(examined(&mut schedule, 0, Some((1, 29_999))), 10_000 + 2);
        assert_eq!(examined(&mut schedule, 0, Some((1, 29_999))), 2);
        // Past changes are not examined.
        assert_eq!(examined(&mut schedule, 5_000, Some((5_001, 29_999))), 2);
        tasks.changes.borrow_mut().push(vec![5_500, 5_600]);
        assert_eq!(examined(&mut schedule, 5_000, Some((5_001, 29_999))), 3);
        tasks.changes.borrow_mut()[9_999] = vec![5_000];
        schedule.schedule_changed(9_999);
        // That task, its stale last change, and the first and the last.
        assert_eq!(examined(&mut schedule, 5_000, Some((5_001, 29_998))), 4);
        assert_eq!(examined(&mut schedule, 29_998, None), 0);
    }

    #[test]
    fn nothing_is_recorded_before_the_first_call() {
        let mut schedule = Schedule::default();
        for index in 0..1_000 {
            schedule.schedule_changed(index);
        }
        assert!(schedule.rescheduled.is_empty());
    }

    proptest! {
        /// Gives the same result as examining all tasks every time.
        #[test]
        fn the_result_is_that_of_examining_all_tasks(
            steps in prop::collection::vec((0..3_u8, 0..9_usize, prop::collection::vec(0..60_i64, 0..4)), 0..40)
        ) {
            let tasks = Tasks::default();
            let mut schedule = Schedule::default();
            let mut now = 0;
            for (what, which, changes) in steps {
                let count = tasks.changes.borrow().len();
                match what {
                    0 => tasks.changes.borrow_mut().push(changes),
                    1 if count > 0 => {
                        let which = which % count;
                        tasks.changes.borrow_mut()[which] = changes;
                        schedule.schedule_changed(u32::try_from(which).unwrap());
                    }
                    _ => now += i64::try_from(which).unwrap(),
                }
                let all = tasks.changes.borrow().concat();
                let to_come = || all.iter().copied().filter(|it| *it > now);
                let expected = to_come().min().zip(to_come().max());
                prop_assert_eq!(tasks.first_and_last(&mut schedule, now), expected);
            }
        }
    }
}
