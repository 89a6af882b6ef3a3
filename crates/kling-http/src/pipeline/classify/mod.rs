//! Classifies an answer: a pure function of status, headers and body.

use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use kling_types::code::{ErrorClass, Remedy};
use kling_types::{ServiceError, Task, TaskState, TaskStatus, WireCode, read_json};
use serde_json::Value;

use super::LONGEST;
use crate::answer::{Content, find_task};
use crate::credentials::without_token;
use crate::error::{Error, ErrorKind};
use crate::transport::{TransportError, TransportErrorKind};

/// The result of one attempt.
#[derive(Debug)]
pub(super) enum Answer {
    /// The body of a success, whatever the HTTP status.
    Success(Content),
    /// The service refused the request, and the body gives the reason.
    Refused {
        error: ServiceError,
        retry_after: Option<Duration>,
    },
    /// An HTTP error whose body gives no reason.
    BareStatus {
        status: StatusCode,
        retry_after: Option<Duration>,
        snippet: String,
    },
    /// The answer is not from the API: a redirect or a web page.
    NotTheApi { status: StatusCode, hint: String },
    /// A success by its status, with a body that is not JSON.
    Undecodable {
        status: StatusCode,
        snippet: String,
        source: serde_json::Error,
    },
    /// No answer.
    Lost(TransportError),
    /// A part of an answer: the connection broke within the body.
    BrokeOff {
        error: TransportError,
        snippet: String,
    },
}

/// The body takes precedence over the status: HTTP 429 carries permanent errors, and a
/// gateway may send a refusal with HTTP 200. A `Retry-After` with a date is relative to
/// `now`.
pub(super) fn classify(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    is_query: bool,
    now: impl FnOnce() -> SystemTime,
) -> Answer {
    // Nearly all answers: a success that shows a task, whatever its status.
    if let Some(task) = Task::of_plain_answer(body) {
        return Answer::Success(Content::Task(task));
    }
    let retry_after = retry_after(headers, now);
    let parsed = read_json(body);
    let error = parsed
        .as_ref()
        .ok()
        .and_then(|value| ServiceError::parse(status.as_u16(), value));
    let by_status = ErrorClass::of_status(status.as_u16());
    match (parsed, error) {
        // Some gateways replace the body of a failed task with one of their own. The
        // query itself succeeded (*seen live*).
        (Ok(value), Some(_)) if is_query && status.is_success() && reports_failed_task(&value) => {
            Answer::Success(Content::Json(value))
        }
        // An answer that shows a task is about that task, whatever its code says. An
        // id without a status does not count if the code is a definite refusal.
        (Ok(value), Some(ref error))
            if status.is_success()
                && find_task(&value, None)
                    .is_some_and(|task| has_status(&task) || is_unclear(error.class())) =>
        {
            Answer::Success(Content::Json(value))
        }
        // A create that failed halfway and names its task has created one: the id of a
        // paid task must not be lost.
        (Ok(value), ref error)
            if !is_query
                && is_unclear(error.as_ref().map_or(by_status, ServiceError::class))
                && find_task(&value, None).is_some_and(|task| has_status(&task)) =>
        {
            Answer::Success(Content::Json(value))
        }
        (_, Some(error)) => Answer::Refused { error, retry_after },
        (Ok(value), None) if status.is_success() || shows_task(&value) => {
            Answer::Success(Content::Json(value))
        }
        _ if status.is_redirection() => Answer::NotTheApi {
            status,
            hint: "it is a redirect".to_owned(),
        },
        // A proxy's error page is a failure of the service. Any other page means that
        // this is not the API's address.
        (Err(_), _) if is_html(headers, body) && !is_from_proxy(status) => Answer::NotTheApi {
            status,
            hint: "it is a web page".to_owned(),
        },
        (Err(source), _) if status.is_success() => Answer::Undecodable {
            status,
            snippet: snippet(body),
            source,
        },
        _ => Answer::BareStatus {
            status,
            retry_after,
            snippet: snippet(body),
        },
    }
}

impl Answer {
    /// An answer of which only the beginning was received.
    pub(super) fn broke_off(error: TransportError, body: &[u8]) -> Answer {
        match snippet(body) {
            nothing if nothing.is_empty() => Answer::Lost(error),
            snippet => Answer::BrokeOff { error, snippet },
        }
    }

    /// Whether the service may have acted on the request.
    pub(super) fn outcome_unknown(&self) -> bool {
        match self {
            Answer::Success(_) => false,
            // A page with HTTP 200 may come from a gateway whose script crashed after
            // the create.
            Answer::NotTheApi { status, .. } => status.is_success(),
            Answer::Refused { error, .. } => is_unclear(error.class()),
            Answer::BareStatus { status, .. } => is_unclear(ErrorClass::of_status(status.as_u16())),
            Answer::Undecodable { .. } | Answer::BrokeOff { .. } => true,
            Answer::Lost(error) => error.maybe_sent(),
        }
    }

