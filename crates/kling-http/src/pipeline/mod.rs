//! One call, in one fixed order:
//!
//! ```text
//! build → deadline [ retry [ sign → attempt timeout → send → read → classify ] ] → decode
//! ```
//!
//! The order is a function, not a stack of layers, so that it can't be put
//! together wrong. Validation comes before (it concerns creates only), decoding
//! after.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::client::Settings;
use crate::error::{Error, ErrorKind, Result, Retryability};
use crate::transport::{Operation, Transport as _, TransportError, TransportErrorKind};

mod classify;
mod retry;

use classify::{Answer, classify};
pub use retry::RetryPolicy;
use retry::{Decision, decide};

/// The longest JSON answer that is read: a page of 500 tasks has about 0.5 MB.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

/// The longest time that anything may be told to take. Further off lies what
/// no clock can count to.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long one call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// One try, from the first byte sent to the last one read.
    pub attempt: Duration,
    /// All tries of one call, with the waits between them.
    pub deadline: Duration,
}

impl Default for Timeouts {
    /// One minute a try, five minutes a call: a create carries up to 27 MB of
    /// base64, and a full account is worth a wait.
    fn default() -> Self {
        Timeouts {
            attempt: Duration::from_secs(60),
            deadline: Duration::from_secs(300),
        }
    }
}

impl Timeouts {
    /// Refuses timeouts that would end every try at once, or allow but one.
    pub(crate) fn check(&self) -> Result<()> {
        let text = if self.attempt.is_zero() {
            "the timeout of an attempt must be longer than nothing"
        } else if self.attempt >= self.deadline {
            "the timeout of an attempt must be shorter than the deadline of the call: \
             otherwise nothing is ever tried again"
        } else if self.deadline > LONGEST {
            "the deadline of a call must be at most a year"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Config, text))
    }
}

/// A call to be made.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

/// Why a call brought nothing.
pub(crate) struct CallFailure {
    pub(crate) error: Error,
    /// Whether the service may have acted on it all the same.
    pub(crate) outcome_unknown: bool,
}

impl From<Error> for CallFailure {
    fn from(error: Error) -> Self {
        CallFailure {
            error,
            outcome_unknown: false,
        }
    }
}

/// Makes a call. Whatever may be repeated without harm is repeated, within the
/// policy; whatever may not comes back with `outcome_unknown`.
pub(crate) async fn execute(
    settings: &Settings,
    call: &Call,
) -> std::result::Result<Value, CallFailure> {
    let idempotent = call.method == Method::GET;
    let deadline = Instant::now() + settings.timeouts.deadline;
    let url = settings.provider.url(&call.path)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let mut request = http::Request::new(call.body.clone());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.clone();
        let headers = request.headers_mut();
        headers.insert(
            ACCEPT,
            const { http::HeaderValue::from_static("application/json") },
        );
        if !call.body.is_empty() {
            headers.insert(
                CONTENT_TYPE,
                const { http::HeaderValue::from_static("application/json") },
            );
        }
        headers.insert(AUTHORIZATION, settings.credentials.authorization()?);
        request.extensions_mut().insert(Operation {
            name: call.name,
            idempotent,
            attempt,
        });

        let remaining = deadline.saturating_duration_since(Instant::now());
        let limit = settings.timeouts.attempt.min(remaining);
        let answer = match timeout(limit, send(settings, request)).await {
            Ok(Ok((status, headers, body))) => classify(status, &headers, &body, idempotent),
            Ok(Err(error)) => Answer::Lost(error),
            Err(_) => {
                let text = format!("no answer within {} s", limit.as_secs_f32());
                Answer::Lost(TransportError::new(TransportErrorKind::Timeout, text))
            }
        };
        let failure = match answer {
            Answer::Success(value) => return Ok(value),
            failure => failure,
        };

        let decision = decide(
            &failure,
            idempotent,
            attempt,
            &settings.retry,
            fastrand::f64(),
        );
        let wait = match decision {
            Decision::Stop => None,
            Decision::RetryAfter(wait) => Some(wait),
        };
        // A wait that would end after the deadline is not begun.
        let remaining = deadline.saturating_duration_since(Instant::now());
        if let Some(wait) = wait.filter(|wait| *wait < remaining) {
            sleep(wait).await;
            continue;
        }
        let retryability = match failure.is_temporary() {
            false => Retryability::Permanent,
            true if wait.is_some() || attempt >= settings.retry.max_attempts => {
                Retryability::Exhausted
            }
            true => Retryability::Temporary,
        };
        return Err(CallFailure {
            outcome_unknown: !idempotent && failure.outcome_unknown(),
            error: failure
                .into_error()
                .with_attempts(attempt)
                .with_retryability(retryability),
        });
    }
}

async fn send(
    settings: &Settings,
    request: http::Request<Bytes>,
) -> std::result::Result<(StatusCode, HeaderMap, Bytes), TransportError> {
    let (parts, body) = settings.transport.send(request).await?.into_parts();
    let body = body.collect(ANSWER_LIMIT).await?;
    Ok((parts.status, parts.headers, body))
}

/// Makes a call that may be repeated without harm.
pub(crate) async fn query(settings: &Settings, call: &Call) -> Result<Value> {
    execute(settings, call)
        .await
        .map_err(|failure| failure.error)
}
