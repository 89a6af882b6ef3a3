//! `Replay`: expected requests and their answers, in order.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

use crate::provider::without_secrets;
use crate::transport::{Body, Transport, TransportError, TransportErrorKind};

/// Expects these requests, in this order, and returns these answers.
///
/// Use this when you know each request and its answer. Any other request gets an error
/// that says what was expected, and [`assert_done`](Self::assert_done) panics with it:
/// call that at the end of the test. Clones share their state.
///
/// ```
/// use kling_http::testing::{Exchange, Replay};
/// use kling_http::{
///     Client, Credentials, EffectRequest, ImageSource, Provider, Scene, TransportErrorKind,
/// };
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A create that finds no connection at first.
/// let replay = Replay::new([
///     Exchange::post("/kling/v1/videos/effects").lost(TransportErrorKind::Connect),
///     Exchange::post("/kling/v1/videos/effects")
///         .with_member("/effect_scene", "color_mixing")
///         .answered(200, json!({"code": 0, "data": {"task_id": "7", "task_status": "submitted"}})),
/// ]);
/// let client = Client::builder(Provider::comet(), Credentials::api_key("sk-test"))
///     .transport(replay.clone())
///     .build()?;
/// let image = ImageSource::url("https://example.com/me.jpg");
/// let task = client.effects().create(EffectRequest::single(Scene::COLOR_MIXING, image)).await?;
/// assert_eq!(task.id().as_str(), "7");
/// replay.assert_done();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Replay(Arc<Mutex<Course>>);

struct Course {
    left: VecDeque<Exchange>,
    /// How many requests were received.
    asked: usize,
    /// What was wrong with requests, for people.
    faults: Vec<String>,
}

/// An expected request and its answer, which [`answered`](Self::answered),
/// [`answered_with`](Self::answered_with) or [`lost`](Self::lost) sets. The default is
/// HTTP 200 without a body.
#[derive(Clone)]
#[must_use]
pub struct Exchange {
    method: Method,
    path: String,
    body: Option<Value>,
    members: Vec<(String, Value)>,
    answer: Answer,
}

#[derive(Clone)]
enum Answer {
    Says(StatusCode, Vec<(HeaderName, HeaderValue)>, Bytes),
    Lost(TransportErrorKind),
}

impl Exchange {
    /// A query of this path, with the query string if there is one.
    pub fn get(path: impl Into<String>) -> Self {
        Exchange::new(Method::GET, path)
    }

    /// A create on this path.
    pub fn post(path: impl Into<String>) -> Self {
        Exchange::new(Method::POST, path)
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Exchange {
            method,
            path: path.into(),
            body: None,
            members: Vec::new(),
            answer: Answer::Says(StatusCode::OK, Vec::new(), Bytes::new()),
        }
    }

