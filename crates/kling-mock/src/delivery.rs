//! The body of an answer, which a fault may slow down, split or cut short.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::fault::{Delivery, Ending, Pace};

/// A body that a fault may slow down or cut short.
#[derive(Debug)]
pub(crate) struct DeliveredBody {
    rest: Bytes,
    /// The announced length, whatever is sent.
    declared: u64,
    pace: Option<Pace>,
    pause: Option<Pin<Box<Sleep>>>,
    breaking: Breaking,
}

/// Whether the connection ends after the remaining body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaking {
    No,
    /// Delayed until the data handed over is sent, because a server that fails at once
    /// would discard it.
    AfterFlush,
    Now,
}

/// The connection ended before the body did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrokenOff;

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was closed inside the body")
    }
}

impl std::error::Error for BrokenOff {}

impl DeliveredBody {
    pub(crate) fn new(whole: Bytes, delivery: &Delivery) -> Self {
        let declared = whole.len() as u64;
        let (rest, breaking) = match delivery.ending {
            Ending::Truncate(length) => {
                (whole.slice(..length.min(whole.len())), Breaking::AfterFlush)
            }
            _ => (whole, Breaking::No),
        };
        DeliveredBody {
            rest,
            declared,
            pace: delivery.pace,
            pause: None,
            breaking,
        }
    }
}

impl Body for DeliveredBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        if self.rest.is_empty() {
            return match self.breaking {
                Breaking::No => Poll::Ready(None),
                Breaking::AfterFlush => {
                    self.breaking = Breaking::Now;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                Breaking::Now => {
                    self.breaking = Breaking::No;
                    Poll::Ready(Some(Err(BrokenOff)))
                }
            };
        }
        let length = self.rest.len();
        let piece = match self.pace {
            Some(pace) => {
                let piece = self.rest.split_to(pace.chunk.clamp(1, length));
                self.pause = (!self.rest.is_empty()).then(|| Box::pin(sleep(pace.gap)));
                piece
            }
            None => self.rest.split_to(length),
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.breaking == Breaking::No
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.declared)
    }
}
