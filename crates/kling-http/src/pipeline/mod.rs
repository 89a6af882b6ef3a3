//! One call, in one fixed order:
//!
//! ```text
//! deadline [ retry [ sign → build → attempt timeout → send → read → classify ] ] → decode
//! ```
//!
//! A token that the service calls expired is signed again, once, within the number of
//! attempts. The order is a function, not a stack of layers, so that it can't be
//! assembled wrongly. Validation comes before (it concerns creates only), decoding
//! after.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use kling_types::read_json;
use tokio::time::{Instant, sleep, timeout};

use crate::answer::Content;
use crate::client::{Client, Settings};
use crate::error::{Error, Result, Retryability};
use crate::notice::Notice;
use crate::trace;
use crate::transport::{Collected, Operation, Transport as _, TransportError};

mod classify;
mod retry;
mod timeouts;

use classify::{Answer, classify};
pub use retry::RetryPolicy;
use retry::{Decision, decide};
pub use timeouts::Timeouts;

/// The largest JSON answer that is read: a page of 500 tasks has about 0.5 MB.
const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

/// The upper bound of every configured duration: a longer one would overflow the clock.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A call to make.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

/// A failed call.
pub(crate) struct CallFailure {
    pub(crate) error: Error,
    /// Whether the service may have acted on it nevertheless.
    pub(crate) outcome_unknown: bool,
    /// An earlier attempt was answered with "down for maintenance".
    pub(crate) maintenance_before: bool,
}

impl From<Error> for CallFailure {
    fn from(error: Error) -> Self {
        CallFailure {
            error,
            outcome_unknown: false,
            maintenance_before: false,
        }
    }
}

/// Makes a call. What is safe to repeat is retried, within the policy; what is not
/// comes back with `outcome_unknown`.
pub(crate) async fn execute(
    client: &Client,
    call: &Call,
) -> std::result::Result<Content, CallFailure> {
    let settings = client.settings();
    let idempotent = call.method == Method::GET;
    let timeouts = settings.timeouts.for_body(call.body.len());
    // A query uses whatever time is left. A create gets the whole time of an attempt or
    // is not started: cut short, it may still have arrived.
    let needed = if idempotent {
        Duration::ZERO
    } else {
        timeouts.attempt
    };
    let deadline = Instant::now() + timeouts.deadline;
    let remaining = || deadline.saturating_duration_since(Instant::now());
    let url = settings.provider.url(&call.path)?;
    let mut signed_again = false;
    let mut maintenance_before = false;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let authorization = settings.credentials.authorization(settings.clock.now())?;
        let operation = Operation {
            name: call.name,
            idempotent,
            attempt,
        };
        let request = build(call, &url, &authorization, operation);
        let limit = timeouts.attempt.min(remaining());
        let failure = match send(settings, request, operation, limit).await {
            Answer::Success(content) => return Ok(content),
            failure => failure.without(&authorization),
        };

        let renewed = failure.is_token_expired() && settings.credentials.renew(&authorization);
        let may_sign_again = renewed && !signed_again && attempt < settings.retry.max_attempts;
        let wait = if may_sign_again {
            signed_again = true;
            Some(Duration::ZERO)
        } else {
            let chance = settings.jitter.sample();
            match decide(&failure, idempotent, attempt, &settings.retry, chance) {
                Decision::Stop => None,
                Decision::RetryAfter(wait) => Some(wait),
            }
        };
        let is_temporary = failure.is_temporary();
        let is_maintenance = failure.is_maintenance();
        let outcome_unknown = !idempotent && failure.outcome_unknown();
        let is_elsewhere = failure.is_elsewhere();
        let mut error = failure.into_error().with_attempts(attempt);
        if is_elsewhere {
            // The address may be the wrong one.
            error = error.with_note(&settings.provider.asked());
        }
        // No wait that would leave no time for another attempt.
        if let Some(wait) = wait.filter(|wait| wait.saturating_add(needed) < remaining()) {
            client.observer().notify(&if may_sign_again {
                Notice::TokenExpired
            } else {
                Notice::Retry {
                    operation: call.name,
                    error: &error,
                    wait,
                }
            });
            maintenance_before |= is_maintenance;
            sleep(wait).await;
            continue;
        }
        let retryability = match is_temporary {
            false => Retryability::Permanent,
            true if wait.is_some() || attempt >= settings.retry.max_attempts => {
                Retryability::Exhausted
            }
            true => Retryability::Temporary,
        };
        trace::call_failed(&error);
        return Err(CallFailure {
            outcome_unknown,
            maintenance_before,
            error: error.with_retryability(retryability),
        });
    }
}

fn build(
    call: &Call,
    url: &Uri,
    authorization: &HeaderValue,
    operation: Operation,
) -> http::Request<Bytes> {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let mut request = http::Request::new(call.body.clone());
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = url.clone();
    let headers = request.headers_mut();
    headers.insert(ACCEPT, JSON);
    // Explicit, because without it any coding is allowed (RFC 9110, 12.5.3), and an answer
    // that can't be read may hold the id of a paid task.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if !call.body.is_empty() {
        headers.insert(CONTENT_TYPE, JSON);
    }
    headers.insert(AUTHORIZATION, authorization.clone());
    request.extensions_mut().insert(operation);
    request
}

/// One attempt.
async fn send(
    settings: &Settings,
    request: http::Request<Bytes>,
    operation: Operation,
    limit: Duration,
) -> Answer {
    let span = trace::Span::request(&operation);
    let (status, headers, body) = match span.run(receive(settings, request, limit)).await {
        Ok(received) => received,
        Err(answer) => return answer,
    };
    let now = || settings.clock.now();
    let answer = classify(status, &headers, &body, operation.idempotent, now);
    let error = answer.service_error();
    span.answered(
        status.as_u16(),
        error.and_then(|error| error.code),
        error.and_then(|error| error.request_id.as_deref()),
    );
    answer
}

/// Sends the request and reads the whole answer, within `limit`.
async fn receive(
    settings: &Settings,
    request: http::Request<Bytes>,
    limit: Duration,
) -> std::result::Result<(StatusCode, HeaderMap, Bytes), Answer> {
    let (mut status, mut headers) = <(StatusCode, HeaderMap)>::default();
    let mut body = Collected::default();
    let exchange = async {
        let answer = settings.transport.send(request).await?;
        let (parts, rest) = answer.into_parts();
        (status, headers) = (parts.status, parts.headers);
        rest.collect_into(&mut body, ANSWER_LIMIT).await
    };
    let ended = timeout(limit, exchange).await;
    let ended = ended.unwrap_or_else(|_| Err(TransportError::timeout(limit)));
    let body = body.into_bytes();
    match ended {
        // An answer that came whole counts, however its connection ended: it may hold
        // the id of a task that is paid for.
        Err(error) if !is_whole(&body) => Err(Answer::broke_off(error, &body)),
        _ => Ok((status, headers, body)),
    }
}

/// Whether a body is complete: a JSON object shows its end.
fn is_whole(body: &[u8]) -> bool {
    read_json(body).is_ok_and(|value| value.is_object())
}

/// Makes a call that is safe to repeat.
pub(crate) async fn query(client: &Client, call: &Call) -> Result<Content> {
    execute(client, call).await.map_err(|failure| failure.error)
}
