//! Wall-clock time behind a trait, so that tests can control it. Waiting uses
//! `tokio::time` directly.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A wall clock.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> SystemTime;
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    // The only place that reads the system clock.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that moves with tokio's: on a paused runtime it moves only when the
/// runtime advances time.
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    epoch: SystemTime,
    origin: Instant,
}

impl TokioClock {
    /// A clock that shows `epoch` at this moment.
    pub fn starting_at(epoch: SystemTime) -> Self {
        TokioClock {
            epoch,
            origin: Instant::now(),
        }
    }
}

impl Default for TokioClock {
    /// A clock that shows the Unix epoch at this moment.
    fn default() -> Self {
        TokioClock::starting_at(UNIX_EPOCH)
    }
}

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        self.epoch + self.origin.elapsed()
    }
}