    /// Whether the same request can succeed later.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Answer::Success(_) | Answer::NotTheApi { .. } | Answer::Undecodable { .. } => false,
            Answer::Refused { error, .. } => error.class().is_retryable(true),
            Answer::BareStatus { status, .. } => {
                ErrorClass::of_status(status.as_u16()).is_retryable(true)
            }
            Answer::Lost(error) | Answer::BrokeOff { error, .. } => {
                error.kind() != TransportErrorKind::Request
            }
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Answer::Refused { retry_after, .. } | Answer::BareStatus { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// Whether the token has expired (code 1004): refused before anything was done.
    pub(super) fn is_token_expired(&self) -> bool {
        self.is_refused_as(ErrorClass::TokenExpired)
    }

    /// Whether the service was not found at its address.
    pub(super) fn is_elsewhere(&self) -> bool {
        match self {
            Answer::NotTheApi { .. } => true,
            Answer::Lost(error) => error.kind() == TransportErrorKind::Connect,
            _ => false,
        }
    }

    /// The service's own error, if there is one.
    pub(super) fn service_error(&self) -> Option<&ServiceError> {
        match self {
            Answer::Refused { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether the service is down for maintenance (code 5001). It says that nothing was
    /// done, which may be wrong.
    pub(super) fn is_maintenance(&self) -> bool {
        self.is_refused_as(ErrorClass::Maintenance)
    }

    /// Whether the account has no slot free.
    pub(super) fn is_capacity(&self) -> bool {
        self.is_refused_as(ErrorClass::Capacity)
    }

    fn is_refused_as(&self, class: ErrorClass) -> bool {
        self.service_error()
            .is_some_and(|error| error.class() == class)
    }

    /// Removes the token from the service's message, in case the message repeats it.
    pub(super) fn without(mut self, authorization: &HeaderValue) -> Self {
        let words = match &mut self {
            Answer::Refused { error, .. } => &mut error.message,
            Answer::BareStatus { snippet, .. }
            | Answer::Undecodable { snippet, .. }
            | Answer::BrokeOff { snippet, .. } => snippet,
            _ => return self,
        };
        *words = without_token(words, authorization);
        self
    }

    pub(super) fn into_error(self) -> Error {
        match self {
            // Only called for failures.
            Answer::Success(_) => Error::new(ErrorKind::Decode, "the answer makes no sense"),
            Answer::Refused { error, retry_after } => {
                let class = error.class();
                Error::service(error, class).with_retry_after(retry_after)
            }
            Answer::BareStatus {
                status,
                retry_after,
                snippet,
            } => {
                let bare = ServiceError::of_status(status.as_u16(), snippet);
                let class = ErrorClass::of_status(status.as_u16());
                Error::service(bare, class).with_retry_after(retry_after)
            }
            Answer::NotTheApi { status, hint } => {
                let text = format!(
                    "no API answers at this address ({hint}, HTTP {}): check the base URL",
                    status.as_u16()
                );
                Error::new(ErrorKind::Config, text).with_status(status)
            }
            Answer::Undecodable {
                status,
                snippet,
                source,
            } => {
                let text = match snippet.as_str() {
                    "" => "the service's answer is empty".to_owned(),
                    snippet => format!("the service's answer is no JSON: {snippet:?}"),
                };
                Error::new(ErrorKind::Decode, text)
                    .with_status(status)
                    .with_source(source)
            }
            Answer::Lost(error) => Error::transport(error),
            // It may contain the id of a task.
            Answer::BrokeOff { error, snippet } => {
                let note = format!("of the answer came no more than {snippet:?}");
                Error::transport(error).with_note(&note)
            }
        }
    }
}

fn has_status(task: &Task) -> bool {
    !task.status.as_str().is_empty()
}

/// Whether it is unknown if the request had an effect.
fn is_unclear(class: ErrorClass) -> bool {
    class.remedy() == Remedy::CheckOutcome
}

/// Whether a body with a code of success shows a task, which then counts whatever the
/// status.
fn shows_task(body: &Value) -> bool {
    body.get("code").is_some_and(|code| !code.is_null()) && find_task(body, None).is_some()
}

/// Whether a body reports a failed task. The word `error`, elsewhere a synonym, is
/// excluded because here it more likely means that the query failed. So is a body
/// whose code is an error.
fn reports_failed_task(body: &Value) -> bool {
    let code = match body.get("code") {
        None | Some(Value::Null) => WireCode::OK,
        Some(Value::String(text)) => WireCode::Text(text.clone()),
        Some(code) => WireCode::Number(code.as_i64().unwrap_or(i64::MAX)),
    };
    if !code.is_success() {
        return false;
    }
    let word = body.get("status").and_then(Value::as_str).unwrap_or("");
    !word.eq_ignore_ascii_case("error") && TaskStatus::from(word).state() == TaskState::Failed
}

/// Whether a page with this status probably comes from a proxy in front of the API
/// (overload, rate limit, challenge), so that the address may be right.
fn is_from_proxy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 403 | 408 | 429 | 500..=599)
}

/// Some servers declare everything as HTML, so a body that is empty or begins like JSON
/// is not taken for a page.
fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        });
    match body.trim_ascii_start().first() {
        Some(b'<') => true,
        Some(b'{' | b'[') | None => false,
        Some(_) => declared,
    }
}

/// `Retry-After`, in seconds or as a date, capped at [`LONGEST`]. Kling has not been seen
/// to send one.
fn retry_after(headers: &HeaderMap, now: impl FnOnce() -> SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if is_number {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        // A date in the past means no wait.
        let date = httpdate::parse_http_date(text).ok()?;
        date.duration_since(now()).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

/// The beginning of a body, on one line.
fn snippet(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
