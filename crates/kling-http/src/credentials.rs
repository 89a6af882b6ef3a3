//! What proves to the service who pays.

use std::fmt;

use http::HeaderValue;

use crate::error::{Error, ErrorKind};

/// Credentials for a provider. Never shown by `Debug`.
#[derive(Clone)]
pub struct Credentials(Secret);

#[derive(Clone)]
enum Secret {
    ApiKey(String),
}

impl Credentials {
    /// A key that is sent as `Authorization: Bearer <key>`: CometAPI's, or
    /// Kling's since 2026-06-17 (*documented*). Surrounding white space, such
    /// as the line end of a file, is dropped.
    pub fn api_key(key: impl Into<String>) -> Self {
        Credentials(Secret::ApiKey(key.into().trim().to_owned()))
    }

    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, Error> {
        let Secret::ApiKey(key) = &self.0;
        if key.is_empty() {
            return Err(Error::new(ErrorKind::Config, "the API key is empty"));
        }
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        let value = visible.then(|| HeaderValue::from_str(&format!("Bearer {key}")).ok());
        let mut value = value.flatten().ok_or_else(|| {
            let text = "the API key has characters that no key has: was it copied whole?";
            Error::new(ErrorKind::Config, text)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}
