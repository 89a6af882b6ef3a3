//! Who asks: API keys, and tokens made of an access key and its secret key.
//!
//! Tokens are checked by hand. `jsonwebtoken` asks the system for the time,
//! tells fewer failures apart than the service does, and brings RSA and
//! elliptic curves along; HS256 over `hmac` is the few lines below.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kling_types::ApiCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// How closely the service looks at who asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// Not at all.
    Off,
    /// Some credentials must be there, any will do.
    Presence,
    /// They must be those of an account, and a token must be signed and timely.
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
                "'{word}' is no way to check credentials: use off, presence or verify"
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

/// An account, by its place among the server's accounts.
pub(crate) type AccountIndex = usize;

/// Whose requests are that need not say whose they are.
pub(crate) const DEFAULT_ACCOUNT: AccountIndex = 0;

/// Why credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthRefusal {
    /// There are none.
    Missing,
    /// They are not of the form `Bearer <key or token>`.
    NotBearer,
    /// An API key that no account has.
    UnknownApiKey,
    /// Neither an API key nor the three parts of a token, but so many.
    PartCount(&'static str),
    /// Three parts that are no token such as the service documents.
    Malformed,
    /// A token of an access key that no account has.
    UnknownAccessKey,
    /// A token that the account's secret key did not sign.
    Unsigned,
    /// A token whose time has not come.
    NotYetValid,
    /// A token whose time is over.
    Expired,
}

impl AuthRefusal {
    /// The service's code for it.
    pub(crate) fn code(self) -> ApiCode {
        ApiCode::new(match self {
            // Inferred from the table's wording; a client quotes it so too.
            AuthRefusal::Unsigned => 1000,
            // Seen live.
            AuthRefusal::Missing => 1001,
            // Seen live for both unknown keys and for no parts; inferred for
            // the rest: the documented meaning is "Authorization is invalid".
            AuthRefusal::NotBearer
            | AuthRefusal::UnknownApiKey
            | AuthRefusal::PartCount(_)
            | AuthRefusal::Malformed
            | AuthRefusal::UnknownAccessKey => 1002,
            // Documented.
            AuthRefusal::NotYetValid => 1003,
            AuthRefusal::Expired => 1004,
        })
    }

    /// The message of the answer.
    pub(crate) fn message(self) -> String {
        let text = match self {
            // Seen live.
            AuthRefusal::Missing => "Authorization is empty",
            AuthRefusal::UnknownApiKey => "api key not found",
            AuthRefusal::UnknownAccessKey => "access key not found",
            // Seen live for 0, which is also the text of the Java library that
            // Kling's own example uses; its other counts are inferred.
            AuthRefusal::PartCount(count) => {
                return format!("The token was expected to have 3 parts, but got {count}");
            }
            // As a client quotes it (inferred).
            AuthRefusal::Unsigned => "signature is invalid",
            // The table's explanations (documented as such, inferred as texts).
            AuthRefusal::NotBearer | AuthRefusal::Malformed => "Authorization is invalid",
            AuthRefusal::NotYetValid => "Authorization is not yet valid",
            AuthRefusal::Expired => "Authorization has expired",
        };
        text.to_owned()
    }
}

/// What Kling's API keys begin with (*seen live*): a wrong one is looked for,
/// anything else is taken for a token.
const API_KEY_PREFIX: &str = "api-key-kling-";

/// The credentials of all accounts.
#[derive(Default)]
pub(crate) struct Keyring {
    api_keys: HashMap<String, AccountIndex>,
    access_keys: HashMap<String, Pair>,
}

/// What belongs to an access key.
struct Pair {
    secret_key: String,
    account: AccountIndex,
}

impl Keyring {
    /// Gives an account an API key.
    pub(crate) fn add_api_key(
        &mut self,
        account: AccountIndex,
        key: impl Into<String>,
    ) -> Result<(), String> {
        add(&mut self.api_keys, key.into(), account, "API key")
    }

