//! `Inbox`: receives the callbacks of the server under test.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use kling_http::{Body, Clock as _, SharedTransport, SystemClock, transport_fn};

/// Records the callbacks that are posted to it.
#[derive(Clone)]
pub struct Inbox {
    url: String,
    secret: Option<String>,
    received: Arc<Mutex<Vec<Received>>>,
}

/// A callback as it was received.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) at: SystemTime,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Inbox {
    /// Creates an inbox that the target can reach at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Inbox {
            url: url.into(),
            secret: None,
            received: Arc::default(),
        }
    }

    /// Declares that the target signs with this secret (`whsec_…`).
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// The URL to which callbacks are sent.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// Records a callback.
    pub fn receive(&self, headers: HeaderMap, body: Bytes) {
        let at = SystemClock.now();
        self.received().push(Received { at, headers, body });
    }

    /// A transport that delivers every request to this inbox, whatever its URL.
    pub fn transport(&self) -> SharedTransport {
        let inbox = self.clone();
        SharedTransport::new(transport_fn(move |request: Request<Bytes>| {
            let (head, body) = request.into_parts();
            inbox.receive(head.headers, body);
            async { Ok(Response::new(Body::from(Bytes::new()))) }
        }))
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received().clone()
    }

    fn received(&self) -> MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Inbox {
    /// Omits the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
