//! Methods that read and move the clock.

use std::time::Duration;

use kling_types::UnixMillis;

use super::Mock;
use crate::clock::{ClockError, ClockMove, ManualClock, Pace};

impl Mock {
    /// What time it is for the service.
    pub fn now(&self) -> UnixMillis {
        self.0.clock.now().into()
    }

    /// How much faster than real time its clock runs; `None` if that is moved by
    /// hand.
    pub fn clock_speed(&self) -> Option<f64> {
        match self.0.pace {
            Pace::Manual(_) => None,
            Pace::Running(speed) => Some(speed),
        }
    }

    /// When something happens next by itself: a callback falls due, or a task
    /// changes. `None` if nothing will. Looks at every task once; after that, only
    /// at those that are new or that were moved.
    pub fn next_event(&self) -> Option<UnixMillis> {
        self.0.engine.next_event(self.now())
    }

    /// Moves a [`ManualClock`] on, and delivers the callbacks that fall due on
    /// the way, each at its time and in their order, before it returns. They go
    /// through the transport of
    /// [`MockBuilder::callbacks_through`](super::MockBuilder::callbacks_through)
    /// or of [`Mock::run_callbacks`]; without either they wait.
    ///
    /// A receiver may ask the service whatever it likes, but must not move the
    /// clock: that would wait for its own end.
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
        let _turn = self.0.errands.lock().await;
        self.travel(clock, clock.time().saturating_add(by)).await
    }

    /// Moves it to this time, which must not lie before what it shows.
    pub async fn set_time(&self, time: UnixMillis) -> Result<ClockMove, ClockError> {
        let clock = self.manual_clock()?;
        let _turn = self.0.errands.lock().await;
        self.travel(clock, time).await
    }

    /// Moves it to when something happens next; nowhere, if nothing will.
    pub async fn advance_to_next(&self) -> Result<ClockMove, ClockError> {
        let clock = self.manual_clock()?;
        let _turn = self.0.errands.lock().await;
        let now = clock.time();
        let next = self.next_event().unwrap_or(now);
        self.travel(clock, next.max(now)).await
    }

    /// Moves it on until nothing will happen by itself any more, or by this much
    /// at most: then the answer says that it is not idle.
    pub async fn run_until_idle(&self, limit: Duration) -> Result<ClockMove, ClockError> {
        let clock = self.manual_clock()?;
        let _turn = self.0.errands.lock().await;
        let from = clock.time();
        let end = from.saturating_add(limit);
        let mut callbacks = 0;
        loop {
            let now = clock.time();
            let engine = &self.0.engine;
            // What nobody can deliver is not waited for.
            let delivers = self.post().is_some();
            let due = engine.next_callback().filter(|due| delivers || *due > now);
            let Some(last) = engine
                .changes_ahead(now)
                .map(|(_, last)| last)
                .into_iter()
                .chain(due)
                .max()
            else {
                break;
            };
            let step = self.travel(clock, last.min(end).max(now)).await?;
            callbacks += step.callbacks;
            if last >= end {
                break;
            }
        }
        let arrived = self.travel(clock, clock.time()).await?;
        Ok(ClockMove {
            from,
            callbacks: callbacks + arrived.callbacks,
            ..arrived
        })
    }

    /// On a clock that stands still, delivers the callbacks that are due now.
    ///
    /// Whoever has the turn already does so: a receiver that is called in it, and
    /// waited for it, would wait for its own end.
    pub(crate) async fn settle(&self) {
        let post = self.post().clone();
        if let (Pace::Manual(_), Some(post)) = (&self.0.pace, post)
            && let Ok(_turn) = self.0.errands.try_lock()
        {
            self.deliver_due(&post).await;
        }
    }

    fn manual_clock(&self) -> Result<&ManualClock, ClockError> {
        match &self.0.pace {
            Pace::Manual(clock) => Ok(clock),
            Pace::Running(_) => Err(ClockError::NotManual),
        }
    }

    /// Moves the clock from callback to callback. For whoever has the turn.
    async fn travel(
        &self,
        clock: &ManualClock,
        target: UnixMillis,
    ) -> Result<ClockMove, ClockError> {
        let from = clock.time();
        clock.check(target)?;
        let mut callbacks = 0;
        let post = self.post().clone();
        if let Some(post) = post {
            loop {
                callbacks += self.deliver_due(&post).await;
                let now = clock.time();
                let next = self.0.engine.next_callback();
                let Some(next) = next.filter(|next| now < *next && *next <= target) else {
                    break;
                };
                clock.set(next)?;
            }
        }
        clock.set(target)?;
        self.0.news.notify_one();
        Ok(ClockMove {
            from,
            now: target,
            callbacks,
            idle: self.0.engine.next_event(target).is_none(),
        })
    }
}
