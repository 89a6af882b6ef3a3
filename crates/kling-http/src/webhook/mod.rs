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
//! Wake the waiter ([`Effects::notify`](crate::Effects::notify)), or query the task: a
//! delivery may be late, duplicated or, if it is not signed, forged. CometAPI documents
//! no signature; there, put a secret token into the callback URL to authenticate the
//! caller. Answer duplicates with 200 as well, or they are sent again.

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

/// The default limit of a body. A callback is a task with a few URLs: a few KiB.
const BODY_LIMIT: usize = 256 * 1024;

/// Checks and reads deliveries.
#[derive(Debug, Clone)]
pub struct Receiver {
    secrets: Vec<Secret>,
    body_limit: usize,
}

/// Whether a delivery is known to come from the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verification {
    /// It was signed with one of the receiver's secrets, within five minutes.
    Verified,
    /// It was not signed, and the receiver has no secret: anybody may have sent it.
    Unsigned,
    /// It was signed, but the receiver has no secret to verify the signature: anybody
    /// may have sent it.
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
    /// Accepts only deliveries that are signed with one of these secrets. Pass two during
    /// a rotation: the old secret stays in use for seven days (*documented*).
    ///
    /// Without any secret, it accepts everything, marked as not verified.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Receiver {
            secrets: secrets.into_iter().collect(),
            body_limit: BODY_LIMIT,
        }
    }

    /// Accepts everything, marked as not verified: for providers without signatures.
    pub fn unsigned() -> Self {
        Receiver::new([])
    }

    /// Sets the limit of a body in bytes; 256 KiB by default.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The limit of a body in bytes.
    pub fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// Verifies and parses one delivery. `body` must be the raw bytes: JSON that was
    /// parsed and serialised again has a different signature.
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
    /// The callback.
    pub fn callback(&self) -> &TaskCallback {
        &self.callback
    }

    /// The callback, owned.
    pub fn into_callback(self) -> TaskCallback {
        self.callback
    }

    /// Whether it is known to come from the service.
    pub fn verification(&self) -> Verification {
        self.verification
    }

    /// The `webhook-id` header. Repeated deliveries of one change should share it;
    /// whether the service's do is not known, so do not rely on it.
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
