//! How old a task is, and how far that brings it.

use std::time::Duration;

use kling_types::UnixMillis;
use tokio::time::Instant;

use super::forecast::Forecast;

/// How long the service keeps a result (*documented*).
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The age of a task, counted on from when it was known; the time since the
/// handle was made, where it is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age {
    then: Instant,
    was: Duration,
}

impl Age {
    /// Of a task that was created just now.
    pub(super) fn newborn() -> Self {
        Age {
            then: Instant::now(),
            was: Duration::ZERO,
        }
    }

    /// Of a task that comes from elsewhere; `created` if that is known.
    pub(super) fn since(created: Option<UnixMillis>, now: UnixMillis) -> Self {
        Age {
            then: Instant::now(),
            // Clocks may differ: what is yet to be created is new. What is older than
            // any result was created when nobody knows; some say 0 for that.
            was: created
                .map(|created| now.saturating_since(created))
                .filter(|age| *age <= KEPT)
                .unwrap_or_default(),
        }
    }

    /// Takes in what the service tells of it. An age never falls: clocks differ.
    pub(super) fn learn(&mut self, told: Age) {
        if told.now() > self.now() {
            *self = told;
        }
    }

    /// From when on the age is counted.
    pub(super) fn begin(&self) -> Instant {
        self.then
    }

    pub(super) fn now(&self) -> Duration {
        self.was + self.then.elapsed()
    }
}

/// How far a task seems to be. An estimate: the service tells nothing of it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Since the task was created, as far as that is known.
    pub elapsed: Duration,
    /// From its creation to its end, as the client expects it by now: the run
    /// times of this scene that it has seen, and that the task has not ended.
    /// It grows as the task goes on.
    pub expected: Duration,
    /// Elapsed by expected. Never falls, and is below 1 until the task has
    /// ended; then it is 1.
    pub fraction: f64,
}

/// What a progress is told from. The forecast is that of the watch's beginning:
/// a new one could make a bar go back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) age: Age,
    pub(super) forecast: Forecast,
}

impl Timing {
    pub(super) fn progress(&self) -> Progress {
        let elapsed = self.age.now();
        let expected = self.forecast.expected(elapsed);
        Progress {
            elapsed,
            expected,
            fraction: elapsed.as_secs_f64() / expected.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(created: i64) -> Age {
        Age::since(Some(UnixMillis::new(created)), UnixMillis::new(60_000))
    }

    /// The service's clock may be ahead of ours.
    #[tokio::test(start_paused = true)]
    async fn an_age_never_falls() {
        let mut age = since(20_000);
        age.learn(since(50_000));
        assert_eq!(age.now(), Duration::from_secs(40));
        age.learn(since(10_000));
        assert_eq!(age.now(), Duration::from_secs(50));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(age.now(), Duration::from_secs(55));
    }
}
