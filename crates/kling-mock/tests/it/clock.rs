//! A clock that stands still until it is moved, of the tests' own: any `Clock`
//! will do for a mock, also one of which it knows nothing but the time, and that
//! begins elsewhere than where the mock's own do. What only the library's
//! `ManualClock` can is in `travel`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kling_http::Clock;

/// 2026-09-20T00:00:00Z.
pub(crate) const START: u64 = 1_789_862_400_000;

#[derive(Debug, Clone)]
pub(crate) struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    pub(crate) fn new() -> Self {
        ManualClock(Arc::new(AtomicU64::new(START)))
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}
