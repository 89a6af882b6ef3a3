//! How often a task is asked after.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::LONGEST;

/// How a task is watched. A wait always ends: at the task's end or after
/// `max_wait`, with one last query exactly then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PollPolicy {
    /// From the start of the watch to the first query. No effect has been seen
    /// to finish in less than 20 s.
    pub initial: Duration,
    /// What each wait is to the one before; at least 1.
    pub factor: f64,
    /// The longest wait between two queries.
    pub max_interval: Duration,
    /// How much of a wait is left to chance, from 0 to 1, so that clients fall
    /// out of step.
    pub jitter: f64,
    /// The longest watch of all; at most a year.
    pub max_wait: Duration,
    /// Queries that may fail one after the other; one more ends the watch.
    pub max_failures: u32,
}

impl Default for PollPolicy {
    /// First after 5 s, growing to 15 s; 30 minutes in all. Averages of 30 to
    /// 320 s have been seen for effects.
    fn default() -> Self {
        PollPolicy {
            initial: Duration::from_secs(5),
            factor: 1.3,
            max_interval: Duration::from_secs(15),
            jitter: 0.1,
            max_wait: Duration::from_secs(30 * 60),
            max_failures: 10,
        }
    }
}

impl PollPolicy {
    /// Refuses a policy that would query without a pause or never end.
    pub(crate) fn check(&self) -> Result<()> {
        let text = if self.initial.is_zero() || self.max_interval.is_zero() {
            "the waits between two queries must be longer than nothing"
        } else if !(self.factor >= 1.0 && self.factor.is_finite()) {
            "the factor between two waits must be a number of at least 1"
        } else if !(0.0..=1.0).contains(&self.jitter) {
            "the jitter must be between 0 and 1"
        } else if self.max_wait > LONGEST {
            "the longest wait must be at most a year"
        } else {
            return Ok(());
        };
        Err(Error::new(
            ErrorKind::Config,
            format!("poll policy: {text}"),
        ))
    }

    /// The wait before a query, numbered from 0; `chance` is between 0 and 1.
    pub(crate) fn wait_before(&self, query: u32, chance: f64) -> Duration {
        let grown = self.initial.as_secs_f64() * self.factor.powf(f64::from(query));
        let wait = grown.min(self.max_interval.min(LONGEST).as_secs_f64());
        // Jitter only shortens, so that no wait exceeds the longest.
        Duration::from_secs_f64(wait * (1.0 - self.jitter * chance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: PollPolicy = PollPolicy {
        initial: Duration::from_secs(4),
        factor: 2.0,
        max_interval: Duration::from_secs(15),
        jitter: 0.5,
        max_wait: Duration::from_secs(600),
        max_failures: 3,
    };

    #[test]
    fn waits_grow_up_to_the_longest_and_jitter_only_shortens() {
        for (query, shortest, longest) in [
            (0, 2.0, 4.0),
            (1, 4.0, 8.0),
            (2, 7.5, 15.0),
            (50, 7.5, 15.0),
            (u32::MAX, 7.5, 15.0),
        ] {
            let wait = |chance| POLICY.wait_before(query, chance).as_secs_f64();
            assert_eq!((wait(1.0), wait(0.0)), (shortest, longest), "query {query}");
        }
    }

    #[test]
    fn the_first_wait_is_no_longer_than_any() {
        let policy = PollPolicy {
            initial: Duration::from_secs(60),
            ..POLICY
        };
        assert_eq!(policy.wait_before(0, 0.0), POLICY.max_interval);
    }

    #[test]
    fn no_policy_overflows() {
        let policy = PollPolicy {
            initial: Duration::MAX,
            max_interval: Duration::MAX,
            ..POLICY
        };
        assert_eq!(policy.wait_before(u32::MAX, 0.0), LONGEST);
    }
}