    /// Gives an account an access key and its secret key.
    pub(crate) fn add_pair(
        &mut self,
        account: AccountIndex,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Result<(), String> {
        let secret_key = secret_key.into();
        if secret_key.is_empty() {
            return Err("a secret key must not be empty".to_owned());
        }
        let pair = Pair {
            secret_key,
            account,
        };
        add(&mut self.access_keys, access_key.into(), pair, "access key")
    }

    /// Takes an account's keys away.
    pub(crate) fn remove(&mut self, account: AccountIndex) {
        self.api_keys.retain(|_, owner| *owner != account);
        self.access_keys.retain(|_, pair| pair.account != account);
    }

    /// The account that credentials name, proven or not.
    fn named(&self, credentials: &str) -> Option<AccountIndex> {
        if let Some(account) = self.api_keys.get(credentials) {
            return Some(*account);
        }
        let token = Token::read(credentials).ok()?;
        Some(self.access_keys.get(token.issuer()?)?.account)
    }

    /// The account that credentials belong to.
    ///
    /// Keys are found by their hash, so the time it takes tells nothing of how
    /// much of a key was right; signatures are compared in constant time.
    fn verify(&self, credentials: &str, now_seconds: i64) -> Result<AccountIndex, AuthRefusal> {
        if let Some(account) = self.api_keys.get(credentials) {
            return Ok(*account);
        }
        if credentials.starts_with(API_KEY_PREFIX) {
            return Err(AuthRefusal::UnknownApiKey);
        }
        let token = Token::read(credentials)?;
        // Only HS256 (documented); above all not "none".
        if token.header.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(AuthRefusal::Malformed);
        }
        let issuer = token.issuer().ok_or(AuthRefusal::Malformed)?;
        let pair = self.access_keys.get(issuer);
        let pair = pair.ok_or(AuthRefusal::UnknownAccessKey)?;
        hmac_sha256(pair.secret_key.as_bytes())
            .chain_update(token.signed)
            .verify_slice(&token.signature)
            .map_err(|_| AuthRefusal::Unsigned)?;
        token.check_times(now_seconds)?;
        Ok(pair.account)
    }
}

fn add<T>(keys: &mut HashMap<String, T>, key: String, value: T, what: &str) -> Result<(), String> {
    if key.is_empty() || key.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(format!(
            "an {what} must be of visible ASCII characters, as it travels in a header"
        ));
    }
    match keys.entry(key) {
        Entry::Occupied(_) => Err(format!("an account already has this {what}")),
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("api_keys", &self.api_keys.len())
            .field("access_keys", &self.access_keys.len())
            .finish()
    }
}

/// Whose request it is, from the value of its `Authorization` header.
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

/// What stands after `Bearer`. That a lone `Bearer` counts as empty is inferred.
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

