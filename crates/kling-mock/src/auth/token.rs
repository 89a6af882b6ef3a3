//! Signs and verifies tokens without a library: `jsonwebtoken` reads the system
//! clock, distinguishes fewer failures than the service does, and brings RSA and
//! elliptic curves along; HS256 over `hmac` takes the few lines below.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::AuthRefusal;

/// A JSON Web Token (RFC 7519), parsed but not verified.
pub(super) struct Token<'a> {
    /// The signed part.
    pub(super) signed: &'a str,
    pub(super) header: Value,
    claims: Value,
    pub(super) signature: Vec<u8>,
}

impl<'a> Token<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, AuthRefusal> {
        let parts: Vec<&str> = text.splitn(4, '.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(AuthRefusal::PartCount(match parts.len() {
                1 => "0",
                2 => "2",
                _ => "> 3",
            }));
        };
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let object = |part: &str| {
            let value: Value = serde_json::from_slice(&decode(part)?).ok()?;
            value.is_object().then_some(value)
        };
        let read = || {
            Some(Token {
                signed: text.get(..header.len() + 1 + claims.len())?,
                header: object(header)?,
                claims: object(claims)?,
                signature: decode(signature)?,
            })
        };
        read().ok_or(AuthRefusal::Malformed)
    }

    /// The access key, by the documented claims.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// To the second, with no leeway, as RFC 7519 has it: valid from `nbf` on,
    /// and no longer at `exp`. The service documents both claims. That a token
    /// needs `exp`, but not `nbf`, is inferred; `iat` is not looked at.
    pub(super) fn check_times(&self, now_seconds: i64) -> Result<(), AuthRefusal> {
        let exp = self.date("exp")?.ok_or(AuthRefusal::Malformed)?;
        let nbf = self.date("nbf")?.unwrap_or(i64::MIN);
        if exp <= now_seconds {
            Err(AuthRefusal::Expired)
        } else if nbf > now_seconds {
            Err(AuthRefusal::NotYetValid)
        } else {
            Ok(())
        }
    }

    /// A claim that is a date: a number of seconds, which may have a fraction.
    fn date(&self, claim: &str) -> Result<Option<i64>, AuthRefusal> {
        // The cast saturates, as desired for dates out of range.
        #[allow(clippy::cast_possible_truncation)]
        let whole = |seconds: f64| seconds.floor() as i64;
        let seconds = |value: &Value| value.as_i64().or_else(|| value.as_f64().map(whole));
        match self.claims.get(claim) {
            None => Ok(None),
            Some(value) => seconds(value).map(Some).ok_or(AuthRefusal::Malformed),
        }
    }
}

/// A token as Kling documents it: valid from five seconds ago, for half an hour.
///
/// ```text
/// Authorization: Bearer <sign_jwt(access_key, secret_key, now)>
/// ```
pub fn sign_jwt(access_key: &str, secret_key: &str, now_seconds: i64) -> String {
    // In the documented order, so that the bytes are predictable.
    let claims = format!(
        r#"{{"iss":{},"exp":{},"nbf":{}}}"#,
        Value::from(access_key),
        now_seconds.saturating_add(1800),
        now_seconds.saturating_sub(5),
    );
    sign(r#"{"alg":"HS256","typ":"JWT"}"#, claims, secret_key)
}

pub(super) fn sign(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>, secret_key: &str) -> String {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.as_ref()), encode(claims.as_ref()));
    let mac = hmac_sha256(secret_key.as_bytes()).chain_update(&signed);
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

/// HMAC-SHA256 with a key of any length. `new_from_slice` would do the same,
/// but for HMAC it cannot fail and its type says that it can (RFC 2104: a long
/// key is hashed, a short one is filled up with zeros).
pub(crate) fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    let hash;
    let key = if key.len() > block.len() {
        hash = Sha256::digest(key);
        &hash[..]
    } else {
        key
    };
    block[..key.len()].copy_from_slice(key);
    Hmac::new(&block.into())
}
