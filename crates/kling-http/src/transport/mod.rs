//! The `Transport` trait: the only way from this crate to the network.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

mod body;
mod error;
mod func;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "tower")]
mod tower;

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
#[cfg(feature = "tower")]
pub use self::tower::TowerTransport;
pub use body::Body;
pub(crate) use body::Collected;
pub use error::{TransportError, TransportErrorKind};
pub use func::transport_fn;

/// Sends one HTTP request and returns its response.
///
/// To implement it, write `async fn send`. The contract:
///
/// - one request, one answer; any status is `Ok`, 500 included;
/// - no retries, no credentials of its own, no JSON, no redirects followed;
/// - dropping the future aborts the request;
/// - an error says whether bytes may have left ([`TransportErrorKind`]): a
///   create that may have arrived is never sent again blindly.
///
/// The request's extensions hold an [`Operation`] and, where it applies,
/// [`PublicOnly`]. What an implementer needs is public: [`TransportError::new`],
/// [`Body::new`] for a streamed body, `From` for a complete one, and
/// `ReqwestTransport::classify` for reqwest errors.
///
/// ```
/// use kling_http::{Body, Transport, TransportError, TransportErrorKind};
///
/// /// Sends nothing between two deployments.
/// #[derive(Debug)]
/// struct Gate<T>(T, std::sync::atomic::AtomicBool);
///
/// impl<T: Transport> Transport for Gate<T> {
///     async fn send(
///         &self,
///         request: http::Request<bytes::Bytes>,
///     ) -> Result<http::Response<Body>, TransportError> {
///         if self.1.load(std::sync::atomic::Ordering::Relaxed) {
///             return self.0.send(request).await;
///         }
///         // Certainly not sent, so a create is tried again later.
///         Err(TransportError::new(TransportErrorKind::Connect, "the gate is closed"))
///     }
/// }
/// ```
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends the request.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Body>, TransportError>> + Send;
}

/// The operation that a request belongs to; it travels in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The operation's name: `effects.create`, `effects.get`, `effects.list`,
    /// `download`.
    pub name: &'static str,
    /// Whether it is idempotent, so that it may be retried without a second effect.
    pub idempotent: bool,
    /// The number of the attempt of this call, from 1.
    pub attempt: u32,
}

/// Marks a request, in its extensions, whose address somebody else chose (a
/// result's host, or one that it redirects to): it must not reach a private
/// network.
///
/// Only the transport sees what a name resolves to, so it must help to enforce this
/// rule. The caller has already checked the URL and rejected addresses that are
/// private as written. A transport that resolves names should reject those that
/// resolve to such addresses, with [`TransportErrorKind::Request`];
/// `ReqwestTransport` does. With a transport that ignores the mark, a name in
/// somebody else's domain can lead to a host in this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicOnly;

type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<http::Response<Body>, TransportError>> + Send + 'a>>;

/// [`Transport`] as a trait object; private, so that implementers write `async fn`.
trait Object: fmt::Debug + Send + Sync {
    fn send_boxed(&self, request: http::Request<Bytes>) -> Answer<'_>;
}

impl<T: Transport> Object for T {
    fn send_boxed(&self, request: http::Request<Bytes>) -> Answer<'_> {
        Box::pin(self.send(request))
    }
}

/// Any transport behind a handle that is cheap to clone.
#[derive(Clone)]
pub struct SharedTransport(Arc<dyn Object>);

impl SharedTransport {
    /// Wraps a transport.
    pub fn new(transport: impl Transport) -> Self {
        SharedTransport(Arc::new(transport))
    }
}

impl Transport for SharedTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        self.0.send_boxed(request).await
    }
}

impl fmt::Debug for SharedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
