//! `WebhookError`: why a delivery is rejected.

use std::fmt;

use http::StatusCode;
use kling_types::callback::ReadCallbackError;

/// Why a delivery, or a secret, is not accepted. Shows neither secrets nor
/// signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// A secret is not `whsec_` and base64.
    Secret,
    /// The receiver has a secret, and this header is missing or not text: the
    /// delivery is not signed.
    Header(&'static str),
    /// `webhook-timestamp` is not a whole number of seconds since 1970.
    Timestamp,
    /// The timestamp is more than five minutes in the past or in the future: a replay,
    /// or a wrong clock.
    Expired {
        /// How many seconds ago; negative if it is in the future.
        age: i64,
    },
    /// No signature matches.
    Signature,
    /// The body exceeds the receiver's limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection broke within the body.
    Broken,
    /// The body is not a callback about a task.
    Body(ReadCallbackError),
}

impl WebhookError {
    /// What to answer: 401 where it may be somebody else's, 413 if it is too
    /// long, 400 if it can't be read, 500 if the secret is at fault.
    pub fn status(&self) -> StatusCode {
        match self {
            WebhookError::Header(_)
            | WebhookError::Timestamp
            | WebhookError::Expired { .. }
            | WebhookError::Signature => StatusCode::UNAUTHORIZED,
            WebhookError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            WebhookError::Broken | WebhookError::Body(_) => StatusCode::BAD_REQUEST,
            WebhookError::Secret => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WebhookError::Secret => f.write_str("a webhook secret is `whsec_` and base64"),
            WebhookError::Header(name) => write!(
                f,
                "the delivery is not signed: the header {name} is missing or not text"
            ),
            WebhookError::Timestamp => {
                f.write_str("the header webhook-timestamp is not a number of seconds since 1970")
            }
            WebhookError::Expired { age } if *age < 0 => write!(
                f,
                "the delivery is dated {} s ahead, and 300 s are allowed: check the clock",
                age.unsigned_abs()
            ),
            WebhookError::Expired { age } => write!(
                f,
                "the delivery is {age} s old, and 300 s are allowed: a replay, or a wrong clock"
            ),
            WebhookError::Signature => {
                f.write_str("no signature fits: another secret, or the body is not as it was sent")
            }
            WebhookError::TooLarge { limit } => {
                write!(f, "the body has more than {limit} bytes")
            }
            WebhookError::Broken => f.write_str("the body broke off"),
            WebhookError::Body(_) => f.write_str("the body is no callback about a task"),
        }
    }
}

impl std::error::Error for WebhookError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            WebhookError::Body(error) => Some(error),
            _ => None,
        }
    }
}
