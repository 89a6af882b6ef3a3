//! Methods that read and move the clock.

use std::time::Duration;

use kling_types::UnixMillis;

use super::Mock;
use crate::clock::{ClockError, ClockMove, ManualClock, Pace};

impl Mock {
    /// The service's current time.
    pub fn now(&self) -> UnixMillis {
        self.0.clock.now().into()
    }

    /// The speed of the clock relative to real time; `None` for a manual clock.
    pub fn clock_speed(&self) -> Option<f64> {
        match self.0.pace {
            Pace::Manual(_) => None,
            Pace::Running(speed) => Some(speed),
        }
    }

    /// The time of the next event that happens by itself: a callback falls due, or
    /// a task changes. `None` if there is none. The first call examines every task;
    /// later calls examine only those that are new or were changed.
    pub fn next_event(&self) -> Option<UnixMillis> {
        self.0.engine.next_event(self.now())
    }

    /// Moves a [`ManualClock`] forward, and before it returns, delivers the
    /// callbacks that fall due on the way, in order and each at its time. They are
    /// sent through the transport of
    /// [`MockBuilder::callbacks_through`](super::MockBuilder::callbacks_through) or
    /// of [`Mock::run_callbacks`]; without either they wait.
    ///
    /// A receiver may send any request to the service, but must not move the clock:
    /// it would deadlock, waiting for itself.
    ///
    /// ```
    /// use std::time::Duration;
    /// use kling_http::{EffectRequest, ImageSource, Scene};
    /// use kling_mock::{ManualClock, Mock, Plan};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let plan = Plan::after(Duration::from_secs(10), Duration::from_secs(300));
    /// let mock = Mock::builder().clock(ManualClock::new()).plan(plan).build();
    /// let image = ImageSource::url("https://example.com/me.jpg");
    /// let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    /// let task = mock.client()?.effects().create(request).await?;
    /// mock.advance(Duration::from_secs(310)).await?;
    /// assert!(task.wait().await?.videos()[0].url.is_some()); // by its first query
    /// # Ok(())
    /// # }
    /// ```
    pub async fn advance(&self, by: Duration) -> Result<ClockMove, ClockError> {
        let clock = self.manual_clock()?;
        let _lock = self.0.delivery_lock.lock().await;
        self.move_clock(clock, clock.time().saturating_add(by))
            .await
    }

    /// Moves the clock to this time, which must not be before its current time.
    pub async fn set_time(&self, time: UnixMillis) -> Result<ClockMove, ClockError> {
        let clock = self.manual_clock()?;
        let _lock = self.0.delivery_lock.lock().await;
        self.move_clock(clock, time).await
    }

    /// Moves the clock to the next event; not at all if there is none.
    pub async fn advance_to_next(&self) -> Result<ClockMove, ClockError> {
        let clock = self.manual_clock()?;
        let _lock = self.0.delivery_lock.lock().await;
        let now = clock.time();
        let next = self.next_event().unwrap_or(now);
        self.move_clock(clock, next.max(now)).await
    }

    /// Moves the clock forward until no event is left, but by at most `limit`; in
    /// that case the result says that it is not idle.
    pub async fn run_until_idle(&self, limit: Duration) -> Result<ClockMove, ClockError> {
        let clock = self.manual_clock()?;
        let _lock = self.0.delivery_lock.lock().await;
        let from = clock.time();
        let end = from.saturating_add(limit);
        let mut callbacks = 0;
        loop {
            let now = clock.time();
            let engine = &self.0.engine;
            // What nobody can deliver is not waited for.
            let delivers = self.callback_transport().is_some();
            let due = engine.next_callback().filter(|due| delivers || *due > now);
            let Some(last) = engine
                .scheduled_changes(now)
                .map(|(_, last)| last)
                .into_iter()
                .chain(due)
                .max()
            else {
                break;
            };
            let step = self.move_clock(clock, last.min(end).max(now)).await?;
            callbacks += step.callbacks;
            if last >= end {
                break;
            }
        }
        let arrived = self.move_clock(clock, clock.time()).await?;
        Ok(ClockMove {
            from,
            callbacks: callbacks + arrived.callbacks,
            ..arrived
        })
    }

    /// On a manual clock, delivers the callbacks that are due now.
    ///
    /// The holder of the lock does this already. A receiver that is called by it,
    /// and waited for the lock, would wait for itself.
    pub(crate) async fn settle(&self) {
        let transport = self.callback_transport().clone();
        if let (Pace::Manual(_), Some(transport)) = (&self.0.pace, transport)
            && let Ok(_lock) = self.0.delivery_lock.try_lock()
        {
            self.deliver_due(&transport).await;
        }
    }

    fn manual_clock(&self) -> Result<&ManualClock, ClockError> {
        match &self.0.pace {
            Pace::Manual(clock) => Ok(clock),
            Pace::Running(_) => Err(ClockError::NotManual),
        }
    }

    /// Moves the clock from callback to callback; for the holder of the lock.
    async fn move_clock(
        &self,
        clock: &ManualClock,
        target: UnixMillis,
    ) -> Result<ClockMove, ClockError> {
        let from = clock.time();
        clock.check(target)?;
        let mut callbacks = 0;
        let transport = self.callback_transport().clone();
        if let Some(transport) = transport {
            loop {
                callbacks += self.deliver_due(&transport).await;
                let now = clock.time();
                let next = self.0.engine.next_callback();
                let Some(next) = next.filter(|next| now < *next && *next <= target) else {
                    break;
                };
                clock.set(next)?;
            }
        }
        clock.set(target)?;
        self.0.queue_changed.notify_one();
        Ok(ClockMove {
            from,
            now: target,
            callbacks,
            idle: self.0.engine.next_event(target).is_none(),
        })
    }
}
