//! A closure as a transport.

use std::fmt;
use std::future::Future;

use bytes::Bytes;

use super::{Body, Transport, TransportError};

/// Turns a function into a transport, for a test or to wrap another transport.
///
/// ```
/// use kling_http::{Body, Client, Credentials, Provider, transport_fn};
///
/// let teapot = transport_fn(|_request| async {
///     let mut answer = http::Response::new(Body::from(bytes::Bytes::from_static(b"{}")));
///     *answer.status_mut() = http::StatusCode::IM_A_TEAPOT;
///     Ok(answer)
/// });
/// let client = Client::builder(Provider::comet(), Credentials::api_key("sk-test"))
///     .transport(teapot)
///     .build()?;
/// # Ok::<(), kling_http::Error>(())
/// ```
pub fn transport_fn<F, Fut>(function: F) -> impl Transport
where
    F: Fn(http::Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<http::Response<Body>, TransportError>> + Send,
{
    Func(function)
}

struct Func<F>(F);

impl<F> fmt::Debug for Func<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("transport_fn")
    }
}

impl<F, Fut> Transport for Func<F>
where
    F: Fn(http::Request<Bytes>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<http::Response<Body>, TransportError>> + Send,
{
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        (self.0)(request).await
    }
}
