//! A task's age and progress.

use std::time::Duration;

use kling_types::UnixMillis;
use tokio::time::Instant;

use super::forecast::Forecast;

/// How long the service keeps a result (*documented*).
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The age of a task: from its creation, if that is known, or else from the creation of
/// the handle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age {
    then: Instant,
    was: Duration,
}

impl Age {
    /// The age of a task that was created just now.
    pub(super) fn newborn() -> Self {
        Age {
            then: Instant::now(),
            was: Duration::ZERO,
        }
    }

    /// The age of an existing task, given its creation time if that is known.
    pub(super) fn since(created: Option<UnixMillis>, now: UnixMillis) -> Self {
        Age {
            then: Instant::now(),
            // Clocks differ, so a creation time in the future means a new task. One
            // further back than results are kept is unknown; some hosts send 0.
            was: created
                .map(|created| now.saturating_since(created))
                .filter(|age| *age <= KEPT)
                .unwrap_or_default(),
        }
    }

    /// Corrects the age from what the service reports. An age never decreases:
    /// clocks differ.
    pub(super) fn learn(&mut self, told: Age) {
        if told.now() > self.now() {
            *self = told;
        }
    }

    /// The instant from which the age is counted.
    pub(super) fn begin(&self) -> Instant {
        self.then
    }

    pub(super) fn now(&self) -> Duration {
        self.was + self.then.elapsed()
    }
}

/// The progress of a task. It is an estimate: the service does not report any.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Time since the task was created, as far as that is known.
    pub elapsed: Duration,
    /// The estimated time from creation to end, given the run times of this scene
    /// that the client has observed, and that the task has not ended yet. It grows
    /// as the task runs.
    pub expected: Duration,
    /// `elapsed` divided by `expected`. It never decreases, and stays below 1 until
    /// the task has ended.
    pub fraction: f64,
}

/// The basis of progress. The forecast is that of the start of the watch: a new one
/// could make the progress go back.
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
