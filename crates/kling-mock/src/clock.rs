//! Clocks other than tokio's: a manual one, and one that runs faster than real time.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kling_http::{Clock, SystemClock, TokioClock};
use kling_types::UnixMillis;
use serde::Serialize;
use tokio::time::Instant;

/// 2026-01-01T00:00:00Z: where a mock's clock starts, so that runs are
/// reproducible.
pub(crate) const EPOCH: UnixMillis = UnixMillis::new(1_767_225_600_000);

/// 9999-12-31T23:59:59.999Z: the last time with a four-digit year. Later times could
/// not be formatted, and arithmetic might overflow.
pub(crate) const LATEST: UnixMillis = UnixMillis::new(253_402_300_799_999);

/// A clock that moves only when it is told to, and only forward.
///
/// Clones share the same clock. If it belongs to a mock, move it with
/// [`Mock::advance`](crate::Mock::advance) and its siblings, which also deliver the
/// callbacks that fall due on the way.
///
/// ```
/// use std::time::Duration;
/// use kling_mock::{ManualClock, Mock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), kling_mock::ClockError> {
/// let mock = Mock::builder().clock(ManualClock::new()).build();
/// assert_eq!(mock.now().get(), 1_767_225_600_000); // 2026-01-01T00:00:00Z
/// mock.advance(Duration::from_secs(90)).await?;
/// assert_eq!(mock.now().get(), 1_767_225_690_000);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        ManualClock(Arc::new(AtomicI64::new(EPOCH.get())))
    }

    /// The current time.
    pub fn time(&self) -> UnixMillis {
        UnixMillis::new(self.0.load(Ordering::SeqCst))
    }

    /// Moves it forward and returns the new time. Fractions of a millisecond are
    /// dropped.
    pub fn advance(&self, by: Duration) -> Result<UnixMillis, ClockError> {
        self.change(|now| Ok(now.saturating_add(by)))
    }

    /// Moves it to this time, which must not lie before what it shows.
    pub fn set(&self, time: UnixMillis) -> Result<(), ClockError> {
        self.change(|now| {
            if time < now {
                return Err(ClockError::Backwards { now, time });
            }
            Ok(time)
        })
        .map(drop)
    }

    /// Checks that it can be moved to this time.
    pub(crate) fn check(&self, time: UnixMillis) -> Result<(), ClockError> {
        match self.time() {
            now if time < now => Err(ClockError::Backwards { now, time }),
            _ if time > LATEST => Err(ClockError::TooFar),
            _ => Ok(()),
        }
    }

    fn change(
        &self,
        to: impl Fn(UnixMillis) -> Result<UnixMillis, ClockError>,
    ) -> Result<UnixMillis, ClockError> {
        let mut now = self.time();
        loop {
            let next = to(now)?;
            if next > LATEST {
                return Err(ClockError::TooFar);
            }
            let swapped =
                self.0
                    .compare_exchange(now.get(), next.get(), Ordering::SeqCst, Ordering::SeqCst);
            match swapped {
                Ok(_) => return Ok(next),
                Err(other) => now = UnixMillis::new(other),
            }
        }
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        ManualClock::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(self.time().get()).unwrap_or_default();
        UNIX_EPOCH + Duration::from_millis(millis)
    }
}

/// A clock that runs by itself, at a multiple of real time: at 60, a minute
/// passes in a second.
///
/// It follows monotonic time, so it never goes back, whatever happens to the
/// machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct ScaledClock {
    epoch: SystemTime,
    origin: Instant,
    speed: f64,
}

impl ScaledClock {
    /// A clock that shows `epoch` now. The speed is above 0 and at most 1,000,000.
    pub fn starting_at(epoch: SystemTime, speed: f64) -> Result<Self, ClockError> {
        if !(speed > 0.0 && speed <= 1_000_000.0) {
            return Err(ClockError::Speed);
        }
        Ok(ScaledClock {
            epoch,
            origin: Instant::now(),
            speed,
        })
    }

    /// The speed relative to real time.
    pub fn speed(&self) -> f64 {
        self.speed
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> SystemTime {
        let passed = self.origin.elapsed().as_secs_f64() * self.speed;
        // A million times a hundred years is still a time: neither is ever too much.
        let passed = Duration::try_from_secs_f64(passed).unwrap_or_default();
        self.epoch.checked_add(passed).unwrap_or(self.epoch)
    }
}

/// The default clock of a mock: tokio's time starting at 2026-01-01, so that runs
/// are reproducible, until the mock is reached from outside. Its clients compare
/// its time with the machine's clock, so it jumps to the present then.
#[derive(Debug)]
pub(crate) struct DefaultClock {
    inside: TokioClock,
    outside: OnceLock<TokioClock>,
}

impl DefaultClock {
    pub(crate) fn new() -> Self {
        DefaultClock {
            inside: TokioClock::starting_at(ManualClock::new().now()),
            outside: OnceLock::new(),
        }
    }

