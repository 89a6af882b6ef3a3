//! The transport over reqwest, and the only file that names it. Its paths are
//! written `::reqwest::…`, so that a search for them finds every use.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, Transport, TransportError, TransportErrorKind};
use crate::host::is_loopback;

/// How long a connection may take to come about. Short enough to fail while
/// the user looks on, long enough for a slow mobile network.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// HTTP/1.1 and HTTP/2 over rustls, with a pool of connections. A proxy that the
/// environment names is used, but never for this machine: what is meant to stay
/// here would leave it in the clear.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    remote: ::reqwest::Client,
    local: ::reqwest::Client,
}

impl ReqwestTransport {
    /// A transport that follows no redirects and repeats nothing by itself.
    pub fn new() -> Result<Self, TransportError> {
        let builder = || {
            ::reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(::reqwest::redirect::Policy::none())
                .retry(::reqwest::retry::never())
                .user_agent(concat!("kling-http/", env!("CARGO_PKG_VERSION")))
        };
        Ok(ReqwestTransport {
            remote: builder().build().map_err(classify)?,
            local: builder().no_proxy().build().map_err(classify)?,
        })
    }
}

impl ReqwestTransport {
    /// How far a request got when reqwest gave up, for a transport of your own
    /// over a client of your own. The address, which may be signed, is dropped.
    pub fn classify(error: ::reqwest::Error) -> TransportError {
        classify(error)
    }
}

impl Transport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        let is_local = request.uri().host().is_some_and(is_loopback);
        let client = if is_local { &self.local } else { &self.remote };
        let request = ::reqwest::Request::try_from(request).map_err(classify)?;
        let answer = client.execute(request).await.map_err(classify)?;
        Ok(http::Response::from(answer).map(|body| Body::new(Incoming(body))))
    }
}

/// Says how far a request got when reqwest gave up.
fn classify(error: ::reqwest::Error) -> TransportError {
    let kind = if error.is_builder() {
        TransportErrorKind::Request
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Broken
    };
    // A result's URL is signed: it must not show up in a log.
    TransportError::new(kind, error.without_url())
}

/// reqwest's body, with our error.
struct Incoming(::reqwest::Body);

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Pin::new(&mut self.0).poll_frame(cx).map_err(classify)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
