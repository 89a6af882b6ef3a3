//! Signatures of callbacks, after Standard Webhooks (*documented*).
//!
//! Implemented with `hmac`, which tokens need anyway. The client verifies with the
//! crate `standardwebhooks`, so tests compare two independent implementations.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::Mac as _;
use kling_types::UnixMillis;
use sha2::{Digest as _, Sha256};

use crate::auth::hmac_sha256;

/// The prefix of a secret.
const PREFIX: &str = "whsec_";

/// How long the old secret also signs after a standard rotation (*documented*).
const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The age of a stale timestamp: well beyond the documented tolerance of five minutes.
const STALE_SECONDS: i64 = 600;

/// The key with which callbacks are signed. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    #[cfg(test)]
    pub(crate) fn from_bytes(key: [u8; 32]) -> Self {
        WebhookSecret(key.to_vec())
    }

    /// Parses `whsec_` followed by base64; the prefix may be missing.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let key = BASE64_STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text));
        match key {
            Ok(key) if !key.is_empty() => Ok(WebhookSecret(key)),
            _ => Err("a webhook secret is 'whsec_' followed by base64".to_owned()),
        }
    }

    /// The secret as text.
    pub(crate) fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.0)
            .chain_update(format!("{id}.{seconds}."))
            .chain_update(body)
            .finalize()
            .into_bytes()
            .into()
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// What happens to the old secret in a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// It also signs for seven days, in addition to the new one.
    Standard,
    /// It stops signing at once.
    Emergency,
}

/// An account's secrets; none at first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Secrets {
    current: Option<WebhookSecret>,
    /// And when it ends.
    previous: Option<(WebhookSecret, UnixMillis)>,
}

/// How a fault makes a signature invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgery {
    BadSignature,
    StaleTimestamp,
    WrongSecret,
    NoHeaders,
}

