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
pub use error::{TransportError, TransportErrorKind};
pub use func::transport_fn;

/// Moves one HTTP request and brings its answer.
///
/// To implement it, write `async fn send`. The contract:
///
/// - one request, one answer; any status is `Ok`, 500 included;
/// - no retries, no credentials of its own, no JSON, no redirects followed;
/// - dropping the future aborts the request;
/// - an error says whether bytes may have left ([`TransportErrorKind`]): a
///   create that may have arrived is never sent again blindly.
///
/// The request's extensions have an [`Operation`], and where it matters
/// [`PublicOnly`]. What an implementer needs is public: [`TransportError::new`], [`Body::new`] for a body that streams, `From`
/// for one that is whole, and for reqwest `ReqwestTransport::classify`.
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

/// What a request is for; travels in its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The operation's name: `effects.create`, `effects.get`, `effects.list`,
    /// `download`.
    pub name: &'static str,
    /// Whether it may be repeated without a thought.
    pub idempotent: bool,
    /// Which try of the same call it is, from 1.
    pub attempt: u32,
}

/// In the extensions of a request whose address somebody else chose (a result's,
/// or a redirect's of its host): it must not reach a private network.
///
/// This is the one rule that a transport is asked to help with, because only it
/// sees what a name resolves to. The caller has looked at the URL already and
/// refused addresses that are private as they stand; a transport that resolves
/// names should refuse those that lead to such addresses, with
/// [`TransportErrorKind::Request`]. `ReqwestTransport` does. One that knows
/// nothing of it sends the request as any other, and then a name in somebody
/// else's domain can lead to a host in this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicOnly;

type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<http::Response<Body>, TransportError>> + Send + 'a>>;

/// [`Transport`] as an object; private, so that implementers write `async fn`.
trait Object: fmt::Debug + Send + Sync {
    fn send_boxed(&self, request: http::Request<Bytes>) -> Answer<'_>;
}

impl<T: Transport> Object for T {
    fn send_boxed(&self, request: http::Request<Bytes>) -> Answer<'_> {
        Box::pin(self.send(request))
    }
}

/// Any transport, as a value that clones cheaply.
#[derive(Clone)]
pub struct SharedTransport(Arc<dyn Object>);

impl SharedTransport {
    /// Takes a transport in.
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
