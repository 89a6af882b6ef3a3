//! The control interface under `/__mock`: the methods of `Mock` over HTTP, for tests
//! in other languages. It is available in process and on a socket.
//!
//! [`table`] has every route as data; what answers a request, the list at
//! `/__mock/routes` and the document at `/__mock/openapi.json` follow from it.
//! No fault acts here, and nothing of it is in the journal.

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use crate::engine::Unread;
use crate::mock::Mock;

mod account;
mod error;
mod handlers;
mod input;
mod openapi;
mod table;
mod token;

use error::AdminError;
use input::Call;
use table::{ROUTES, Route, Run};
pub(crate) use token::Token;

/// What all its paths begin with.
const PREFIX: &str = "/__mock";

/// Whether a request is for the mock itself.
pub(crate) fn is_for<B>(request: &Request<B>) -> bool {
    below_prefix(request.uri().path()).is_some()
}

fn below_prefix(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(PREFIX)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// What a handler has to say.
struct Answer {
    status: StatusCode,
    /// JSON; nothing if there is nothing to say.
    body: Vec<u8>,
}

impl Answer {
    fn ok(body: &impl serde::Serialize) -> Self {
        Answer::with(StatusCode::OK, body)
    }

    fn with(status: StatusCode, body: &impl serde::Serialize) -> Self {
        // What answers are made of always has a JSON form.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Answer { status, body }
    }

    fn empty(status: StatusCode) -> Self {
        let body = Vec::new();
        Answer { status, body }
    }
}

/// Answers a request to the mock itself.
pub(crate) async fn answer(
    mock: &Mock,
    token: Option<&Token>,
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let answered = dispatch(mock, token, request).await;
    written(answered, request.method())
}

/// Refuses a request to the mock itself of which there is no more than the head.
pub(crate) fn refuse_unread(why: Unread, method: &Method) -> Response<Bytes> {
    written(Err(AdminError::unread(why)), method)
}

fn written(answered: Result<Answer, AdminError>, method: &Method) -> Response<Bytes> {
    let is_head = *method == Method::HEAD;
    let (Answer { status, body }, error) = match answered {
        Ok(answer) => (answer, None),
        Err(error) => (Answer::with(error.status, &error), Some(error)),
    };
    let mut answer = Response::new(if is_head { Bytes::new() } else { body.into() });
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    // Answers tell of a moment, and some have keys in them.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status != StatusCode::NO_CONTENT && status != StatusCode::ACCEPTED {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(allow) = error.and_then(|error| HeaderValue::from_str(&error.allow?).ok()) {
        headers.insert(ALLOW, allow);
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer
}

async fn dispatch(
    mock: &Mock,
    token: Option<&Token>,
    request: &Request<Bytes>,
) -> Result<Answer, AdminError> {
    let path = below_prefix(request.uri().path()).unwrap_or_default();
    let here: Vec<(&Route, String)> = ROUTES
        .iter()
        .filter_map(|route| Some((route, route.matches(path)?)))
        .collect();
    // Both forms of a probe are one question.
    let method = match request.method() {
        &Method::HEAD => &Method::GET,
        method => method,
    };
    let found = here.iter().find(|(route, _)| route.method == *method);
    let is_open = found.is_some_and(|(route, _)| route.is_open);
    if let Some(token) = token.filter(|_| !is_open) {
        let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
        token.check(header(AUTHORIZATION.as_str()), header("x-mock-token"))?;
    }
    let Some((route, id)) = found else {
        return Err(match here.as_slice() {
            [] => AdminError::unknown_path(path),
            here => AdminError::method_not_allowed(here.iter().map(|(route, _)| &route.method)),
        });
    };
    let call = Call::read(mock, route, id, request)?;
    match route.run {
        Run::Now(handler) => handler(&call),
        Run::Later(handler) => handler(&call).await,
    }
}