/// The three headers of a signed callback, by name.
pub(crate) type SignatureHeaders = [(&'static str, String); 3];

impl Secrets {
    /// Makes `new` the current secret; the first one is a rotation of nothing.
    ///
    /// A previous secret that is still valid ends (*inferred*: the console knows one
    /// previous secret).
    pub(crate) fn rotate(&mut self, new: WebhookSecret, rotation: Rotation, now: UnixMillis) {
        let old = self.current.replace(new);
        self.previous = match rotation {
            Rotation::Standard => old.map(|old| (old, now.saturating_add(GRACE))),
            Rotation::Emergency => None,
        };
    }

    pub(crate) fn current(&self) -> Option<&WebhookSecret> {
        self.current.as_ref()
    }

    /// The secrets that sign at this time, the current one first.
    pub(crate) fn active(&self, now: UnixMillis) -> impl Iterator<Item = &WebhookSecret> {
        let previous = self.previous.as_ref().filter(|(_, end)| now < *end);
        self.current
            .iter()
            .chain(previous.map(|(secret, _)| secret))
    }

    /// The headers of a callback, or none if there is no secret.
    ///
    /// `now` is the time of the mock's clock, which decides which secrets are valid;
    /// `seconds` is the timestamp that the receiver compares with its own clock.
    pub(crate) fn headers(
        &self,
        id: &str,
        seconds: i64,
        body: &[u8],
        forgery: Option<Forgery>,
        now: UnixMillis,
    ) -> Option<SignatureHeaders> {
        let seconds = match forgery {
            Some(Forgery::NoHeaders) => return None,
            Some(Forgery::StaleTimestamp) => seconds.saturating_sub(STALE_SECONDS),
            _ => seconds,
        };
        let sign = |secret: &WebhookSecret| {
            let signature = match forgery {
                Some(Forgery::WrongSecret) => {
                    let stranger = WebhookSecret(Sha256::digest(&secret.0).to_vec());
                    stranger.sign(id, seconds, body)
                }
                Some(Forgery::BadSignature) => {
                    let mut signature = secret.sign(id, seconds, body);
                    signature[0] ^= 1;
                    signature
                }
                _ => secret.sign(id, seconds, body),
            };
            format!("v1,{}", BASE64_STANDARD.encode(signature))
        };
        let signatures: Vec<String> = self.active(now).map(sign).collect();
        (!signatures.is_empty()).then(|| {
            [
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", signatures.join(" ")),
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use standardwebhooks::Webhook;

    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_767_225_600_000);
    const SECONDS: i64 = 1_767_225_600;

    fn secret(byte: u8) -> WebhookSecret {
        WebhookSecret::from_bytes([byte; 32])
    }

    fn one(byte: u8) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.rotate(secret(byte), Rotation::Standard, NOW);
        secrets
    }

    /// The documented verification by a receiver that knows this secret.
    fn accepts(secret: &WebhookSecret, headers: &SignatureHeaders, body: &[u8]) -> bool {
        let [(_, id), (_, timestamp), (_, signatures)] = headers;
        let Ok(seconds) = timestamp.parse::<i64>() else {
            return false;
        };
        let expected = Webhook::new(&secret.reveal()).and_then(|own| own.sign(id, seconds, body));
        expected.is_ok_and(|expected| signatures.split(' ').any(|given| given == expected))
            && (SECONDS - seconds).abs() <= 300
    }

    fn signed(secrets: &Secrets, forgery: Option<Forgery>) -> Option<SignatureHeaders> {
        secrets.headers("8674665223082153551", SECONDS, b"{}", forgery, NOW)
    }

    /// The vector that Kling publishes.
    #[test]
    fn published_vector() {
        let vector: serde_json::Value = serde_json::from_str(include_str!(
            "../../../../fixtures/samples/webhook.test-vector.json"
        ))
        .unwrap();
        let text = |name: &str| vector[name].as_str().unwrap();
        let secret = WebhookSecret::parse(text("secret")).unwrap();
        assert_eq!(secret.reveal(), text("secret"));
        let mut secrets = Secrets::default();
        secrets.rotate(secret, Rotation::Standard, NOW);
        let headers = secrets.headers(
            text("webhook_id"),
            text("webhook_timestamp").parse().unwrap(),
            text("raw_body").as_bytes(),
            None,
            NOW,
        );
        let expected = [
            ("webhook-id", text("webhook_id").to_owned()),
            ("webhook-timestamp", text("webhook_timestamp").to_owned()),
            ("webhook-signature", text("signature").to_owned()),
        ];
        assert_eq!(headers, Some(expected));
    }

    #[test]
    fn secrets_as_text() {
        assert!(WebhookSecret::parse("dGVzdA==").is_ok());
        for bad in ["", "whsec_", "whsec_dGVzdA", "whsec_!", "whsec-dGVzdA=="] {
            let error = WebhookSecret::parse(bad).unwrap_err();
            assert_eq!(error, "a webhook secret is 'whsec_' followed by base64");
        }
        assert_eq!(format!("{:?}", secret(1)), "WebhookSecret(…)");
    }

    #[test]
    fn standard_rotation_lasts_seven_days() {
        const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;
        let mut secrets = one(1);
        secrets.rotate(secret(2), Rotation::Standard, NOW);
        for (offset, both) in [
            (0, true),
            (WEEK - 1, true),
            (WEEK, false),
            (WEEK + 1, false),
        ] {
            let now = UnixMillis::new(NOW.get() + offset);
            let headers = secrets.headers("1", SECONDS, b"{}", None, now).unwrap();
            assert!(accepts(&secret(2), &headers, b"{}"));
            assert_eq!(accepts(&secret(1), &headers, b"{}"), both, "{offset}");
            assert_eq!(headers[2].1.split(' ').count(), if both { 2 } else { 1 });
        }
    }

    #[test]
    fn other_ends_of_a_secret() {
        let mut secrets = one(1);
        secrets.rotate(secret(2), Rotation::Emergency, NOW);
        assert_eq!(secrets.active(NOW).collect::<Vec<_>>(), [&secret(2)]);
        secrets.rotate(secret(3), Rotation::Standard, NOW);
        secrets.rotate(secret(4), Rotation::Standard, NOW);
        assert_eq!(
            secrets.active(NOW).collect::<Vec<_>>(),
            [&secret(4), &secret(3)]
        );
    }

    #[test]
    fn forgeries() {
        let secrets = one(1);
        assert!(accepts(&secret(1), &signed(&secrets, None).unwrap(), b"{}"));
        for forgery in [
            Forgery::BadSignature,
            Forgery::StaleTimestamp,
            Forgery::WrongSecret,
        ] {
            let headers = signed(&secrets, Some(forgery)).unwrap();
            assert!(!accepts(&secret(1), &headers, b"{}"), "{forgery:?}");
            assert_eq!(headers[2].1.len(), "v1,".len() + 44);
        }
        assert_eq!(signed(&secrets, Some(Forgery::NoHeaders)), None);
        // Only its age is invalid.
        let stale = signed(&secrets, Some(Forgery::StaleTimestamp)).unwrap();
        let seconds = stale[1].1.parse().unwrap();
        assert_eq!(
            secrets.headers(&stale[0].1, seconds, b"{}", None, NOW),
            Some(stale)
        );
    }

    proptest! {
        #[test]
        fn agrees_with_the_reference(
            key in prop::collection::vec(any::<u8>(), 1..100),
            id in "[0-9]{1,20}",
            seconds in any::<i64>(),
            body in "\\PC{0,200}",
        ) {
            let secret = WebhookSecret(key.clone());
            let mut secrets = Secrets::default();
            secrets.rotate(secret.clone(), Rotation::Emergency, NOW);
            let [_, _, (_, ours)] = secrets.headers(&id, seconds, body.as_bytes(), None, NOW).unwrap();
            let theirs = Webhook::from_bytes(key).unwrap().sign(&id, seconds, body.as_bytes());
            prop_assert_eq!(ours, theirs.unwrap());
            prop_assert_eq!(WebhookSecret::parse(&secret.reveal()), Ok(secret));
        }

        #[test]
        fn any_changed_bit_fails(
            body in prop::collection::vec(0_u8..128, 1..100),
            at in any::<prop::sample::Index>(),
            bit in 0..7_u32,
        ) {
            let headers = one(1).headers("1", SECONDS, &body, None, NOW).unwrap();
            prop_assert!(accepts(&secret(1), &headers, &body));
            let mut changed = body.clone();
            changed[at.index(body.len())] ^= 1_u8 << bit;
            prop_assert!(!accepts(&secret(1), &headers, &changed));
            let mut key = [1; 32];
            key[at.index(32)] ^= 1_u8 << bit;
            prop_assert!(!accepts(&WebhookSecret::from_bytes(key), &headers, &body));
        }
    }
}