/// A JSON Web Token (RFC 7519) that was read, not checked.
struct Token<'a> {
    /// What the signature is over.
    signed: &'a str,
    header: Value,
    claims: Value,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    fn read(text: &'a str) -> Result<Self, AuthRefusal> {
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
    fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// To the second, with no leeway, as RFC 7519 has it: valid from `nbf` on,
    /// and no longer at `exp`. The service documents both claims. That a token
    /// needs `exp`, but not `nbf`, is inferred; `iat` is not looked at.
    fn check_times(&self, now_seconds: i64) -> Result<(), AuthRefusal> {
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
        // The cast saturates, which is right for a date beyond all dates.
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
    // In the documented order, so that its bytes can be told ahead.
    let claims = format!(
        r#"{{"iss":{},"exp":{},"nbf":{}}}"#,
        Value::from(access_key),
        now_seconds.saturating_add(1800),
        now_seconds.saturating_sub(5),
    );
    sign(r#"{"alg":"HS256","typ":"JWT"}"#, claims, secret_key)
}

fn sign(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>, secret_key: &str) -> String {
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

/// For fuzzing: takes the bytes for a header, and for both signed parts of
/// a token.
///
/// # Panics
///
/// If somebody gets in without the key. Nothing else may panic.
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
    let entered = verify(&sign(header, claims, &text));
    assert!(entered.is_err() || text == SECRET, "with another key");
    // Behind the right signature, only how it is read is of interest.
    let _ = verify(&sign(header, bytes, SECRET));
    let _ = verify(&sign(bytes, claims, SECRET));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn keys() -> Keyring {
        let mut keys = Keyring::default();
        keys.add_api_key(1, "api-key-kling-one").unwrap();
        keys.add_pair(2, "access", "secret").unwrap();
        keys
    }

    fn ask(mode: AuthMode, header: &str, now: i64) -> Result<AccountIndex, AuthRefusal> {
        authenticate(mode, Some(header), &keys(), now)
    }

    fn verify(credentials: &str, now: i64) -> Result<AccountIndex, AuthRefusal> {
        ask(AuthMode::Verify, &format!("Bearer {credentials}"), now)
    }

    fn with_claims(claims: &Value) -> Result<AccountIndex, AuthRefusal> {
        let token = sign(r#"{"alg":"HS256"}"#, claims.to_string(), "secret");
        verify(&token, NOW)
    }

    #[test]
    fn what_is_refused_and_how() {
        let cases = [
            ("", 1001, "Authorization is empty"),
            ("  ", 1001, "Authorization is empty"),
            ("Bearer", 1001, "Authorization is empty"),
            ("Basic YTpi", 1002, "Authorization is invalid"),
            ("api-key-kling-one", 1002, "Authorization is invalid"),
            ("Bearer api-key-kling-two", 1002, "api key not found"),
            (
                "Bearer sk-garbage",
                1002,
                "The token was expected to have 3 parts, but got 0",
            ),
            (
                "Bearer a.b",
                1002,
                "The token was expected to have 3 parts, but got 2",
            ),
            (
                "Bearer a.b.c.d.e",
                1002,
                "The token was expected to have 3 parts, but got > 3",
            ),
            ("Bearer a.b.c", 1002, "Authorization is invalid"),
            ("Bearer ..", 1002, "Authorization is invalid"),
            ("Bearer e30.e30.", 1002, "Authorization is invalid"),
            ("Bearer W10.W10.AAAA", 1002, "Authorization is invalid"),
        ];
        for (header, code, message) in cases {
            let refusal = ask(AuthMode::Verify, header, NOW).unwrap_err();
            assert_eq!(refusal.code(), ApiCode::new(code), "{header}");
            assert_eq!(refusal.message(), message, "{header}");
            assert_eq!(
                refusal.code().documented().map(|row| row.http_status),
                Some(401)
            );
        }
        let missing = authenticate(AuthMode::Verify, None, &keys(), NOW);
        assert_eq!(missing, Err(AuthRefusal::Missing));
    }

    #[test]
    fn who_gets_in() {
        assert_eq!(verify("api-key-kling-one", NOW), Ok(1));
        assert_eq!(
            ask(AuthMode::Verify, "bearer   api-key-kling-one ", NOW),
            Ok(1)
        );
        assert_eq!(verify(&sign_jwt("access", "secret", NOW), NOW), Ok(2));
        // Made by another implementation, with the claims in another order.
        let foreign = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
            eyJpc3MiOiJhY2Nlc3MiLCJleHAiOjE3NjcyMjc0MDAsIm5iZiI6MTc2NzIyNTU5NX0.\
            C8HUKwHPhYxE7she6wykxjk8chrZ2CbAdVZZhf9CmR0";
        assert_eq!(verify(foreign, NOW), Ok(2));
    }

    #[test]
    fn modes() {
        let stale = sign_jwt("access", "another secret", 0);
        for (mode, header, expected) in [
            (AuthMode::Off, "", Ok(DEFAULT_ACCOUNT)),
            (AuthMode::Off, "Basic YTpi", Ok(DEFAULT_ACCOUNT)),
            (AuthMode::Off, "Bearer api-key-kling-one", Ok(1)),
            (AuthMode::Presence, "", Err(AuthRefusal::Missing)),
            (
                AuthMode::Presence,
                "Basic YTpi",
                Err(AuthRefusal::NotBearer),
            ),
            (AuthMode::Presence, "Bearer anything", Ok(DEFAULT_ACCOUNT)),
            (AuthMode::Presence, &format!("Bearer {stale}"), Ok(2)),
            (
                AuthMode::Verify,
                &format!("Bearer {stale}"),
                Err(AuthRefusal::Unsigned),
            ),
        ] {
            assert_eq!(ask(mode, header, NOW), expected, "{mode} {header}");
        }
        for mode in [AuthMode::Off, AuthMode::Presence, AuthMode::Verify] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert!("on".parse::<AuthMode>().is_err());
        assert_eq!(AuthMode::default(), AuthMode::Verify);
    }

    #[test]
    fn times_to_the_second() {
        let token = sign_jwt("access", "secret", NOW);
        for (now, expected) in [
            (NOW - 6, Err(AuthRefusal::NotYetValid)),
            (NOW - 5, Ok(2)),
            (NOW - 4, Ok(2)),
            (NOW + 1799, Ok(2)),
            (NOW + 1800, Err(AuthRefusal::Expired)),
            (NOW + 1801, Err(AuthRefusal::Expired)),
        ] {
            assert_eq!(verify(&token, now), expected, "{}", now - NOW);
        }
    }

    #[test]
    fn algorithms() {
        let claims = json!({ "iss": "access", "exp": NOW + 60 }).to_string();
        for (header, expected) in [
            (r#"{"alg":"HS256"}"#, Ok(2)),
            (r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#, Ok(2)),
            (r#"{"alg":"none"}"#, Err(AuthRefusal::Malformed)),
            (
                r#"{"alg":"RS256","typ":"JWT"}"#,
                Err(AuthRefusal::Malformed),
            ),
            (r#"{"alg":"hs256"}"#, Err(AuthRefusal::Malformed)),
            (r#"{"typ":"JWT"}"#, Err(AuthRefusal::Malformed)),
            ("[]", Err(AuthRefusal::Malformed)),
            ("{", Err(AuthRefusal::Malformed)),
        ] {
            assert_eq!(
                verify(&sign(header, &claims, "secret"), NOW),
                expected,
                "{header}"
            );
        }
        let none = sign(r#"{"alg":"none"}"#, &claims, "secret");
        let unsigned = &none[..=none.rfind('.').unwrap()];
        assert_eq!(verify(unsigned, NOW), Err(AuthRefusal::Malformed));
    }

    #[test]
    fn claims() {
        let exp = NOW + 60;
        for (claims, expected) in [
            (json!({ "iss": "access", "exp": exp }), Ok(2)),
            (
                json!({ "iss": "access", "exp": exp, "iat": NOW + 1000 }),
                Ok(2),
            ),
            (json!({ "iss": "access", "exp": 1e300 }), Ok(2)),
            (json!({ "iss": "access", "exp": u64::MAX }), Ok(2)),
            (
                json!({ "iss": "access", "exp": NOW + 1, "nbf": NOW }),
                Ok(2),
            ),
            (
                json!({ "iss": "access", "exp": exp, "nbf": 1_767_225_600.9 }),
                Ok(2),
            ),
            // Milliseconds instead of seconds.
            (
                json!({ "iss": "access", "exp": exp * 1000, "nbf": NOW * 1000 }),
                Err(AuthRefusal::NotYetValid),
            ),
            (
                json!({ "iss": "access", "exp": -1 }),
                Err(AuthRefusal::Expired),
            ),
            (json!({ "iss": "access" }), Err(AuthRefusal::Malformed)),
            (
                json!({ "iss": "access", "exp": null }),
                Err(AuthRefusal::Malformed),
            ),
            (
                json!({ "iss": "access", "exp": "1767225660" }),
                Err(AuthRefusal::Malformed),
            ),
            (
                json!({ "iss": "access", "exp": exp, "nbf": [] }),
                Err(AuthRefusal::Malformed),
            ),
            (json!({ "iss": 5, "exp": exp }), Err(AuthRefusal::Malformed)),
            (json!({ "exp": exp }), Err(AuthRefusal::Malformed)),
            (
                json!({ "iss": "axess", "exp": exp }),
                Err(AuthRefusal::UnknownAccessKey),
            ),
            (json!([]), Err(AuthRefusal::Malformed)),
        ] {
            assert_eq!(with_claims(&claims), expected, "{claims}");
        }
        // The signature counts before the times.
        let token = sign_jwt("access", "wrong", 0);
        let refusal = verify(&token, NOW).unwrap_err();
        assert_eq!(refusal, AuthRefusal::Unsigned);
        assert_eq!(refusal.code(), ApiCode::new(1000));
    }

    #[test]
    fn half_a_signature_is_none() {
        let token = sign_jwt("access", "secret", NOW);
        let start = token.rfind('.').unwrap() + 1;
        for length in [0, 4, 20, 40] {
            let cut = &token[..start + length];
            assert_eq!(verify(cut, NOW), Err(AuthRefusal::Unsigned), "{length}");
        }
        assert_eq!(
            verify(&format!("{token}="), NOW),
            Err(AuthRefusal::Malformed)
        );
    }

    #[test]
    fn keys_are_unique_and_fit_into_a_header() {
        let mut keys = keys();
        assert!(keys.add_api_key(3, "api-key-kling-one").is_err());
        assert!(keys.add_pair(3, "access", "other").is_err());
        assert!(keys.add_pair(3, "new", "").is_err());
        for unfit in ["", "two words", "line\n", "schlüssel"] {
            assert!(keys.add_api_key(3, unfit).is_err(), "{unfit:?}");
        }
    }

    #[test]
    fn debug_tells_no_secrets() {
        assert_eq!(
            format!("{:?}", keys()),
            "Keyring { api_keys: 1, access_keys: 1 }"
        );
    }

    #[test]
    fn hmac_takes_keys_of_any_length() {
        for length in [0, 1, 63, 64, 65, 200] {
            let key = vec![7; length];
            let theirs = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            let tag = |mac: Hmac<Sha256>| mac.chain_update("text").finalize().into_bytes();
            assert_eq!(tag(hmac_sha256(&key)), tag(theirs), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_changed_byte_fails(at in any::<prop::sample::Index>(), byte in 0x21_u8..0x7f) {
            let mut token = sign_jwt("access", "secret", NOW).into_bytes();
            let at = at.index(token.len());
            prop_assume!(token[at] != byte);
            token[at] = byte;
            prop_assert!(verify(&String::from_utf8(token).unwrap(), NOW).is_err());
        }

        #[test]
        fn signed_is_accepted(access in "[!-~]{1,40}", secret in ".{1,100}", now in any::<i32>()) {
            let mut keys = Keyring::default();
            keys.add_pair(7, &*access, &*secret).unwrap();
            let now = i64::from(now);
            let header = format!("Bearer {}", sign_jwt(&access, &secret, now));
            prop_assert_eq!(authenticate(AuthMode::Verify, Some(&header), &keys, now), Ok(7));
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,40}") {
            check(&bytes);
            check(text.as_bytes());
        }
    }
}
