//! A host that answers by script and remembers what it was asked.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body::Frame;
use kling_http::{
    Body, Client, ClientBuilder, Credentials, Operation, Provider, Transport, TransportError,
    TransportErrorKind, transport_fn,
};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) const KEY: &str = "sk-very-secret-0123456789";

/// What a host does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers at once.
    Answer(u16, String),
    /// Answers at once, with a header.
    With(u16, &'static str, &'static str, String),
    /// Brings no answer.
    Lost(TransportErrorKind),
    /// Keeps silent for ever.
    Silence,
    /// Answers at once with HTTP 200 and this much of a body, then breaks off.
    BreaksOff(String),
    /// The same, then keeps silent for ever.
    StandsStill(String),
}

/// A body that never ends well.
struct Endless {
    said: Option<Bytes>,
    breaks_off: bool,
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match self.said.take() {
            Some(said) => Poll::Ready(Some(Ok(Frame::data(said)))),
            None if self.breaks_off => {
                let error = TransportError::new(TransportErrorKind::Broken, "as the script says");
                Poll::Ready(Some(Err(error)))
            }
            None => Poll::Pending,
        }
    }
}

/// HTTP 200 with this body.
pub(crate) fn ok(body: &Value) -> Reply {
    Reply::Answer(200, body.to_string())
}

/// An answer that shows the task `7` with this status.
pub(crate) fn shows(status: &str) -> Reply {
    ok(&json!({"code": 0, "message": "SUCCEED", "data": {"task_id": "7", "task_status": status}}))
}

/// An answer that shows the task `7` with a video.
pub(crate) fn done() -> Reply {
    ok(&json!({"code": 0, "message": "SUCCEED", "data": {
        "task_id": "7",
        "task_status": "succeed",
        "task_result": {"videos": [{"id": "8", "url": "https://cdn.example.com/v.mp4?sig=signed"}]},
    }}))
}

/// A refusal in Kling's envelope.
pub(crate) fn refusal(status: u16, code: i64, message: &str) -> Reply {
    let body = json!({"code": code, "message": message, "request_id": "r-1"});
    Reply::Answer(status, body.to_string())
}

pub(crate) fn lost() -> Reply {
    Reply::Lost(TransportErrorKind::Broken)
}

/// What a host was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// When, from the host's beginning.
    pub(crate) at: Duration,
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) operation: Operation,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Host(Arc<State>);

#[derive(Debug)]
struct State {
    begun: Instant,
    script: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

impl Host {
    /// Follows the script to its end; the last reply is given for ever after.
    pub(crate) fn new(script: impl IntoIterator<Item = Reply>) -> Self {
        Host(Arc::new(State {
            begun: Instant::now(),
            script: Mutex::new(script.into_iter().collect()),
            asked: Mutex::default(),
        }))
    }

    pub(crate) fn transport(&self) -> impl Transport + use<> {
        let state = self.0.clone();
        transport_fn(move |request| {
            let reply = state.next(request);
            async move { give(reply).await }
        })
    }

    pub(crate) fn builder(&self, provider: Provider) -> ClientBuilder {
        Client::builder(provider, Credentials::api_key(KEY)).transport(self.transport())
    }

    pub(crate) fn client(&self, provider: Provider) -> Client {
        self.builder(provider).build().expect("a client")
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().expect("no panic before").clone()
    }

    /// How often this method was used.
    pub(crate) fn count(&self, method: &Method) -> usize {
        let asked = self.asked();
        asked.iter().filter(|it| it.method == *method).count()
    }

    /// The seconds at which it was asked.
    pub(crate) fn times(&self) -> Vec<f64> {
        self.asked().iter().map(|it| it.at.as_secs_f64()).collect()
    }
}

impl State {
    fn next(&self, request: http::Request<Bytes>) -> Reply {
        let operation = request.extensions().get::<Operation>().copied();
        let (parts, body) = request.into_parts();
        self.asked.lock().expect("no panic before").push(Asked {
            at: self.begun.elapsed(),
            method: parts.method,
            url: parts.uri.to_string(),
            headers: parts.headers,
            body,
            operation: operation.expect("an operation"),
        });
        let mut script = self.script.lock().expect("no panic before");
        match script.len() {
            0 => panic!("nobody should ask this host"),
            1 => script[0].clone(),
            _ => script.pop_front().expect("a reply"),
        }
    }
}

async fn give(reply: Reply) -> Result<http::Response<Body>, TransportError> {
    let answer = http::Response::builder();
    let (answer, status, body) = match reply {
        Reply::Answer(status, body) => (answer, status, body),
        Reply::With(status, name, value, body) => (answer.header(name, value), status, body),
        Reply::Lost(kind) => return Err(TransportError::new(kind, "as the script says")),
        Reply::Silence => std::future::pending().await,
        Reply::BreaksOff(said) => return Ok(endless(said, true)),
        Reply::StandsStill(said) => return Ok(endless(said, false)),
    };
    let status = StatusCode::from_u16(status).expect("a status");
    let answer = answer.status(status).body(Bytes::from(body).into());
    Ok(answer.expect("an answer"))
}

fn endless(said: String, breaks_off: bool) -> http::Response<Body> {
    http::Response::new(Body::new(Endless {
        said: Some(said.into()),
        breaks_off,
    }))
}
