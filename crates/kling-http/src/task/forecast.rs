//! Forecasts when a task will end, and computes the best times for queries.
//!
//! Run times are modelled as log-logistic: close to the log-normal distribution that
//! they resemble, with a longer tail, and in closed form. With the median `m` and the
//! shape `b`, the CDF at the age `t` is `1 / (1 + (t/m)^-b)`, and the hazard rate is
//! `(b/t) / (1 + (t/m)^-b)`.
//!
//! Both queries and late results have a cost. If a query costs as much as `c` seconds
//! of lateness, a gap `d` costs `c/d` for the queries and `rate * d/2` for the
//! lateness, per second. The best gap is therefore `sqrt(2c/rate)`: few queries before
//! a task can have ended, most where the end is likely, fewer again in the tail. `c`
//! is chosen such that the mean lateness is [`LATENESS`].

use std::time::Duration;

use crate::pipeline::LONGEST;

/// The target for the mean lateness, in seconds. By simulation, it keeps the true mean
/// under 5 s even if the forecast is off.
const LATENESS: f64 = 4.83;

/// The limit on lateness for short tasks, as a share of their run time.
const LATENESS_SHARE: f64 = 0.1;

/// The length of the first gap, in gaps: at least `FIRST`, and more for a flat forecast
/// (`FIRST_BY_SHAPE / shape`), whose early queries seldom find anything. Both were found
/// by simulation.
const FIRST: f64 = 1.4;
const FIRST_BY_SHAPE: f64 = 6.2;

/// The random part of a gap, so that clients do not stay in step.
const JITTER: f64 = 0.05;

/// The limits of a gap in seconds, whatever was observed.
const SHORTEST: f64 = 1.0;
pub(super) const LONGEST_GAP: f64 = 180.0;

/// The number of integration steps per median.
const STEPS: f64 = 200.0;

/// A distribution of run times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Forecast {
    /// Seconds.
    median: f64,
    shape: f64,
}

impl Forecast {
    /// From the mean and the spread (standard deviation) of the logarithms.
    pub(super) fn from_logs(mean: f64, spread: f64) -> Self {
        // The logistic distribution of this shape has just this spread.
        let shape = std::f64::consts::PI / (3.0_f64.sqrt() * spread);
        Forecast {
            median: mean.exp(),
            // Flatter ones have no mean; steeper ones no time left, in 64 bits.
            shape: shape.clamp(1.5, 50.0),
        }
    }

    /// The median age at the end, for tasks of this age that are still running.
    pub(super) fn expected(&self, age: Duration) -> Duration {
        let age = age.as_secs_f64();
        let expected = if age < self.median {
            let odds = (age / self.median).powf(self.shape);
            self.median * (1.0 + 2.0 * odds).powf(1.0 / self.shape)
        } else {
            let odds = (age / self.median).powf(-self.shape);
            age * (odds + 2.0).powf(1.0 / self.shape)
        };
        Duration::from_secs_f64(expected.min(LONGEST.as_secs_f64() * 4.0))
    }

    /// The wait from creation to the first query; `chance` is between 0 and 1.
    pub(super) fn first_gap(&self, chance: f64) -> Duration {
        let gaps = FIRST.max(FIRST_BY_SHAPE / self.shape);
        self.gap(Duration::ZERO, gaps, chance)
    }

    /// The wait from a query at this age to the next one.
    pub(super) fn next_gap(&self, age: Duration, chance: f64) -> Duration {
        self.gap(age, 1.0, chance)
    }

    /// The time from `age` that corresponds to this many gaps.
    fn gap(&self, age: Duration, gaps: f64, chance: f64) -> Duration {
        let wanted = gaps + JITTER * (2.0 * chance - 1.0);
        let begin = age.as_secs_f64();
        let density = self.density();
        let (mut at, mut sum) = (begin, 0.0);
        while at - begin < LONGEST_GAP {
            let step = at.max(self.median) / STEPS;
            let part = density * self.rate(at + step / 2.0).sqrt() * step;
            if sum + part >= wanted {
                at += step * (wanted - sum) / part;
                break;
            }
            sum += part;
            at += step;
        }
        Duration::from_secs_f64((at - begin).clamp(SHORTEST, LONGEST_GAP))
    }

