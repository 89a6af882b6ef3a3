//! The control interface under `/__mock`: the methods of `Mock` over HTTP, for tests
//! in other languages. It is available in process and on a socket.
//!
//! [`table`] has every route as data. Dispatch, the list at `/__mock/routes` and the
//! document at `/__mock/openapi.json` are derived from it. Faults do not apply to these
//! requests, and they are not in the journal.

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use crate::engine::Incomplete;
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

/// The prefix of all its paths.
const PREFIX: &str = "/__mock";

/// Whether a request is for the control interface.
pub(crate) fn is_for<B>(request: &Request<B>) -> bool {
    below_prefix(request.uri().path()).is_some()
}

fn below_prefix(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(PREFIX)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The answer of a handler.
struct Answer {
    status: StatusCode,
    /// JSON, or empty.
    body: Vec<u8>,
}

impl Answer {
    fn ok(body: &impl serde::Serialize) -> Self {
        Answer::with(StatusCode::OK, body)
    }

    fn with(status: StatusCode, body: &impl serde::Serialize) -> Self {
        // Serialising these types does not fail.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Answer { status, body }
    }

    fn empty(status: StatusCode) -> Self {
        let body = Vec::new();
        Answer { status, body }
    }
}

/// Answers a control request.
pub(crate) async fn answer(
    mock: &Mock,
    token: Option<&Token>,
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let answered = dispatch(mock, token, request).await;
    written(answered, request.method())
}

/// Refuses a control request of which only the head was read.
pub(crate) fn refuse_incomplete(why: Incomplete, method: &Method) -> Response<Bytes> {
    written(Err(AdminError::incomplete(why)), method)
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
    // Answers are snapshots, and some contain keys.
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
    // A HEAD request is routed like the GET request.
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
