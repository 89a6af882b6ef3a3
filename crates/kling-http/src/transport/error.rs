//! `TransportError`: why a request brought no response.

use std::fmt;
use std::time::Duration;

/// A request without a response, or a response that broke off.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was established. Nothing was sent.
    Connect,
    /// The request itself can't be sent. Nothing was sent.
    Request,
    /// A timeout after the request may have been sent.
    Timeout,
    /// The connection broke, or the response was not HTTP, after the request may
    /// have been sent.
    Broken,
}

impl TransportError {
    /// An error of this kind, caused by `source`. The source's text is shown to
    /// people: keep URLs with a query and credentials out of it.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        TransportError {
            kind,
            source: source.into(),
        }
    }

    /// The request took as long as it may.
    pub(crate) fn timeout(limit: Duration) -> Self {
        let text = format!("no answer within {} s", limit.as_secs_f32());
        TransportError::new(TransportErrorKind::Timeout, text)
    }

    /// How far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the service may have received the request.
    pub fn maybe_sent(&self) -> bool {
        matches!(
            self.kind,
            TransportErrorKind::Timeout | TransportErrorKind::Broken
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "no connection to the service",
            TransportErrorKind::Request => "the request can't be sent",
            TransportErrorKind::Timeout => "no answer in time",
            TransportErrorKind::Broken => "the connection broke off",
        })
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
