//! Receiving the callbacks that the service posts to a `callback_url`.
//!
//! A [`Receiver`] turns headers and body into a [`Delivery`]: signature checked
//! (Standard Webhooks, *documented* for Kling since 2026-08-07), body read in any
//! of its shapes. It knows no HTTP server; the feature `axum` adds `axum_route`,
//! ready to be mounted.
//!
//! ```
//! use kling_http::webhook::{Receiver, Secret, Signer, Verification};
//! use std::time::{Duration, SystemTime};
//!
//! let secret = Secret::parse("whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=")?;
//! let receiver = Receiver::new([secret.clone()]);
//!
//! // What the service would send at this time:
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_781_080_794);
//! let body = br#"{"task_id": "7", "task_status": "processing"}"#;
//! let headers = Signer::new(secret).sign("delivery-1", now, body)?;
//!
//! let delivery = receiver.receive(&headers, body, now)?;
//! assert_eq!(delivery.verification(), Verification::Verified);
//! assert_eq!(delivery.callback().task().id.as_str(), "7");
//!
//! // With a secret set, a delivery that nobody signed is refused.
//! assert!(receiver.receive(&Default::default(), body, now).is_err());
//! # Ok::<(), kling_http::webhook::WebhookError>(())
//! ```
//!
//! # What to do with a delivery
//!
//! Wake the waiter ([`Effects::notify`](crate::Effects::notify)), or query the
//! task: its body may be late, doubled or, where nothing is signed, forged.
//! CometAPI documents no signature; there a token of your own in the callback
//! URL tells who is calling. Answer duplicates with 200 as well: whoever gets
//! another answer sends again.

#[cfg(feature = "axum")]
mod axum;
mod error;
mod signature;

use std::fmt;
use std::time::SystemTime;

use http::HeaderMap;
use kling_types::TaskCallback;

#[cfg(feature = "axum")]
pub use self::axum::axum_route;
pub use error::WebhookError;
pub use signature::{Secret, Signer};

/// The longest body that is read unless another limit is set. A callback is a
/// task with a few addresses: a few KiB.
const BODY_LIMIT: usize = 256 * 1024;

/// Checks and reads deliveries.
#[derive(Debug, Clone)]
pub struct Receiver {
    secrets: Vec<Secret>,
    body_limit: usize,
}

/// Whether a delivery is the service's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verification {
    /// It was signed with one of the receiver's secrets, within five minutes.
    Verified,
    /// It was not signed, and the receiver has no secret: anybody may have sent
    /// it.
    Unsigned,
    /// It was signed, but the receiver has no secret to check that with:
    /// anybody may have sent it.
    Unchecked,
}

/// A callback that was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    callback: TaskCallback,
    verification: Verification,
    id: Option<String>,
}

impl Receiver {
    /// Accepts what is signed with one of these secrets, and nothing else. More
    /// than one is for a rotation: the old secret goes on to sign for seven days
    /// (*documented*).
    ///
    /// Without any secret it accepts everything, marked as not verified.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Receiver {
            secrets: secrets.into_iter().collect(),
            body_limit: BODY_LIMIT,
        }
    }

    /// Accepts everything, marked as not verified: for providers that sign
    /// nothing.
    pub fn unsigned() -> Self {
        Receiver::new([])
    }

    /// Refuses bodies of more bytes; 256 KiB by default.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The most bytes that a body may have.
    pub fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// Checks and reads one delivery. `body` is the body as it came, byte for
    /// byte: JSON that was read and written again has another signature.
    pub fn receive(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Delivery, WebhookError> {
        if body.len() > self.body_limit {
            return Err(WebhookError::TooLarge {
                limit: self.body_limit,
            });
        }
        let verification = if !self.secrets.is_empty() {
            signature::verify(&self.secrets, headers, body, now)?;
            Verification::Verified
        } else if headers.contains_key(signature::SIGNATURE) {
            Verification::Unchecked
        } else {
            Verification::Unsigned
        };
        let callback = TaskCallback::from_slice(body).map_err(WebhookError::Body)?;
        let id = headers.get(signature::ID).and_then(|id| id.to_str().ok());
        Ok(Delivery {
            callback,
            verification,
            id: id.map(str::to_owned),
        })
    }
}

impl Delivery {
    /// What the service says.
    pub fn callback(&self) -> &TaskCallback {
        &self.callback
    }

    /// The same, owned.
    pub fn into_callback(self) -> TaskCallback {
        self.callback
    }

    /// Whether it is the service's own.
    pub fn verification(&self) -> Verification {
        self.verification
    }

    /// The `webhook-id` header. Two deliveries of one change should share it;
    /// whether the service's do is not known, so do not build on it.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verification::Verified => "verified",
            Verification::Unsigned => "unsigned",
            Verification::Unchecked => "unchecked",
        })
    }
}
