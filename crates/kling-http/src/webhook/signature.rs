//! Standard Webhooks: `webhook-signature` is a list of `v1,` and the base64 of
//! HMAC-SHA256 over `{id}.{timestamp}.{body}` (*documented*).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq as _;

use super::WebhookError;

pub(super) const ID: &str = standardwebhooks::HEADER_WEBHOOK_ID;
const TIMESTAMP: &str = standardwebhooks::HEADER_WEBHOOK_TIMESTAMP;
pub(super) const SIGNATURE: &str = standardwebhooks::HEADER_WEBHOOK_SIGNATURE;

/// The largest difference between a signature's timestamp and the receiver's clock, in
/// seconds (*documented*).
const TOLERANCE: u64 = 300;

/// The maximum number of signatures of a delivery that are checked. There are two during
/// a rotation; a long list is an attempt to waste time.
const SIGNATURES: usize = 16;

/// The key with which deliveries are signed, as shown in the service's console. `Debug`
/// does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Parses `whsec_` and base64; the prefix is optional.
    pub fn parse(text: &str) -> Result<Self, WebhookError> {
        let text = text.trim();
        let key = text.strip_prefix("whsec_").unwrap_or(text);
        match Webhook::new(key) {
            Ok(_) if !key.is_empty() => Ok(Secret(key.to_owned())),
            _ => Err(WebhookError::Secret),
        }
    }

    /// `v1,` and base64.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<String, WebhookError> {
        let webhook = Webhook::new(&self.0).map_err(|_| WebhookError::Secret)?;
        // It fails on a body that is not UTF-8, which is no JSON either.
        let signature = webhook.sign(id, timestamp, body);
        signature.map_err(|_| WebhookError::Signature)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Verifies that one of the secrets signed this. The verification of `standardwebhooks`
/// reads the system clock, so only its signing is used.
pub(super) fn verify(
    secrets: &[Secret],
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Result<(), WebhookError> {
    let text = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(WebhookError::Header(name))
    };
    let (id, timestamp, signatures) = (text(ID)?, text(TIMESTAMP)?, text(SIGNATURE)?);
    // Only the canonical form of a number: the header's text is signed, and `+1` or `01`
    // would be signed as `1`.
    let signed_at: i64 = timestamp.parse().map_err(|_| WebhookError::Timestamp)?;
    if signed_at.to_string() != timestamp {
        return Err(WebhookError::Timestamp);
    }
    let now = seconds(now);
    if now.abs_diff(signed_at) > TOLERANCE {
        let age = now.saturating_sub(signed_at);
        return Err(WebhookError::Expired { age });
    }
    let mut fits = false;
    for secret in secrets {
        let expected = secret.sign(id, signed_at, body)?;
        for given in signatures.split(' ').take(SIGNATURES) {
            fits |= bool::from(given.as_bytes().ct_eq(expected.as_bytes()));
        }
    }
    fits.then_some(()).ok_or(WebhookError::Signature)
}

/// Whole seconds since 1970.
fn seconds(time: SystemTime) -> i64 {
    let after = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(after.as_secs()).unwrap_or(i64::MAX)
}

/// Signs deliveries as the service does, for tests of a receiver.
#[derive(Debug, Clone)]
pub struct Signer(Secret);

impl Signer {
    /// Signs with this secret.
    pub fn new(secret: Secret) -> Self {
        Signer(secret)
    }

    /// The three headers of a signed delivery. An id is visible ASCII, and a
    /// body is UTF-8.
    pub fn sign(&self, id: &str, now: SystemTime, body: &[u8]) -> Result<HeaderMap, WebhookError> {
        let timestamp = seconds(now);
        let signature = self.0.sign(id, timestamp, body)?;
        let mut headers = HeaderMap::new();
        let values = [
            (ID, id.to_owned()),
            (TIMESTAMP, timestamp.to_string()),
            (SIGNATURE, signature),
        ];
        for (name, value) in values {
            let value = HeaderValue::try_from(value).map_err(|_| WebhookError::Header(name))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}
