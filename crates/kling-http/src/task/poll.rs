//! The polling policy: how often to query, for how long, and how many failures in a
//! row are tolerated.

use std::time::Duration;

use super::forecast::Forecast;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::LONGEST;

/// How a task is watched. A wait always ends: at the task's end or after
/// `max_wait`, with one last query exactly then, which has the time of one try
/// ([`Timeouts::attempt`](crate::Timeouts::attempt)).
///
/// ```
/// use std::time::Duration;
/// use kling_http::{Cadence, PollPolicy};
///
/// let patient = PollPolicy { max_wait: Duration::from_secs(3600), ..PollPolicy::default() };
/// assert_eq!(patient.cadence, Cadence::Learned);
/// let steady = PollPolicy::every(Duration::from_secs(5));
/// assert_eq!(steady.max_wait, PollPolicy::default().max_wait);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PollPolicy {
    /// When to ask.
    pub cadence: Cadence,
    /// The longest watch of all; at most a year.
    pub max_wait: Duration,
    /// Queries that may fail one after the other; one more ends the watch.
    pub max_failures: u32,
}

/// When a task is asked after.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Cadence {
    /// By what the client, and its clones, have seen of the scene's run times:
    /// first when an end becomes likely, then as often as it pays to notice the
    /// end within 5 s on average (within a tenth of the run time for short
    /// tasks). Gaps are from 1 s to 3 min.
    ///
    /// The first task of a scene is taken to need three minutes, give or take
    /// a factor of two (*inferred*: averages of 30 to 320 s are what clients of
    /// the effects expect). A service that is much faster, such as a mock, wants
    /// a cadence of its own.
    Learned,
    /// By a schedule of the caller's.
    Growing(Growing),
}

/// Waits between queries, each longer than the one before by a factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growing {
    /// From the start of the watch to the first query.
    pub initial: Duration,
    /// What each wait is to the one before; at least 1.
    pub factor: f64,
    /// The longest wait between two queries.
    pub max_interval: Duration,
    /// How much of a wait is left to chance, from 0 to 1, so that clients fall
    /// out of step.
    pub jitter: f64,
}

impl Default for PollPolicy {
    /// A learned cadence; 30 minutes in all, ten failures.
    fn default() -> Self {
        PollPolicy {
            cadence: Cadence::Learned,
            max_wait: Duration::from_secs(30 * 60),
            max_failures: 10,
        }
    }
}

impl PollPolicy {
    /// A query after every such interval, exactly; otherwise as by default.
    pub fn every(interval: Duration) -> Self {
        PollPolicy {
            cadence: Cadence::Growing(Growing {
                initial: interval,
                factor: 1.0,
                max_interval: interval,
                jitter: 0.0,
            }),
            ..PollPolicy::default()
        }
    }

    /// For a host whose run times nobody knows, such as a fake service: a query
    /// after a second, then ever less often, every 15 s in the end; otherwise as
    /// by default.
    pub fn eager() -> Self {
        PollPolicy {
            cadence: Cadence::Growing(Growing {
                initial: Duration::from_secs(1),
                factor: 1.3,
                max_interval: Duration::from_secs(15),
                jitter: 0.1,
            }),
            ..PollPolicy::default()
        }
    }

    /// Refuses a policy that would query without a pause or never end.
    pub(crate) fn check(&self) -> Result<()> {
        let cadence = match &self.cadence {
            Cadence::Learned => None,
            Cadence::Growing(growing) => growing.fault(),
        };
        let text = match cadence {
            Some(text) => text,
            None if self.max_wait > LONGEST => "the longest wait must be at most a year",
            None => return Ok(()),
        };
        Err(Error::new(
            ErrorKind::Config,
            format!("poll policy: {text}"),
        ))
    }
}

impl Cadence {
    /// From the creation of a task, at the start of a watch, to the first query.
    pub(super) fn first(&self, forecast: &Forecast, age: Duration, chance: f64) -> Duration {
        match self {
            Cadence::Learned => forecast.first_gap(chance).saturating_sub(age),
            Cadence::Growing(growing) => growing.wait_before(0, chance),
        }
    }

    /// From a query at this age to the next, whose number is given.
    pub(super) fn next(
        &self,
        forecast: &Forecast,
        age: Duration,
        query: u32,
        chance: f64,
    ) -> Duration {
        match self {
            Cadence::Learned => forecast.next_gap(age, chance),
            Cadence::Growing(growing) => growing.wait_before(query, chance),
        }
    }
}

impl Growing {
    fn fault(&self) -> Option<&'static str> {
        if self.initial.is_zero() || self.max_interval.is_zero() {
            Some("the waits between two queries must be longer than nothing")
        } else if !(self.factor >= 1.0 && self.factor.is_finite()) {
            Some("the factor between two waits must be a number of at least 1")
        } else if !(0.0..=1.0).contains(&self.jitter) {
            Some("the jitter must be between 0 and 1")
        } else {
            None
        }
    }

    /// The wait before a query, numbered from 0; `chance` is between 0 and 1.
    fn wait_before(&self, query: u32, chance: f64) -> Duration {
        let grown = self.initial.as_secs_f64() * self.factor.powf(f64::from(query));
        let wait = grown.min(self.max_interval.min(LONGEST).as_secs_f64());
        // Jitter only shortens, so that no wait exceeds the longest.
        Duration::from_secs_f64(wait * (1.0 - self.jitter * chance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROWING: Growing = Growing {
        initial: Duration::from_secs(4),
        factor: 2.0,
        max_interval: Duration::from_secs(15),
        jitter: 0.5,
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
            let wait = |chance| GROWING.wait_before(query, chance).as_secs_f64();
            assert_eq!((wait(1.0), wait(0.0)), (shortest, longest), "query {query}");
        }
    }

    #[test]
    fn the_first_wait_is_no_longer_than_any() {
        let growing = Growing {
            initial: Duration::from_secs(60),
            ..GROWING
        };
        assert_eq!(growing.wait_before(0, 0.0), GROWING.max_interval);
    }

    #[test]
    fn no_schedule_overflows() {
        let growing = Growing {
            initial: Duration::MAX,
            max_interval: Duration::MAX,
            ..GROWING
        };
        assert_eq!(growing.wait_before(u32::MAX, 0.0), LONGEST);
    }

    #[test]
    fn a_watch_that_begins_late_does_not_wait_for_what_is_past() {
        let forecast = Forecast::from_logs(200_f64.ln(), 0.4);
        let first = |age| Cadence::Learned.first(&forecast, Duration::from_secs(age), 0.5);
        assert_eq!(first(20), first(0).saturating_sub(Duration::from_secs(20)));
        assert_eq!(first(300), Duration::ZERO);
    }
}
