use proptest::prelude::*;

use hmac::{Hmac, KeyInit as _, Mac as _};
use kling_types::ApiCode;
use serde_json::{Value, json};
use sha2::Sha256;

use super::token::sign;
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
