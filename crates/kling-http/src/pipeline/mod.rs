//! One call, in one fixed order:
//!
//! ```text
//! deadline [ retry [ sign → build → attempt timeout → send → read → classify ] ] → decode
//! ```
//!
//! If the service says that the token has expired, it is renewed and the request is
//! retried, once, within the maximum number of attempts. The order is a function, not a
//! stack of layers, so that it can't be assembled in a wrong order. Validation comes before
//! it (creates only), decoding after it.

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

/// The limit of every configured duration, so that adding it to a time can't overflow.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A call to make.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

/// Why a call failed.
pub(crate) struct CallFailure {
    pub(crate) error: Error,
    /// Whether the service may have acted on the request.
    pub(crate) outcome_unknown: bool,
    /// An earlier attempt was answered with code 5001 ("maintenance").
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

/// Makes a call. What is safe to repeat is retried, within the policy; a create that may
/// have had an effect fails with `outcome_unknown`.
pub(crate) async fn execute(
    client: &Client,
    call: &Call,
) -> std::result::Result<Content, CallFailure> {
    let settings = client.settings();
    let idempotent = call.method == Method::GET;
    let timeouts = settings.timeouts.for_body(call.body.len());
    // A query uses whatever time is left. A create is not started without the time for a
    // whole attempt, because one that is cut short may have arrived.
    let needed = if idempotent {
        Duration::ZERO
    } else {
        timeouts.attempt
    };
    let deadline = Instant::now() + timeouts.deadline;
    let remaining = || deadline.saturating_duration_since(Instant::now());
    let url = settings.provider.url(&call.path)?;
    let mut has_renewed = false;
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
        let may_renew = renewed && !has_renewed && attempt < settings.retry.max_attempts;
        let wait = if may_renew {
            has_renewed = true;
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
            // The base URL may be wrong, so name it.
            error = error.with_note(&settings.provider.asked());
        }
        // Do not wait if no time would be left for another attempt.
        if let Some(wait) = wait.filter(|wait| wait.saturating_add(needed) < remaining()) {
            client.observer().notify(&if may_renew {
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
    // Without this header any coding is allowed (RFC 9110, 12.5.3), and an unreadable
    // answer may contain the id of a paid task.
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

/// A complete answer, or the failure in place of one.
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
        // A complete answer counts, however its connection ended: it may contain the
        // id of a paid task.
        Err(error) if !is_whole(&body) => Err(Answer::broke_off(error, &body)),
        _ => Ok((status, headers, body)),
    }
}

/// Whether the body is complete: the end of a JSON object can be seen.
fn is_whole(body: &[u8]) -> bool {
    read_json(body).is_ok_and(|value| value.is_object())
}

/// Makes a call that is safe to repeat.
pub(crate) async fn query(client: &Client, call: &Call) -> Result<Content> {
    execute(client, call).await.map_err(|failure| failure.error)
}
