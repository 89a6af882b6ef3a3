//! What is ahead of an account's tasks: when the next change comes, and when the
//! last.
//!
//! Nothing is kept until somebody asks. Then every task is looked at once, and
//! after that only those that are new or whose course has moved, so asking again
//! and again costs no more than what happened in between.

use std::collections::BTreeSet;

use kling_types::UnixMillis;

#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The changes to come, by task, and some that will not come any more: a
    /// course that moves leaves its old ones behind, which are found out when
    /// they get to an end.
    changes: BTreeSet<(UnixMillis, u32)>,
    /// How many tasks were looked at, from the first on.
    seen: u32,
    /// Of these, the ones whose course has moved since.
    moved: BTreeSet<u32>,
}

impl Ahead {
    /// A task's course is another from now on.
    pub(super) fn course_moved(&mut self, index: u32) {
        // Nobody has asked after the others yet.
        if index < self.seen {
            self.moved.insert(index);
        }
    }

    /// The times of the first and the last change after `now`. There are `count`
    /// tasks, and `of` has the times of a task's changes.
    pub(super) fn ends<C>(
        &mut self,
        now: UnixMillis,
        count: u32,
        of: impl Fn(u32) -> C,
    ) -> Option<(UnixMillis, UnixMillis)>
    where
        C: Iterator<Item = UnixMillis>,
    {
        let new = self.seen..count;
        for index in std::mem::take(&mut self.moved).into_iter().chain(new) {
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

    /// Tasks as nothing but the times of their changes, and how often one of
    /// them was looked at.
    #[derive(Default)]
    struct Tasks {
        changes: RefCell<Vec<Vec<i64>>>,
        looks: Cell<usize>,
    }

    impl Tasks {
        fn ends(&self, ahead: &mut Ahead, now: i64) -> Option<(i64, i64)> {
            let count = u32::try_from(self.changes.borrow().len()).unwrap();
            let ends = ahead.ends(at(now), count, |index| {
                self.looks.set(self.looks.get() + 1);
                let changes = self.changes.borrow()[index as usize].clone();
                changes.into_iter().map(UnixMillis::new)
            });
            ends.map(|(first, last)| (first.get(), last.get()))
        }
    }

    #[test]
    fn only_what_is_new_is_looked_at() {
        let tasks = Tasks::default();
        let mut ahead = Ahead::default();
        let looked_at = |ahead: &mut Ahead, now, expected| {
            tasks.looks.set(0);
            assert_eq!(tasks.ends(ahead, now), expected);
            tasks.looks.get()
        };
        *tasks.changes.borrow_mut() = (0..10_000).map(|n| vec![n, 20_000 + n]).collect();
        // Each once, and those at the two ends once more.
        assert_eq!(looked_at(&mut ahead, 0, Some((1, 29_999))), 10_000 + 2);
        assert_eq!(looked_at(&mut ahead, 0, Some((1, 29_999))), 2);
        // What has passed is not looked at.
        assert_eq!(looked_at(&mut ahead, 5_000, Some((5_001, 29_999))), 2);
        tasks.changes.borrow_mut().push(vec![5_500, 5_600]);
        assert_eq!(looked_at(&mut ahead, 5_000, Some((5_001, 29_999))), 3);
        tasks.changes.borrow_mut()[9_999] = vec![5_000];
        ahead.course_moved(9_999);
        // That one, its old last change, and the two ends.
        assert_eq!(looked_at(&mut ahead, 5_000, Some((5_001, 29_998))), 4);
        assert_eq!(looked_at(&mut ahead, 29_998, None), 0);
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let mut ahead = Ahead::default();
        for index in 0..1_000 {
            ahead.course_moved(index);
        }
        assert!(ahead.moved.is_empty());
    }

    proptest! {
        /// However tasks come and move, what is found is what a look at all of
        /// them would have found.
        #[test]
        fn it_is_as_if_all_had_been_looked_at(
            steps in prop::collection::vec((0..3_u8, 0..9_usize, prop::collection::vec(0..60_i64, 0..4)), 0..40)
        ) {
            let tasks = Tasks::default();
            let mut ahead = Ahead::default();
            let mut now = 0;
            for (what, which, changes) in steps {
                let count = tasks.changes.borrow().len();
                match what {
                    0 => tasks.changes.borrow_mut().push(changes),
                    1 if count > 0 => {
                        let which = which % count;
                        tasks.changes.borrow_mut()[which] = changes;
                        ahead.course_moved(u32::try_from(which).unwrap());
                    }
                    _ => now += i64::try_from(which).unwrap(),
                }
                let all = tasks.changes.borrow().concat();
                let to_come = || all.iter().copied().filter(|it| *it > now);
                let expected = to_come().min().zip(to_come().max());
                prop_assert_eq!(tasks.ends(&mut ahead, now), expected);
            }
        }
    }
}