    /// Jumps to the present; only once.
    pub(crate) fn go_outside(&self) {
        let present = || TokioClock::starting_at(SystemClock.now());
        self.outside.get_or_init(present);
    }
}

impl Clock for DefaultClock {
    fn now(&self) -> SystemTime {
        self.outside.get().unwrap_or(&self.inside).now()
    }
}

/// Why a clock was not moved or could not be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockError {
    /// The mock's clock runs by itself.
    NotManual,
    /// The time is before the clock's current time.
    Backwards {
        /// The current time.
        now: UnixMillis,
        /// The time it was to be moved to.
        time: UnixMillis,
    },
    /// The time is beyond the year 9999.
    TooFar,
    /// The speed is not above 0 and at most 1,000,000.
    Speed,
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockError::NotManual => {
                f.write_str("this clock runs by itself and can't be moved: use a manual clock")
            }
            ClockError::Backwards { now, time } => write!(
                f,
                "a clock can't go back: {time} ms is before the current time, {now} ms"
            ),
            ClockError::TooFar => f.write_str("a clock can't go beyond the year 9999"),
            ClockError::Speed => {
                f.write_str("the speed of a clock must be above 0 and at most 1000000")
            }
        }
    }
}

impl std::error::Error for ClockError {}

/// The result of moving a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ClockMove {
    /// The time before, in Unix milliseconds.
    pub from: UnixMillis,
    /// The time after, in Unix milliseconds.
    pub now: UnixMillis,
    /// How many callbacks were delivered on the way, including failed ones.
    pub callbacks: usize,
    /// Whether no event is left: no callback, and no change of a task other than by
    /// a query.
    pub idle: bool,
}

/// How a mock's clock advances.
#[derive(Debug, Clone)]
pub(crate) enum Pace {
    /// Only when it is moved.
    Manual(ManualClock),
    /// By itself, at this multiple of real time.
    Running(f64),
}

impl Pace {
    pub(crate) fn of(clock: &impl Clock) -> Self {
        let clock: &dyn std::any::Any = clock;
        if let Some(manual) = clock.downcast_ref::<ManualClock>() {
            return Pace::Manual(manual.clone());
        }
        let scaled = clock.downcast_ref::<ScaledClock>();
        Pace::Running(scaled.map_or(1.0, ScaledClock::speed))
    }

    /// The real time until this much has passed; `None` for a manual clock.
    pub(crate) fn real(&self, wait: Duration) -> Option<Duration> {
        match self {
            Pace::Manual(_) => None,
            Pace::Running(speed) => {
                let seconds = wait.as_secs_f64() / speed;
                // Never before it is time.
                let real = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
                Some(real.saturating_add(Duration::from_millis(1)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_forward_only_and_no_further_than_it_can_be_written() {
        let clock = ManualClock::new();
        assert_eq!(clock.time(), EPOCH);
        let later = clock.advance(Duration::from_micros(1_999)).unwrap();
        assert_eq!(later, UnixMillis::new(EPOCH.get() + 1));
        let error = clock.set(EPOCH).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a clock can't go back: 1767225600000 ms is before the current time, 1767225600001 ms"
        );
        assert_eq!(clock.set(later), Ok(()));
        for by in [Duration::MAX, Duration::from_secs(253_402_300_800)] {
            assert_eq!(clock.advance(by), Err(ClockError::TooFar));
        }
        assert_eq!(clock.set(LATEST), Ok(()));
        assert_eq!(UnixMillis::from(clock.now()), LATEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_in_a_second() {
        let epoch = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let clock = ScaledClock::starting_at(epoch, 60.0).unwrap();
        assert_eq!(UnixMillis::from(clock.now()), EPOCH);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), epoch + Duration::from_secs(60));
        // Even at this speed nothing is lost by rounding.
        let slow = ScaledClock::starting_at(epoch, 0.5).unwrap();
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(slow.now(), epoch + Duration::from_millis(1_500));
    }

    #[test]
    fn speeds_that_are_none() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1_000_000.5] {
            let error = ScaledClock::starting_at(UNIX_EPOCH, speed).unwrap_err();
            assert_eq!(error, ClockError::Speed, "{speed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_as_much_shorter_as_the_clock_is_faster() {
        let scaled = ScaledClock::starting_at(UNIX_EPOCH, 60.0).unwrap();
        let real = Pace::of(&scaled).real(Duration::from_secs(60));
        assert_eq!(real, Some(Duration::from_millis(1_001)));
        let real = Pace::of(&SystemClock).real(Duration::ZERO);
        assert_eq!(real, Some(Duration::from_millis(1)));
        assert_eq!(Pace::of(&ManualClock::new()).real(Duration::ZERO), None);
        assert_eq!(Pace::Running(1e-9).real(Duration::MAX), Some(Duration::MAX));
    }
}