    /// The hazard rate at this age, per second.
    fn rate(&self, age: f64) -> f64 {
        self.shape / age / (1.0 + (age / self.median).powf(-self.shape))
    }

    /// Queries per second are this factor times the square root of the rate, so that
    /// the mean of half a gap, weighted by when tasks end, is the target lateness.
    fn density(&self) -> f64 {
        const PARTS: u32 = 128;
        let lateness = LATENESS.min(self.median * LATENESS_SHARE);
        let sum: f64 = (0..PARTS)
            .map(|part| {
                let done = (f64::from(part) + 0.5) / f64::from(PARTS);
                let age = self.median * (done / (1.0 - done)).powf(1.0 / self.shape);
                (age / (self.shape * done)).sqrt()
            })
            .sum();
        sum / f64::from(PARTS) / (2.0 * lateness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn typical() -> Forecast {
        Forecast::from_logs(200_f64.ln(), 0.4)
    }

    #[test]
    fn the_first_query_is_late_and_the_densest_are_about_the_median() {
        let first = typical().first_gap(0.5);
        assert!((70.0..110.0).contains(&first.as_secs_f64()), "{first:?}");
        let gap = |age| typical().next_gap(seconds(age), 0.5).as_secs_f64();
        assert!(gap(100.0) > 1.3 * gap(200.0));
        assert!(gap(200.0) > 7.0 && gap(200.0) < 12.0, "{}", gap(200.0));
        assert!(gap(2000.0) > 2.0 * gap(250.0));
    }

    /// Without a good forecast, early queries are not worth their cost.
    #[test]
    fn the_flatter_the_forecast_the_more_the_first_gap_is_worth() {
        let gaps = |spread| {
            let forecast = Forecast::from_logs(200_f64.ln(), spread);
            let first = forecast.first_gap(0.5);
            first.as_secs_f64() / forecast.gap(Duration::ZERO, FIRST, 0.5).as_secs_f64()
        };
        assert!((gaps(0.3) - 1.0).abs() < 1e-9);
        assert!(gaps(0.7) > 1.2);
    }

    #[test]
    fn any_experience_gives_gaps_within_bounds() {
        for mean in [-20.0, 0.0, 3.0, 5.0, 8.0, 12.0, 30.0] {
            for spread in [1e-9, 0.01, 0.4, 1.0, 10.0, 1e9] {
                let forecast = Forecast::from_logs(mean, spread);
                for age in [0.0, 1e-3, 1.0, 100.0, 1e5, 3e7] {
                    for chance in [0.0, 1.0] {
                        let gap = forecast.next_gap(seconds(age), chance).as_secs_f64();
                        assert!(
                            (SHORTEST..=LONGEST_GAP).contains(&gap),
                            "{forecast:?} at {age}: {gap}"
                        );
                    }
                    let expected = forecast.expected(seconds(age));
                    assert!(
                        expected > seconds(age),
                        "{forecast:?} at {age}: {expected:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_runs_on_is_expected_later_and_later() {
        let forecast = typical();
        assert_eq!(forecast.expected(Duration::ZERO), seconds(200.0));
        let mut last = Duration::ZERO;
        for age in (0..100_000).step_by(7) {
            let expected = forecast.expected(Duration::from_secs(age));
            assert!(expected >= last && expected > Duration::from_secs(age));
            last = expected;
        }
    }

    #[test]
    fn clients_fall_out_of_step() {
        let gap = |chance| typical().next_gap(seconds(200.0), chance);
        assert!(gap(0.0) < gap(0.5) && gap(0.5) < gap(1.0));
    }
}
