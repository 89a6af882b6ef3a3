//! The polling policy: how often to query, for how long, and how many failures in a
//! row are tolerated.

use std::time::Duration;

use super::forecast::Forecast;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::LONGEST;

/// The polling policy of a watch. A wait always ends: when the task ends, or after
/// `max_wait`. A last query is made exactly then, with the timeout of one attempt
/// ([`Timeouts::attempt`](crate::Timeouts::attempt)).
///
/// ```
/// use std::time::Duration;
/// use kling_http::{PollPolicy, PollSchedule};
///
/// let patient = PollPolicy { max_wait: Duration::from_secs(3600), ..PollPolicy::default() };
/// assert_eq!(patient.schedule, PollSchedule::Adaptive);
/// let steady = PollPolicy::every(Duration::from_secs(5));
/// assert_eq!(steady.max_wait, PollPolicy::default().max_wait);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PollPolicy {
    /// When to query.
    pub schedule: PollSchedule,
    /// The deadline of a watch; at most a year.
    pub max_wait: Duration,
    /// How many queries may fail in a row; one more ends the watch.
    pub max_failures: u32,
}

/// When a task is queried.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PollSchedule {
    /// From the run times of the scene that the client and its clones have
    /// observed: the first query comes when the task may have ended, further ones
    /// as often as it takes to notice the end within 5 s on average (for short
    /// tasks, within a tenth of the run time). The gaps are between 1 s and 3 min.
    ///
    /// The first task of a scene is assumed to take three minutes, give or take a
    /// factor of two (*inferred*: clients of the effects API expect averages of 30
    /// to 320 s). Set a backoff for a service that is much faster, such as a mock.
    Adaptive,
    /// With waits that are set in advance, whatever was observed.
    Backoff(Backoff),
}

/// Exponential backoff between queries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The wait from the start of the watch to the first query.
    pub initial: Duration,
    /// The factor by which each wait is longer than the one before; at least 1.
    pub factor: f64,
    /// The longest wait between two queries.
    pub max_interval: Duration,
    /// The share of each wait that is random (jitter), from 0 to 1, so that clients
    /// do not stay in step.
    pub jitter: f64,
}

impl Default for PollPolicy {
    /// The adaptive schedule, a deadline of 30 minutes, ten failures in a row.
    fn default() -> Self {
        PollPolicy {
            schedule: PollSchedule::Adaptive,
            max_wait: Duration::from_secs(30 * 60),
            max_failures: 10,
        }
    }
}

impl PollPolicy {
    /// A query after each such interval, without jitter; otherwise the defaults.
    pub fn every(interval: Duration) -> Self {
        PollPolicy {
            schedule: PollSchedule::Backoff(Backoff {
                initial: interval,
                factor: 1.0,
                max_interval: interval,
                jitter: 0.0,
            }),
            ..PollPolicy::default()
        }
    }

    /// Exponential backoff, for a host whose run times are unknown, such as a fake
    /// service: the first query after 1 s, then at intervals that grow by a factor of
    /// 1.3 up to 15 s, with 10 % jitter; otherwise the defaults.
    pub fn exponential() -> Self {
        PollPolicy {
            schedule: PollSchedule::Backoff(Backoff {
                initial: Duration::from_secs(1),
                factor: 1.3,
                max_interval: Duration::from_secs(15),
                jitter: 0.1,
            }),
            ..PollPolicy::default()
        }
    }

    /// Rejects a policy that would query without a pause or never end.
    pub(crate) fn check(&self) -> Result<()> {
        let fault = match &self.schedule {
            PollSchedule::Adaptive => None,
            PollSchedule::Backoff(backoff) => backoff.fault(),
        };
        let text = match fault {
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

impl PollSchedule {
    /// The wait at the start of a watch until the first query, for a task of this age.
    pub(super) fn first(&self, forecast: &Forecast, age: Duration, chance: f64) -> Duration {
        match self {
            PollSchedule::Adaptive => forecast.first_gap(chance).saturating_sub(age),
            PollSchedule::Backoff(backoff) => backoff.wait_before(0, chance),
        }
    }

    /// The wait from a query at this age until the next, which has this number.
    pub(super) fn next(
        &self,
        forecast: &Forecast,
        age: Duration,
        query: u32,
        chance: f64,
    ) -> Duration {
        match self {
            PollSchedule::Adaptive => forecast.next_gap(age, chance),
            PollSchedule::Backoff(backoff) => backoff.wait_before(query, chance),
        }
    }
}

impl Backoff {
    fn fault(&self) -> Option<&'static str> {
        if self.initial.is_zero() || self.max_interval.is_zero() {
            Some("the waits between two queries must be longer than zero")
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

    const BACKOFF: Backoff = Backoff {
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
            let wait = |chance| BACKOFF.wait_before(query, chance).as_secs_f64();
            assert_eq!((wait(1.0), wait(0.0)), (shortest, longest), "query {query}");
        }
    }

    #[test]
    fn the_first_wait_is_no_longer_than_any() {
        let backoff = Backoff {
            initial: Duration::from_secs(60),
            ..BACKOFF
        };
        assert_eq!(backoff.wait_before(0, 0.0), BACKOFF.max_interval);
    }

    #[test]
    fn no_schedule_overflows() {
        let backoff = Backoff {
            initial: Duration::MAX,
            max_interval: Duration::MAX,
            ..BACKOFF
        };
        assert_eq!(backoff.wait_before(u32::MAX, 0.0), LONGEST);
    }

    #[test]
    fn a_watch_that_begins_late_does_not_wait_for_what_is_past() {
        let forecast = Forecast::from_logs(200_f64.ln(), 0.4);
        let first = |age| PollSchedule::Adaptive.first(&forecast, Duration::from_secs(age), 0.5);
        assert_eq!(first(20), first(0).saturating_sub(Duration::from_secs(20)));
        assert_eq!(first(300), Duration::ZERO);
    }
}
