//! `NeverAnswers`: a transport whose requests never complete.

use bytes::Bytes;

use crate::transport::{Body, Transport, TransportError};

/// Accepts every request and never answers.
///
/// Use this when you test timeouts or dropped futures. With tokio's clock paused, a
/// timeout of a minute takes no time.
///
/// ```
/// use std::time::Duration;
///
/// use kling_http::testing::NeverAnswers;
/// use kling_http::{Client, Credentials, ErrorKind, Provider, RetryPolicy, TaskId};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder(Provider::comet(), Credentials::api_key("sk-test"))
///     .transport(NeverAnswers)
///     .retry(RetryPolicy::never())
///     .build()?;
/// let id = TaskId::new("7").ok_or("no id")?;
/// let error = client.effects().get(&id).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Timeout);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NeverAnswers;

impl Transport for NeverAnswers {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Body>, TransportError> {
        std::future::pending().await
    }
}
