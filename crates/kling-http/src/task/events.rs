//! A watch as a stream.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::watch::{TaskEvent, Watch};
use crate::error::Result;

type Next = Pin<Box<dyn Future<Output = (Watch, Option<Result<TaskEvent>>)> + Send>>;

/// Every change of a task, each once: a [`Stream`] that ends after
/// [`TaskEvent::Done`] or an error. Dropping it ends the watching, not the task.
pub struct TaskEvents {
    next: Option<Next>,
}

impl TaskEvents {
    pub(super) fn new(watch: Watch) -> Self {
        TaskEvents {
            next: Some(step(watch)),
        }
    }

    /// The next event, without a stream library.
    pub async fn next(&mut self) -> Option<Result<TaskEvent>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

fn step(mut watch: Watch) -> Next {
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
