//! `Capture`: records requests and passes them on.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde_json::Value;
use tokio::time::Instant;

use crate::provider::without_secrets;
use crate::transport::{Body, Operation, SharedTransport, Transport, TransportError};

/// Forwards every request to another transport and records it.
///
/// Use this when you want to see what was sent, whatever answers. Clones share their
/// records.
///
/// ```
/// use kling_http::testing::{Capture, NeverAnswers};
/// use kling_http::{Client, Credentials, Provider, TaskId};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let capture = Capture::new(NeverAnswers);
/// let client = Client::builder(Provider::comet(), Credentials::api_key("sk-test"))
///     .transport(capture.clone())
///     .build()?;
/// let id = TaskId::new("7").ok_or("no id")?;
/// assert!(client.effects().get(&id).await.is_err());
///
/// let sent = capture.requests();
/// assert_eq!(sent[0].uri.path(), "/kling/v1/videos/effects/7");
/// assert_eq!(sent[0].headers["authorization"], "Bearer sk-test");
/// // A log of it shows no secret.
/// assert!(!format!("{sent:?}").contains("sk-test"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Capture {
    inner: SharedTransport,
    requests: Arc<Mutex<Vec<Captured>>>,
}

/// A request that was sent. `Debug` omits header values, the body and the URL's query.
#[derive(Clone)]
#[non_exhaustive]
pub struct Captured {
    /// When, on tokio's clock.
    pub at: Instant,
    /// Its method.
    pub method: Method,
    /// Its address.
    pub uri: Uri,
    /// Its headers, credentials included.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The operation; `None` if it did not come from a [`Client`](crate::Client).
    pub operation: Option<Operation>,
}

impl Captured {
    fn of(request: &http::Request<Bytes>) -> Self {
        Captured {
            at: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: request.body().clone(),
            operation: request.extensions().get().copied(),
        }
    }

    /// The body as JSON; `None` if it is not JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Captured")
            .field("method", &self.method)
            .field("uri", &without_secrets(&self.uri.to_string()))
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

impl Capture {
    /// Records the requests that go through `transport`.
    pub fn new(transport: impl Transport) -> Self {
        Capture {
            inner: SharedTransport::new(transport),
            requests: Arc::default(),
        }
    }

    /// What was sent, in order.
    pub fn requests(&self) -> Vec<Captured> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Transport for Capture {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Captured::of(&request));
        self.inner.send(request).await
    }
}
