//! A watch as a stream of events.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use kling_types::Task;

use super::timing::{Progress, Timing};
use super::watch::Watch;
use crate::error::{Error, Result};

/// Something that happened to a watched task.
#[non_exhaustive]
pub enum TaskEvent {
    /// Its status changed, or was seen for the first time. An unknown status is
    /// reported like any other and does not end the watch.
    Changed(Box<Task>),
    /// A query failed after its retries. The task itself is not affected.
    #[non_exhaustive]
    PollFailed {
        /// Why.
        error: Error,
        /// How many queries in a row have failed, including this one.
        failures: u32,
        /// The wait until the next query.
        next_in: Duration,
    },
    /// It succeeded and has a result. This is the last event.
    Done(Box<Task>),
}

impl fmt::Debug for TaskEvent {
    /// Omits the rest of the task: the address of its result is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, task) = match self {
            TaskEvent::Changed(task) => ("Changed", task),
            TaskEvent::Done(task) => ("Done", task),
            TaskEvent::PollFailed {
                error,
                failures,
                next_in,
            } => {
                return f
                    .debug_struct("PollFailed")
                    .field("error", error)
                    .field("failures", failures)
                    .field("next_in", next_in)
                    .finish();
            }
        };
        f.debug_struct(name)
            .field("id", &task.id)
            .field("status", &task.status)
            .finish_non_exhaustive()
    }
}

type Next = Pin<Box<dyn Future<Output = (Box<Watch>, Option<Result<TaskEvent>>)> + Send>>;

/// Each change of a task, once: a [`Stream`] that ends after [`TaskEvent::Done`] or
/// an error. Dropping it ends the watching, not the task.
///
/// ```no_run
/// # async fn example(task: kling_http::TaskHandle) -> kling_http::Result<()> {
/// use kling_http::TaskEvent;
///
/// let mut events = task.events();
/// while let Some(event) = events.next().await {
///     if let TaskEvent::Changed(task) = event? {
///         let progress = events.progress();
///         println!("{}: about {:.0} %", task.status, 100.0 * progress.fraction);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct TaskEvents {
    next: Option<Next>,
    timing: Timing,
    /// As it was at the end.
    done: Option<Progress>,
}

impl TaskEvents {
    pub(super) fn new(watch: Box<Watch>) -> Self {
        TaskEvents {
            timing: watch.timing(),
            next: Some(step(watch)),
            done: None,
        }
    }

    /// The estimated progress at this moment, which may be read between events too.
    /// It never decreases, and reaches 1 only with [`TaskEvent::Done`].
    pub fn progress(&self) -> Progress {
        self.done.unwrap_or_else(|| self.timing.progress())
    }

    /// The next event, for use without a stream library. Dropping the
    /// future, as `select!` does, loses nothing.
    pub async fn next(&mut self) -> Option<Result<TaskEvent>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

fn step(mut watch: Box<Watch>) -> Next {
    Box::pin(async move {
        let event = watch.next().await;
        (watch, event)
    })
}

impl Stream for TaskEvents {
    type Item = Result<TaskEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.next else {
            return Poll::Ready(None);
        };
        match next.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready((watch, event)) => {
                self.timing = watch.timing();
                if matches!(event, Some(Ok(TaskEvent::Done(_)))) {
                    let progress = self.timing.progress();
                    self.done = Some(Progress {
                        expected: progress.elapsed,
                        fraction: 1.0,
                        ..progress
                    });
                }
                self.next = event.is_some().then(|| step(watch));
                Poll::Ready(event)
            }
        }
    }
}

impl fmt::Debug for TaskEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskEvents")
            .field("ended", &self.next.is_none())
            .finish_non_exhaustive()
    }
}
