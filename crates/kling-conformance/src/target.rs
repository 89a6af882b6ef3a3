//! What is held to the contract, and how to talk to it.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use kling_http::{SharedTransport, Transport};
use serde_json::Value;

/// Whose ways the target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Host {
    /// CometAPI, the gateway.
    Comet,
    /// Kling itself.
    Kling,
}

/// An implementation under test.
#[derive(Clone)]
pub struct Target {
    host: Host,
    base_url: String,
    api_key: String,
    transport: SharedTransport,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The largest answer that a check reads.
const LIMIT: usize = 64 * 1024 * 1024;

impl Target {
    /// A target with this host's ways, below a base URL, reached through a
    /// transport with a key.
    pub fn new(
        host: Host,
        base_url: impl Into<String>,
        api_key: impl Into<String>,
        transport: impl Transport,
    ) -> Self {
        Target {
            host,
            base_url: base_url.into(),
            api_key: api_key.into(),
            transport: SharedTransport::new(transport),
        }
    }

    /// Whose ways it has.
    pub fn host(&self) -> Host {
        self.host
    }

    /// The key that it accepts.
    pub fn key(&self) -> &str {
        &self.api_key
    }

    /// The URL of the effects collection.
    pub fn effects_url(&self) -> String {
        let prefix = match self.host {
            Host::Comet => "/kling",
            Host::Kling => "",
        };
        format!("{}{prefix}/v1/videos/effects", self.base_url)
    }

    /// Creates with this body.
    pub async fn create(&self, body: &Value) -> Result<Reply, String> {
        self.send(
            Method::POST,
            &self.effects_url(),
            Some(&self.api_key),
            body.to_string(),
        )
        .await
    }

    /// Asks after a task.
    pub async fn query(&self, id: &str) -> Result<Reply, String> {
        let url = format!("{}/{id}", self.effects_url());
        self.send(Method::GET, &url, Some(&self.api_key), String::new())
            .await
    }

    /// Sends any request, with any key or none.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        key: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Reply, String> {
        let mut request = Request::builder().method(method).uri(url);
        if let Some(key) = key {
            request = request.header(http::header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let body = body.into();
        if !body.is_empty() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        self.send_request(request.body(body).map_err(|error| error.to_string())?)
            .await
    }

    /// Sends a request as it is.
    pub async fn send_request(&self, request: Request<Bytes>) -> Result<Reply, String> {
        let lost = |error: kling_http::TransportError| format!("no answer: {error}");
        let (head, body) = self
            .transport
            .send(request)
            .await
            .map_err(lost)?
            .into_parts();
        let body = body.collect(LIMIT).await.map_err(lost)?;
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

impl fmt::Debug for Target {
    /// Leaves out the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("host", &self.host)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let start = self.body.get(..200).unwrap_or(&self.body);
            format!(
                "the body is no JSON ({error}): {:?}",
                String::from_utf8_lossy(start)
            )
        })
    }
}
