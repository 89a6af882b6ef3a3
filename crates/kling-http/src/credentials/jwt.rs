//! Kling's older tokens: JSON Web Tokens (RFC 7519) with HS256.
//!
//! Written by hand: there are three claims and one algorithm, and `jsonwebtoken` would
//! add RSA and elliptic curves as dependencies.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderValue;
use serde::Serialize;
use sha2::Sha256;

use super::{bearer, check_key};
use crate::error::{Error, ErrorKind, Result};

/// How long a token is valid (*documented*: `exp` = now + 1800).
const LIFETIME: u64 = 1800;

/// How long before now a token begins (*documented*: `nbf` = now − 5).
const BACKDATED: u64 = 5;

/// A token is not used when it expires within this time: the clocks of two machines
/// differ, and an upload takes time.
const MARGIN: u64 = 300;

/// An access key, its secret key, and the current token.
pub(super) struct AccessKeys {
    access_key: String,
    secret_key: String,
    token: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    signed_at: u64,
    header: HeaderValue,
}

impl Token {
    /// Whether the token is valid. It must not be from the future either: after the
    /// clock was set back, the service would reject it as not yet valid.
    fn is_good_at(&self, now: u64) -> bool {
        (self.signed_at..self.signed_at + LIFETIME - MARGIN).contains(&now)
    }
}

impl AccessKeys {
    pub(super) fn new(access_key: &str, secret_key: &str) -> Self {
        AccessKeys {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            token: Mutex::new(None),
        }
    }

    /// The current token, or a new one if there is none or it expires soon.
    pub(super) fn authorization(&self, now: SystemTime) -> Result<HeaderValue> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let now = now.as_secs();
        let mut token = self.lock();
        if let Some(token) = token.as_ref().filter(|token| token.is_good_at(now)) {
            return Ok(token.header.clone());
        }
        check_key(&self.access_key).map_err(|why| why.error("the access key"))?;
        check_key(&self.secret_key).map_err(|why| why.error("the secret key"))?;
        let token_text = sign(&self.access_key, &self.secret_key, now)?;
        let header = bearer(&token_text).map_err(|why| why.error("the token"))?;
        *token = Some(Token {
            signed_at: now,
            header: header.clone(),
        });
        Ok(header)
    }

    /// Drops the token if it is this one. Another call may have replaced it.
    pub(super) fn forget(&self, refused: &HeaderValue) {
        self.lock().take_if(|token| token.header == refused);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Token>> {
        // A panic can't leave the token half written.
        self.token
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
}

/// In the order of Kling's own example.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    exp: u64,
    nbf: u64,
}

/// The token for these keys at this second.
fn sign(access_key: &str, secret_key: &str, now: u64) -> Result<String> {
    let header = Header {
        alg: "HS256",
        typ: "JWT",
    };
    let claims = Claims {
        iss: access_key,
        exp: now.saturating_add(LIFETIME),
        nbf: now.saturating_sub(BACKDATED),
    };
    let mut token = format!("{}.{}", encoded(&header)?, encoded(&claims)?);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()).map_err(unsigned)?;
    mac.update(token.as_bytes());
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(mac.finalize().into_bytes(), &mut token);
    Ok(token)
}

fn encoded(part: &impl Serialize) -> Result<String> {
    let json = serde_json::to_vec(part).map_err(unsigned)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}

fn unsigned(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Config, "no token can be signed").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn keys() -> AccessKeys {
        AccessKeys::new("ak-0123456789", "sk-abcdefghij")
    }

    /// Computed with Python's `hmac`, over the documented
    /// header and claims.
    #[test]
    fn a_token_equals_the_vector() {
        let expected = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
             eyJpc3MiOiJhay0wMTIzNDU2Nzg5IiwiZXhwIjoxNzgwMDAxODAwLCJuYmYiOjE3Nzk5OTk5OTV9.\
             7_dM3xl3jfcV4p2ypTVXEJLp8bk_pJ075mnaCLonsZk";
        assert_eq!(
            sign("ak-0123456789", "sk-abcdefghij", 1_780_000_000).unwrap(),
            expected
        );
    }

    /// Peers sign one token and use it until it is refused, or take its
    /// lifetime for the point in time at which it ends.
    #[test]
    fn a_token_is_replaced_before_it_ends_not_after() {
        let keys = keys();
        let first = keys.authorization(at(1_000_000)).unwrap();
        let is_first = |now| keys.authorization(at(now)).unwrap() == first;
        assert!(is_first(1_000_001));
        assert!(is_first(1_001_499));
        assert!(!is_first(1_001_500));
        // From then on the second one is used.
        let second = keys.authorization(at(1_001_501)).unwrap();
        assert_eq!(keys.authorization(at(1_002_999)).unwrap(), second);
    }

    #[test]
    fn a_clock_that_is_set_back_gets_a_token_of_its_own_time() {
        let keys = keys();
        let later = keys.authorization(at(1_000_000)).unwrap();
        let earlier = keys.authorization(at(999_999)).unwrap();
        assert_ne!(earlier, later);
        assert_eq!(earlier, keys.authorization(at(999_999)).unwrap());
        // Before 1970 there is no time of day.
        assert!(
            keys.authorization(UNIX_EPOCH - Duration::from_secs(9))
                .is_ok()
        );
    }

    #[test]
    fn only_the_refused_token_is_dropped() {
        let keys = keys();
        let old = keys.authorization(at(1_000_000)).unwrap();
        let new = keys.authorization(at(1_001_500)).unwrap();
        keys.forget(&old);
        assert!(keys.lock().is_some());
        keys.forget(&new);
        assert!(keys.lock().is_none());
    }

    #[test]
    fn a_token_is_a_secret() {
        assert!(keys().authorization(at(1)).unwrap().is_sensitive());
    }

    #[track_caller]
    fn check_refused(access_key: &str, secret_key: &str, expected: &str) {
        let keys = AccessKeys::new(access_key, secret_key);
        let error = keys.authorization(at(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn keys_that_are_none() {
        check_refused("", "s", "the access key is empty");
        check_refused("a", "", "the secret key is empty");
        let text = "the secret key has characters that no key has: was it copied whole?";
        check_refused("a", "se cret", text);
    }
}