    /// Expects this JSON as the body; the order of members does not matter.
    pub fn with_body(mut self, body: impl Into<Value>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Expects this value at this JSON Pointer in the body, and ignores the rest.
    pub fn with_member(mut self, pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.push((pointer.into(), value.into()));
        self
    }

    /// Answers with this status and this JSON. An invalid status becomes 500.
    pub fn answered(self, status: u16, body: impl Into<Value>) -> Self {
        self.answered_with(status, &[], body.into().to_string())
    }

    /// Answers with this status, these headers and this body. Invalid headers are
    /// omitted.
    pub fn answered_with(
        mut self,
        status: u16,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = headers.iter();
        let headers = headers.filter_map(|(name, value)| {
            Some((
                HeaderName::try_from(*name).ok()?,
                HeaderValue::try_from(*value).ok()?,
            ))
        });
        self.answer = Answer::Says(status, headers.collect(), body.into());
        self
    }

    /// Fails with a transport error of this kind.
    pub fn lost(mut self, kind: TransportErrorKind) -> Self {
        self.answer = Answer::Lost(kind);
        self
    }

    /// The differences between a request and this one.
    fn difference(&self, request: &http::Request<Bytes>) -> Option<String> {
        let path = request.uri().path_and_query().map_or("", |it| it.as_str());
        if *request.method() != self.method || path != self.path {
            return Some(format!("expected {self}, found {}", Asked(request)));
        }
        let body = serde_json::from_slice::<Value>(request.body()).ok();
        if let Some(expected) = &self.body
            && body.as_ref() != Some(expected)
        {
            let place = body.as_ref().map_or_else(String::new, |body| {
                format!(", first at {:?}", first_difference(expected, body))
            });
            return Some(format!("the body of {self} is another{place}"));
        }
        let found = |pointer: &str| body.as_ref()?.pointer(pointer);
        let other = self
            .members
            .iter()
            .find(|(pointer, value)| found(pointer) != Some(value));
        other.map(|(pointer, _)| format!("the body of {self} has another value at {pointer:?}"))
    }
}

/// A JSON Pointer to the first difference between two values. Values are not quoted: one
/// may be a picture.
fn first_difference(one: &Value, other: &Value) -> String {
    let inside = |key: String, one: &Value, other: Option<&Value>| match other {
        Some(other) => format!("/{key}{}", first_difference(one, other)),
        None => format!("/{key}"),
    };
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let parted = one
                .iter()
                .find(|(key, value)| other.get(*key) != Some(value));
            match parted {
                Some((key, value)) => inside(key.clone(), value, other.get(key)),
                None => other
                    .keys()
                    .find(|key| !one.contains_key(*key))
                    .map_or_else(String::new, |key| format!("/{key}")),
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            let parted = (0..)
                .zip(one)
                .find(|(at, value)| other.get(*at) != Some(value));
            match parted {
                Some((at, value)) => inside(at.to_string(), value, other.get(at)),
                None => format!("/{}", one.len()),
            }
        }
        _ => String::new(),
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, without_secrets(&self.path))
    }
}

struct Asked<'a>(&'a http::Request<Bytes>);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.uri().path();
        write!(f, "{} {path}", self.0.method())
    }
}

impl Replay {
    /// Expects these requests, in this order.
    pub fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        Replay(Arc::new(Mutex::new(Course {
            left: exchanges.into_iter().collect(),
            asked: 0,
            faults: Vec::new(),
        })))
    }

    /// Panics unless every expected request was received, in order, and no other.
    ///
    /// # Panics
    ///
    /// The message lists the differences.
    #[track_caller]
    pub fn assert_done(&self) {
        let course = self.lock();
        let mut faults = course.faults.clone();
        faults.extend(course.left.iter().map(|left| format!("never came: {left}")));
        let asked = course.asked;
        drop(course);
        assert!(
            faults.is_empty(),
            "after {asked} request(s):\n  {}",
            faults.join("\n  ")
        );
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    /// The answer to a request. An unexpected request does not use up the expected one.
    fn take(&mut self, request: &http::Request<Bytes>) -> Result<Answer, String> {
        self.asked += 1;
        let fault = match self.left.front() {
            None => format!("expected no request, found {}", Asked(request)),
            Some(next) => match next.difference(request) {
                None => {
                    let answer = next.answer.clone();
                    self.left.pop_front();
                    return Ok(answer);
                }
                Some(difference) => difference,
            },
        };
        let fault = format!("request {}: {fault}", self.asked);
        self.faults.push(fault.clone());
        Err(fault)
    }
}

impl Transport for Replay {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Body>, TransportError> {
        let answer = self.lock().take(&request);
        // Not retried, because it would fail again.
        let answer =
            answer.map_err(|fault| TransportError::new(TransportErrorKind::Request, fault))?;
        match answer {
            Answer::Lost(kind) => Err(TransportError::new(kind, "as the replay says")),
            Answer::Says(status, headers, body) => {
                let mut answer = http::Response::new(Body::from(body));
                *answer.status_mut() = status;
                answer.headers_mut().extend(headers);
                Ok(answer)
            }
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let course = self.lock();
        f.debug_struct("Replay")
            .field("asked", &course.asked)
            .field("left", &course.left.len())
            .field("faults", &course.faults)
            .finish()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({self})")
    }
}
