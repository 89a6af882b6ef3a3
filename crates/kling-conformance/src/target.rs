//! `Target`: the server under test, and how to send requests to it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use kling_http::{SharedTransport, Transport};
use serde_json::Value;
use tokio::time::timeout;

use crate::checks::Told;
use crate::exchange::Exchange;
use crate::inbox::Inbox;

/// The host that the target imitates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Host {
    /// CometAPI, the gateway.
    Comet,
    /// Kling itself.
    Kling,
}

/// Why a check stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The target does something else than the contract says.
    Deviates(String),
    /// The check can't be made here.
    Skip(String),
    /// The suite is at fault.
    Broken(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Stop::Deviates(why)
    }
}

/// A server under test, and what may be used to test it.
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

/// What a run knows so far.
#[derive(Default)]
pub(crate) struct State {
    creates: usize,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) story: Option<Told>,
    /// Whether an answer did not come in time.
    was_late: bool,
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

/// The largest answer that a check reads.
const LIMIT: usize = 64 * 1024 * 1024;
/// The longest that an answer may take, to its last byte.
const SLOWEST: Duration = Duration::from_secs(60);
/// The same once one did not come: a server that hangs at each create would take
/// an hour.
const AFTER_LATE: Duration = Duration::from_secs(5);

impl Target {
    /// A target that behaves like this host, at a base URL, reached through a
    /// transport with a key.
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

    /// Receives callbacks in this inbox.
    pub fn with_inbox(mut self, inbox: Inbox) -> Self {
        self.inbox = Some(inbox);
        self
    }

    /// Declares that the account of this other key, which nothing else uses, has
    /// this many slots.
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

    /// Declares that waiting takes no time, for the target either, because it runs
    /// on a paused tokio clock. Otherwise, no check waits for weeks.
    pub fn with_virtual_time(mut self) -> Self {
        self.virtual_time = true;
        self
    }

    /// Limits the number of creates, including those that should be refused, since
    /// each may be charged. Checks that need more are skipped.
    pub fn with_max_creates(mut self, creates: usize) -> Self {
        self.max_creates = Some(creates);
        self
    }

    /// The host that it imitates.
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

    /// Checks before a run that something answers there, whatever it says; the
    /// error says why not. It queries a task that does not exist, which costs
    /// nothing.
    pub async fn reach(&self) -> Result<(), String> {
        match self.query("no-such-task").await {
            Ok(_) => Ok(()),
            Err(Stop::Deviates(why) | Stop::Skip(why) | Stop::Broken(why)) => Err(why),
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

    /// Sends any request, with any key or none.
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
        let unsendable = |error: http::Error| Stop::Broken(format!("{url}: {error}"));
        self.send_request(request.body(body).map_err(unsendable)?)
            .await
    }

    /// Sends a request unchanged.
    pub(crate) async fn send_request(&self, request: Request<Bytes>) -> Result<Reply, Stop> {
        if request.method() == Method::POST {
            self.spend_a_create()?;
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
        // A signed token, which is good for a while.
        let bearer = header.as_ref().and_then(|it| it.to_str().ok());
        secrets.extend(bearer.and_then(|it| it.strip_prefix("Bearer ")));
        let exchange = Exchange::new((&method, &url, header.is_some(), &body), answer, &secrets);
        self.state().exchanges.push(exchange);
        reply.map_err(Stop::Deviates)
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
        let patience = if self.state().was_late {
            AFTER_LATE
        } else {
            SLOWEST
        };
        let late = |_| {
            self.state().was_late = true;
            Err(format!("no answer within {} s", patience.as_secs()))
        };
        timeout(patience, whole).await.unwrap_or_else(late)
    }

    fn spend_a_create(&self) -> Result<(), Stop> {
        let mut state = self.state();
        if self.max_creates.is_some_and(|most| state.creates >= most) {
            let why = format!("no more than {} creates may be sent", state.creates);
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
        serde_json::from_slice(&self.body).map_err(|error| format!("the body is no JSON ({error})"))
    }
}
