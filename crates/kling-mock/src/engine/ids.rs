//! Finding tasks by id.
//!
//! The id of a task contains its number, modulo 2^22, so a table from numbers to
//! tasks is enough: it is smaller than a hash table of ids, and close to each other
//! in it are tasks that were created one after another.

use super::store::TaskStore;
use crate::auth::AccountIndex;
use crate::profile::Profile;

/// All tasks, numbered in the order of creation across accounts.
#[derive(Debug, Default)]
pub(super) struct TaskIds {
    /// The number of the first task that is still known.
    first: u64,
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    account: u32,
    /// The index among the tasks of the account.
    index: u32,
}

impl TaskIds {
    /// The number of the next task.
    pub(super) fn next_number(&self) -> u64 {
        self.first.saturating_add(self.places.len() as u64)
    }

    /// Records where the task with the next number is.
    pub(super) fn add(&mut self, account: AccountIndex, index: u32) {
        self.places.push(Place {
            account: u32::try_from(account).unwrap_or(u32::MAX),
            index,
        });
    }

    /// Forgets all tasks. Their numbers are not used again.
    pub(super) fn clear(&mut self) {
        self.first = self.next_number();
        self.places = Vec::new();
    }

    /// The index of the task with this id among `tasks`, which are those of `account`.
    pub(super) fn find(
        &self,
        profile: &Profile,
        id: &str,
        account: AccountIndex,
        tasks: &TaskStore,
    ) -> Option<u32> {
        // Signs and leading zeros would make a different id.
        let is_canonical = id == "0" || id.starts_with(|first| matches!(first, '1'..='9'));
        let id: u64 = id.parse().ok().filter(|_| is_canonical)?;
        // Numbers are in the id modulo NUMBERS, so there is a candidate every NUMBERS tasks.
        let first = profile.task_number(id).wrapping_sub(self.first) % Profile::NUMBERS;
        let places = self.places.get(usize::try_from(first).ok()?..)?.iter();
        let mut candidates = places.step_by(usize::try_from(Profile::NUMBERS).ok()?);
        let found = candidates.find(|place| {
            place.account as usize == account
                && tasks.at(place.index).is_some_and(|task| task.id == id)
        });
        found.map(|place| place.index)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kling_types::UnixMillis;

    use super::super::store::Task;
    use super::*;
    use crate::plan::Plan;

    /// Two accounts that create tasks in turns.
    struct Tasks {
        profile: Profile,
        ids: TaskIds,
        accounts: [TaskStore; 2],
    }

    impl Tasks {
        fn new(profile: Profile) -> Self {
            Tasks {
                profile,
                ids: TaskIds::default(),
                accounts: Default::default(),
            }
        }

        /// The id of a new task.
        fn create(&mut self, account: AccountIndex) -> u64 {
            let now = UnixMillis::new(1_800_000_000_000);
            let id = self.profile.task_id(now, self.ids.next_number());
            let index = self.accounts[account].insert(Task {
                id,
                external_id: None,
                created: now,
                plan: Arc::new(Plan::stuck()),
                failure: None,
                reads: Vec::new(),
                asked: 0,
                found: false,
                seconds: 5,
                charge: 0,
            });
            self.ids.add(account, index);
            id
        }

        fn clear(&mut self) {
            self.ids.clear();
            self.accounts = Default::default();
        }

        #[track_caller]
        fn check(&self, account: AccountIndex, id: &str, expected: Option<u32>) {
            let tasks = &self.accounts[account];
            let found = self.ids.find(&self.profile, id, account, tasks);
            assert_eq!(found, expected, "{id} of account {account}");
        }
    }

    #[test]
    fn each_account_finds_its_own_tasks() {
        for profile in [Profile::comet(), Profile::kling()] {
            let mut tasks = Tasks::new(profile);
            for index in 0..1_000 {
                for account in [0, 1] {
                    let id = tasks.create(account);
                    let other = 1 - account;
                    tasks.check(account, &id.to_string(), Some(index));
                    tasks.check(other, &id.to_string(), None);
                    tasks.check(account, &(id + 2).to_string(), None);
                    tasks.check(account, &(id + Profile::NUMBERS).to_string(), None);
                }
            }
        }
    }

    #[test]
    fn an_id_is_found_only_as_it_was_given() {
        let mut tasks = Tasks::new(Profile::kling());
        let id = tasks.create(0);
        for text in [format!("+{id}"), format!("0{id}"), format!("{id} ")] {
            tasks.check(0, &text, None);
        }
        for text in ["", "0", "00", "-1", "1", "order-1", &"9".repeat(30)] {
            tasks.check(0, text, None);
        }
        tasks.check(0, &u64::MAX.to_string(), None);
        tasks.check(0, &id.to_string(), Some(0));
    }

    #[test]
    fn forgotten_tasks_are_not_found_and_their_ids_not_used_again() {
        let mut tasks = Tasks::new(Profile::kling());
        let forgotten = [tasks.create(0), tasks.create(0)];
        tasks.clear();
        for id in forgotten {
            tasks.check(0, &id.to_string(), None);
        }
        for index in 0..3 {
            let id = tasks.create(0);
            assert!(!forgotten.contains(&id));
            tasks.check(0, &id.to_string(), Some(index));
        }
        for id in forgotten {
            tasks.check(0, &id.to_string(), None);
        }
    }

    /// The part of an id that contains the number starts again at 0 after 2^22 tasks.
    #[test]
    fn more_tasks_than_numbers_are_told_apart() {
        let mut tasks = Tasks::new(Profile::comet());
        let first = tasks.create(0);
        // As if there had been these, of an account that was closed.
        for _ in 1..Profile::NUMBERS {
            tasks.ids.add(1, 0);
        }
        let same_millisecond = tasks.create(0);
        assert_eq!(first, same_millisecond);
        tasks.check(0, &first.to_string(), Some(0));
        let next = tasks.create(0);
        tasks.check(0, &next.to_string(), Some(2));
        tasks.check(0, &(next - 1).to_string(), Some(0));
    }
}
