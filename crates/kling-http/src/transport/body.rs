//! The body of a response.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{TransportError, TransportErrorKind};

/// The body of a response: complete, or a stream.
pub struct Body(Inner);

enum Inner {
    Whole(Option<Bytes>),
    Stream(Pin<Box<dyn HttpBody<Data = Bytes, Error = TransportError> + Send>>),
}

impl Body {
    /// An empty body.
    pub fn empty() -> Self {
        Body(Inner::Whole(None))
    }

    /// A streamed body.
    pub fn new(body: impl HttpBody<Data = Bytes, Error = TransportError> + Send + 'static) -> Self {
        Body(Inner::Stream(Box::pin(body)))
    }

    /// The next chunk; `None` at the end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await?;
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) if data.is_empty() => {}
                Ok(Ok(data)) => return Some(Ok(data)),
                Ok(Err(_trailers)) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The complete body, if it has at most `limit` bytes.
    pub async fn collect(self, limit: usize) -> Result<Bytes, TransportError> {
        let mut collected = Collected::default();
        self.collect_into(&mut collected, limit).await?;
        Ok(collected.into_bytes())
    }

    /// Like [`collect`](Self::collect), but leaves in `collected` what had arrived when
    /// the body failed or the future was dropped.
    pub(crate) async fn collect_into(
        mut self,
        collected: &mut Collected,
        limit: usize,
    ) -> Result<(), TransportError> {
        while let Some(piece) = self.chunk().await {
            let piece = piece?;
            if collected.len().saturating_add(piece.len()) > limit {
                let text = format!("the answer has more than {limit} bytes");
                return Err(TransportError::new(TransportErrorKind::Broken, text));
            }
            collected.add(piece);
        }
        Ok(())
    }
}

/// The chunks of a body. Most answers have one, which is not copied.
#[derive(Default)]
pub(crate) struct Collected {
    only: Bytes,
    whole: BytesMut,
}

impl Collected {
    fn len(&self) -> usize {
        self.only.len().saturating_add(self.whole.len())
    }

    fn add(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.only = piece;
        } else {
            self.whole
                .extend_from_slice(&std::mem::take(&mut self.only));
            self.whole.extend_from_slice(&piece);
        }
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        if self.whole.is_empty() {
            self.only
        } else {
            self.whole.freeze()
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body(Inner::Whole((!bytes.is_empty()).then_some(bytes)))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut self.0 {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(bytes) => bytes.is_none(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Whole(bytes) => {
                write!(f, "Body({} bytes)", bytes.as_ref().map_or(0, Bytes::len))
            }
            Inner::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}
