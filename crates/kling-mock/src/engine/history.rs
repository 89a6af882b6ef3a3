//! Past answers to queries, for faults that return stale ones. Recorded only while
//! such a fault is armed.

use std::collections::{HashMap, VecDeque};

use crate::plan::Standing;

/// By task id, the latest answer last.
#[derive(Debug, Default)]
pub(super) struct History(HashMap<u64, VecDeque<Standing>>);

impl History {
    /// Records what a query found; faults need the last `needed` entries.
    pub(super) fn add(&mut self, task: u64, found: Standing, needed: usize) {
        let history = self.0.entry(task).or_default();
        history.push_back(found);
        while history.len() > needed {
            history.pop_front();
        }
    }

    /// Clears it when no fault needs it any more: what is not recorded from now on
    /// would leave a gap.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn of(&self, task: u64) -> &VecDeque<Standing> {
        const NONE: &VecDeque<Standing> = &VecDeque::new();
        self.0.get(&task).unwrap_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use kling_types::{TaskStatus, UnixMillis};

    use super::*;

    #[test]
    fn only_the_needed_entries_are_kept() {
        let mut history = History::default();
        for at in 1..=1_000 {
            let found = Standing {
                status: TaskStatus::SUBMITTED,
                since: UnixMillis::new(at),
            };
            history.add(7, found, 2);
        }
        let kept = history.of(7).iter().map(|found| found.since.get());
        assert_eq!(kept.collect::<Vec<_>>(), [999, 1_000]);
        assert!(history.of(8).is_empty());
        history.clear();
        assert!(history.of(7).is_empty());
    }
}
