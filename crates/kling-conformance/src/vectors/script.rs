//! A scripted server that records its requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use kling_http::{
    Body, Client, ClientBuilder, Credentials, Provider, Transport, TransportError,
    TransportErrorKind, transport_fn,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::task::text;

pub(super) const KEY: &str = "sk-vector-0123456789abcdef";

/// The provider of this name.
pub(super) fn provider(host: &str) -> Provider {
    let provider = match host {
        "kling" => Provider::kling(),
        _ => Provider::comet(),
    };
    provider.with_base_url("https://server.test")
}

/// How the server answers one request.
#[derive(Clone)]
enum Reply {
    Answer {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    Lost(TransportErrorKind),
    Silence,
}

/// A request that the server received.
#[derive(Clone)]
pub(super) struct Received {
    pub(super) at: Instant,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

#[derive(Clone)]
pub(super) struct Host(Arc<State>);

struct State {
    script: Mutex<Script>,
    received: Mutex<Vec<Received>>,
}

struct Script {
    /// The replies, and whether each repeats.
    replies: VecDeque<(Reply, bool)>,
    /// The last reply, if it repeats.
    repeating: Option<Reply>,
}

impl Host {
    /// Creates a server that follows the script, and repeats the last answer.
    pub(super) fn new<'a>(script: impl IntoIterator<Item = &'a Value>) -> Result<Self, String> {
        let replies: Result<VecDeque<_>, String> = script
            .into_iter()
            .map(|of| Ok((reply(of)?, of["repeats"] == true)))
            .collect();
        Ok(Host(Arc::new(State {
            script: Mutex::new(Script {
                replies: replies?,
                repeating: None,
            }),
            received: Mutex::default(),
        })))
    }

    pub(super) fn builder(&self, provider: Provider) -> ClientBuilder {
        Client::builder(provider, Credentials::api_key(KEY)).transport(self.transport())
    }

    pub(super) fn transport(&self) -> impl Transport + use<> {
        let state = self.0.clone();
        transport_fn(move |request| {
            let reply = state.next(request);
            async move { respond(reply).await }
        })
    }

    pub(super) fn received(&self) -> Vec<Received> {
        let received = self
            .0
            .received
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        received.clone()
    }
}

impl State {
    fn next(&self, request: http::Request<Bytes>) -> Reply {
        let (parts, body) = request.into_parts();
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same =
            |last: &Received| last.method == parts.method && last.path == parts.uri.path();
        if received.last().is_some_and(is_same)
            && let Some(reply) = &script.repeating
        {
            // The repetition is not recorded.
            return reply.clone();
        }
        received.push(Received {
            at: Instant::now(),
            method: parts.method,
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            body,
        });
        let next = match script.replies.len() {
            0 | 1 => script.replies.front().cloned(),
            _ => script.replies.pop_front(),
        };
        let (reply, repeats) = next.unwrap_or((Reply::Silence, false));
        script.repeating = repeats.then(|| reply.clone());
        reply
    }
}

async fn respond(reply: Reply) -> Result<http::Response<Body>, TransportError> {
    match reply {
        Reply::Answer {
            status,
            headers,
            body,
        } => {
            let mut answer = http::Response::new(Body::from(body));
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        }
        Reply::Lost(kind) => Err(TransportError::new(kind, "scripted failure")),
        Reply::Silence => std::future::pending().await,
    }
}

/// Parses a reply of a script: `{status, headers, body | raw}`, `{lost}`, or `{task}`
/// for task 7 with that status. A reply that `repeats` is given to the same request
/// until another one arrives; these requests are recorded once.
fn reply(of: &Value) -> Result<Reply, String> {
    if let Some(lost) = of["lost"].as_str() {
        return Ok(match lost {
            "connect" => Reply::Lost(TransportErrorKind::Connect),
            "reset" => Reply::Lost(TransportErrorKind::Broken),
            "timeout" => Reply::Lost(TransportErrorKind::Timeout),
            "silence" => Reply::Silence,
            other => return Err(format!("unknown value of `lost`: {other:?}")),
        });
    }
    let (status, body) = match of["task"].as_str() {
        Some(word) => (Some(200), task(word, of).to_string()),
        None => (of["status"].as_u64(), text(of)),
    };
    let status = status.and_then(|it| StatusCode::from_u16(u16::try_from(it).ok()?).ok());
    let mut headers = HeaderMap::new();
    for (name, value) in of["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::try_from(name.as_str()).map_err(|error| error.to_string())?;
        let value = value.as_str().unwrap_or_default();
        let value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
        headers.insert(name, value);
    }
    if !headers.contains_key(header::CONTENT_TYPE) && of.get("raw").is_none() {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    }
    Ok(Reply::Answer {
        status: status.ok_or("an answer needs a status")?,
        headers,
        body: Bytes::from(body),
    })
}

/// An answer with task 7; if it succeeded, it has a video, at `url` if given.
fn task(word: &str, of: &Value) -> Value {
    let url = of["url"].as_str().unwrap_or("https://example.com/v.mp4");
    let result = match kling_types::TaskStatus::from(word).state() {
        kling_types::TaskState::Succeed => json!({"videos": [{"id": "8", "url": url}]}),
        _ => json!({}),
    };
    json!({"code": 0, "message": "SUCCEED", "data": {
        "task_id": "7",
        "task_status": word,
        "task_status_msg": of["message"].as_str().unwrap_or_default(),
        "task_result": result,
    }})
}

/// A duration in milliseconds.
pub(super) fn millis(of: &Value, key: &str) -> Result<Duration, String> {
    let millis = of[key].as_u64().map(Duration::from_millis);
    millis.ok_or_else(|| format!("{key} is not a number of milliseconds"))
}
