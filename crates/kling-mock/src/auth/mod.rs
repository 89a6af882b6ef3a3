//! Authentication: API keys, and tokens signed with an access key's secret key.

use std::fmt;
use std::str::FromStr;

mod keyring;
mod refusal;
mod token;

pub(crate) use keyring::{KeyError, Keyring};
pub(crate) use refusal::AuthRefusal;
pub(crate) use token::hmac_sha256;
pub use token::sign_jwt;

/// How strictly the service checks credentials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// Credentials are not checked.
    Off,
    /// Credentials must be present, but any are accepted.
    Presence,
    /// Credentials must belong to an account; a token must be correctly signed and
    /// currently valid.
    #[default]
    Verify,
}

impl FromStr for AuthMode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "off" => Ok(AuthMode::Off),
            "presence" => Ok(AuthMode::Presence),
            "verify" => Ok(AuthMode::Verify),
            _ => Err(format!(
                "'{word}' is not an auth mode: use off, presence or verify"
            )),
        }
    }
}

impl fmt::Display for AuthMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            AuthMode::Off => "off",
            AuthMode::Presence => "presence",
            AuthMode::Verify => "verify",
        })
    }
}

/// The index of an account.
pub(crate) type AccountIndex = usize;

/// The account of requests without credentials.
pub(crate) const DEFAULT_ACCOUNT: AccountIndex = 0;

/// The account of a request, from its `Authorization` header.
pub(crate) fn authenticate(
    mode: AuthMode,
    header: Option<&str>,
    keys: &Keyring,
    now_seconds: i64,
) -> Result<AccountIndex, AuthRefusal> {
    let credentials = bearer(header.unwrap_or_default());
    match mode {
        AuthMode::Off => {
            let named = credentials.ok().and_then(|found| keys.named(found));
            Ok(named.unwrap_or(DEFAULT_ACCOUNT))
        }
        AuthMode::Presence => Ok(keys.named(credentials?).unwrap_or(DEFAULT_ACCOUNT)),
        AuthMode::Verify => keys.verify(credentials?, now_seconds),
    }
}

/// The text after `Bearer`. That a lone `Bearer` counts as empty is inferred.
fn bearer(header: &str) -> Result<&str, AuthRefusal> {
    let header = header.trim();
    let (scheme, credentials) = header.split_once(' ').unwrap_or((header, ""));
    let credentials = credentials.trim_start();
    if header.is_empty() {
        Err(AuthRefusal::Missing)
    } else if !scheme.eq_ignore_ascii_case("bearer") {
        Err(AuthRefusal::NotBearer)
    } else if credentials.is_empty() {
        Err(AuthRefusal::Missing)
    } else {
        Ok(credentials)
    }
}

/// For fuzzing: uses the bytes as a header, and as both signed parts of a token.
///
/// # Panics
///
/// If authentication succeeds without the key.
pub fn check(bytes: &[u8]) {
    const NOW: i64 = 1_767_225_600;
    const SECRET: &str = "a secret that the input must not be";
    let mut keys = Keyring::default();
    let added = keys.add_pair(DEFAULT_ACCOUNT, "access", SECRET);
    assert!(added.is_ok(), "the keyring takes a pair");
    let verify = |token: &str| {
        let header = format!("Bearer {token}");
        authenticate(AuthMode::Verify, Some(&header), &keys, NOW)
    };

    let text = String::from_utf8_lossy(bytes);
    for header in [&*text, &format!("Bearer {text}")] {
        let _ = authenticate(AuthMode::Presence, Some(header), &keys, NOW);
        let entered = authenticate(AuthMode::Verify, Some(header), &keys, NOW);
        assert!(entered.is_err(), "without a key");
    }

    let header = r#"{"alg":"HS256"}"#;
    let claims = r#"{"iss":"access","exp":9999999999}"#;
    let entered = verify(&token::sign(header, claims, &text));
    assert!(entered.is_err() || text == SECRET, "with another key");
    // With a correct signature, only parsing is tested.
    let _ = verify(&token::sign(header, bytes, SECRET));
    let _ = verify(&token::sign(bytes, claims, SECRET));
}

#[cfg(test)]
mod tests;
