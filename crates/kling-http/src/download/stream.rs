//! A download as a stream of bytes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::flow::{Flow, Piece, Receiver};
use super::{Limits, Received};
use crate::error::Result;

type Next = Pin<Box<dyn Future<Output = (Flow, Result<Option<Bytes>>)> + Send>>;

/// The bytes of a file in order: a [`Stream`] that ends when the file is complete, or
/// after an error. It resumes by itself when the connection breaks off.
#[must_use = "a stream does nothing unless it is polled"]
pub struct DownloadStream {
    limits: Limits,
    next: Option<Next>,
    received: Option<Received>,
}

impl DownloadStream {
    pub(super) fn new(limits: Limits, flow: Flow) -> Self {
        DownloadStream {
            next: Some(step(limits.clone(), flow)),
            limits,
            received: None,
        }
    }

    /// The next bytes, without a stream library. Dropping the future, as
    /// `select!` does, loses nothing.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The file's length and hash, once the stream has ended with a complete file.
    pub fn received(&self) -> Option<&Received> {
        self.received.as_ref()
    }
}

fn step(limits: Limits, mut flow: Flow) -> Next {
    Box::pin(async move {
        let piece = limits.hold(flow.next(Receiver::Forwards)).await;
        let bytes = piece.map(|piece| match piece {
            Some(Piece::Bytes(bytes)) => Some(bytes),
            // Never sent to a receiver that can't start over.
            Some(Piece::StartOver) | None => None,
        });
        (flow, bytes)
    })
}

impl Stream for DownloadStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.next else {
            return Poll::Ready(None);
        };
        let Poll::Ready((flow, bytes)) = next.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        self.next = None;
        match bytes {
            Ok(Some(bytes)) => {
                self.next = Some(step(self.limits.clone(), flow));
                Poll::Ready(Some(Ok(bytes)))
            }
            Ok(None) => {
                self.received = Some(flow.received());
                Poll::Ready(None)
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl fmt::Debug for DownloadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadStream")
            .field("ended", &self.next.is_none())
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
