//! What queries found of tasks, for those that are to see what is not so any
//! more. Kept only while a fault looks back, so other tasks cost nothing.

use std::collections::{HashMap, VecDeque};

use crate::plan::Standing;

/// By the task's id, the latest last.
#[derive(Debug, Default)]
pub(super) struct Past(HashMap<u64, VecDeque<Standing>>);

impl Past {
    /// A query found this; others look back `needed` queries.
    pub(super) fn add(&mut self, task: u64, found: Standing, needed: usize) {
        let past = self.0.entry(task).or_default();
        past.push_back(found);
        while past.len() > needed {
            past.pop_front();
        }
    }

    /// Nobody looks back any more, and what is not remembered from now on would
    /// make a gap.
    pub(super) fn forget(&mut self) {
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

    /// However long somebody asks.
    #[test]
    fn no_more_is_kept_than_somebody_looks_back_on() {
        let mut past = Past::default();
        for at in 1..=1_000 {
            let found = Standing {
                status: TaskStatus::SUBMITTED,
                since: UnixMillis::new(at),
            };
            past.add(7, found, 2);
        }
        let kept = past.of(7).iter().map(|found| found.since.get());
        assert_eq!(kept.collect::<Vec<_>>(), [999, 1_000]);
        assert!(past.of(8).is_empty());
        past.forget();
        assert!(past.of(7).is_empty());
    }
}
