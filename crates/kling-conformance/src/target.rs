//! `Target`: the server under test.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use kling_http::{SharedTransport, Transport};
use serde_json::Value;
use tokio::time::timeout;

use crate::checks::SharedTaskResult;
use crate::exchange::Exchange;
use crate::inbox::Inbox;

/// The service whose behaviour a target imitates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Host {
    /// CometAPI, the gateway.
    Comet,
    /// Kling itself.
    Kling,
}

/// Why a check did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The target deviates from the contract.
    Deviation(String),
    /// The check does not apply to this target.
    Skip(String),
    /// An error of the suite itself.
    Internal(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Stop::Deviation(why)
    }
}

/// A server under test, and the options for testing it.
#[derive(Clone)]
pub struct Target {
    host: Host,
    base_url: String,
    api_key: String,
    transport: SharedTransport,
    pub(crate) inbox: Option<Inbox>,
    pub(crate) slots: Option<(String, usize)>,
    pub(crate) access_keys: Option<(String, String)>,
    pub(crate) virtual_time: bool,
    max_creates: Option<usize>,
    pub(crate) state: Arc<Mutex<State>>,
}

/// The state of a run.
#[derive(Default)]
pub(crate) struct State {
    creates: usize,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) shared_task: Option<SharedTaskResult>,
    /// Whether an answer timed out.
    timed_out: bool,
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The largest body that a check reads.
const LIMIT: usize = 64 * 1024 * 1024;
/// The timeout of an answer, up to its last byte.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The timeout after a first one: with a server that never answers, the run would take
/// an hour.
const SHORT_TIMEOUT: Duration = Duration::from_secs(5);

impl Target {
    /// Creates a target at this base URL that imitates this host, accepts this key, and is
    /// reached through this transport.
    pub fn new(
        host: Host,
        base_url: impl Into<String>,
        api_key: impl Into<String>,
        transport: impl Transport,
    ) -> Self {
        Target {
            host,
            base_url: base_url.into().trim_end_matches('/').to_owned(),
            api_key: api_key.into(),
            transport: SharedTransport::new(transport),
            inbox: None,
            slots: None,
            access_keys: None,
            virtual_time: false,
            max_creates: None,
            state: Arc::default(),
        }
    }

    /// Receives the target's callbacks in this inbox.
    pub fn with_inbox(mut self, inbox: Inbox) -> Self {
        self.inbox = Some(inbox);
        self
    }

    /// Declares another account, which nothing else uses, with this key and number of
    /// slots.
    pub fn with_slots(mut self, api_key: impl Into<String>, slots: usize) -> Self {
        self.slots = Some((api_key.into(), slots));
        self
    }

    /// Declares that the account accepts tokens signed with these keys.
    pub fn with_access_keys(
        mut self,
        access: impl Into<String>,
        secret: impl Into<String>,
    ) -> Self {
        self.access_keys = Some((access.into(), secret.into()));
        self
    }

    /// Declares that the target runs on the same paused tokio clock. Without it, checks
    /// that wait for days are skipped.
    pub fn with_virtual_time(mut self) -> Self {
        self.virtual_time = true;
        self
    }

    /// Limits the number of creates, each of which may be charged, including those that
    /// should be refused. Checks that need more are skipped.
    pub fn with_max_creates(mut self, creates: usize) -> Self {
        self.max_creates = Some(creates);
        self
    }

    /// The service that it imitates.
    pub fn host(&self) -> Host {
        self.host
    }

    /// The key that it accepts.
    pub fn api_key(&self) -> &str {
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

    /// Checks that the server answers at all; the error is the reason why not. Queries a
    /// task that does not exist, which is never charged.
    pub async fn check_reachable(&self) -> Result<(), String> {
        match self.query("no-such-task").await {
            Ok(_) => Ok(()),
            Err(Stop::Deviation(why) | Stop::Skip(why) | Stop::Internal(why)) => Err(why),
        }
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates with this body.
    pub(crate) async fn create(&self, body: &Value) -> Result<Reply, Stop> {
        self.create_as(&self.api_key, body).await
    }

    pub(crate) async fn create_as(&self, key: &str, body: &Value) -> Result<Reply, Stop> {
        self.send(
            Method::POST,
            &self.effects_url(),
            Some(key),
            body.to_string(),
        )
        .await
    }

    /// Queries a task.
    pub(crate) async fn query(&self, id: &str) -> Result<Reply, Stop> {
        self.query_as(&self.api_key, id).await
    }

    pub(crate) async fn query_as(&self, key: &str, id: &str) -> Result<Reply, Stop> {
        let url = format!("{}/{id}", self.effects_url());
        self.send(Method::GET, &url, Some(key), String::new()).await
    }

    /// Sends a request with this key, or without one.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        key: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Reply, Stop> {
        let mut request = Request::builder().method(method).uri(url);
        if let Some(key) = key {
            request = request.header(http::header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let body = body.into();
        if !body.is_empty() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        let unsendable = |error: http::Error| Stop::Internal(format!("{url}: {error}"));
        self.send_request(request.body(body).map_err(unsendable)?)
            .await
    }

    /// Sends a request unchanged.
    pub(crate) async fn send_request(&self, request: Request<Bytes>) -> Result<Reply, Stop> {
        if request.method() == Method::POST {
            self.count_create()?;
        }
        let method = request.method().clone();
        let url = request.uri().to_string();
        let header = request.headers().get(http::header::AUTHORIZATION).cloned();
        let body = request.body().clone();
        let reply = self.answer(request).await;
        let answer = match &reply {
            Ok(reply) => Ok((reply.status, &reply.body)),
            Err(why) => Err(why.as_str()),
        };
        let mut secrets = vec![self.api_key.as_str()];
        secrets.extend(self.slots.iter().map(|(key, _)| key.as_str()));
        // It may be a signed token, which stays valid for a while.
        let bearer = header.as_ref().and_then(|it| it.to_str().ok());
        secrets.extend(bearer.and_then(|it| it.strip_prefix("Bearer ")));
        let exchange = Exchange::new((&method, &url, header.is_some(), &body), answer, &secrets);
        self.state().exchanges.push(exchange);
        reply.map_err(Stop::Deviation)
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Reply, String> {
        let lost = |error: kling_http::TransportError| format!("no answer: {error}");
        let whole = async {
            let answer = self.transport.send(request).await.map_err(lost)?;
            let (head, body) = answer.into_parts();
            Ok(Reply {
                status: head.status,
                headers: head.headers,
                body: body.collect(LIMIT).await.map_err(lost)?,
            })
        };
        let limit = if self.state().timed_out {
            SHORT_TIMEOUT
        } else {
            TIMEOUT
        };
        let timed_out = |_| {
            self.state().timed_out = true;
            Err(format!("no answer within {} s", limit.as_secs()))
        };
        timeout(limit, whole).await.unwrap_or_else(timed_out)
    }

    fn count_create(&self) -> Result<(), Stop> {
        let mut state = self.state();
        if self.max_creates.is_some_and(|most| state.creates >= most) {
            let why = format!("the limit of {} creates is reached", state.creates);
            return Err(Stop::Skip(why));
        }
        state.creates += 1;
        Ok(())
    }
}

impl fmt::Debug for Target {
    /// Omits the keys.
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
        serde_json::from_slice(&self.body)
            .map_err(|error| format!("the body is not JSON ({error})"))
    }
}
