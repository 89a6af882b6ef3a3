//! The token that protects the control interface.

use std::fmt;

use hmac::Mac as _;

use super::error::AdminError;
use crate::auth::hmac_sha256;

/// The token required by `/__mock`. `Debug` does not show it.
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(
                "an admin token must consist of visible ASCII characters, because it is sent in a header"
                    .to_owned(),
            );
        }
        Ok(Token(text.to_owned()))
    }

    /// Accepts the token in either header.
    pub(super) fn check(
        &self,
        authorization: Option<&[u8]>,
        x_mock_token: Option<&[u8]>,
    ) -> Result<(), AdminError> {
        let bearer = authorization.and_then(|value| {
            let (scheme, rest) = value.split_at_checked(7)?;
            let is_bearer = scheme.eq_ignore_ascii_case(b"Bearer ");
            is_bearer.then(|| rest.trim_ascii())
        });
        let given = [bearer, x_mock_token];
        if given.into_iter().flatten().any(|given| self.is(given)) {
            Ok(())
        } else {
            Err(AdminError::unauthorized())
        }
    }

    /// Compares digests in constant time, so that the time reveals neither a matching
    /// prefix nor the length.
    fn is(&self, given: &[u8]) -> bool {
        let digest = |text: &[u8]| hmac_sha256(b"admin token").chain_update(text);
        let expected = digest(self.0.as_bytes()).finalize().into_bytes();
        digest(given).verify(&expected).is_ok()
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_passes() {
        let token = Token::new("let-me-in").unwrap();
        let bearer = |value: &str| token.check(Some(value.as_bytes()), None).is_ok();
        assert!(bearer("Bearer let-me-in") && bearer("bearer  let-me-in"));
        for value in ["", "Bearer", "Bearer ", "let-me-in", "Basic let-me-in"] {
            assert!(!bearer(value), "{value:?}");
        }
        for value in ["Bearer let-me-i", "Bearer let-me-in2", "Bearer LET-ME-IN"] {
            assert!(!bearer(value), "{value:?}");
        }
        assert!(token.check(None, Some(b"let-me-in")).is_ok());
        assert!(token.check(Some(b"Bearer no"), Some(b"let-me-in")).is_ok());
        assert!(token.check(None, Some(b"no")).is_err());
        assert!(token.check(None, None).is_err());
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn what_no_header_could_carry_is_no_token() {
        for text in ["", "two words", "kl\u{fc}ng", "a\nb"] {
            assert!(Token::new(text).is_err(), "{text:?}");
        }
    }
}
