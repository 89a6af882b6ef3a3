//! Credentials: an API key, or an access key and secret key.

use std::fmt;
use std::time::SystemTime;

use http::HeaderValue;

use crate::environment;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::Provider;

#[cfg(feature = "jwt")]
mod jwt;

/// Credentials for a provider. Never shown by `Debug`.
#[derive(Clone)]
pub struct Credentials(Secret);

#[derive(Clone)]
enum Secret {
    ApiKey(std::result::Result<HeaderValue, NoKey>),
    #[cfg(feature = "jwt")]
    AccessKeys(std::sync::Arc<jwt::AccessKeys>),
}

impl Credentials {
    /// A key that is sent as `Authorization: Bearer <key>`: CometAPI's, or
    /// Kling's since 2026-06-17 (*documented*). Surrounding white space, such
    /// as the line end of a file, is dropped.
    pub fn api_key(key: impl Into<String>) -> Self {
        Credentials(Secret::ApiKey(bearer(key.into().trim())))
    }

    /// Kling's older credentials, access key and secret key. Each token signed with
    /// them (HS256) is valid from 5 s ago for 30 minutes, by the client's clock, as
    /// documented. It is replaced 5 minutes before it expires, and immediately when
    /// the service says that it has expired (code 1004). Surrounding white space is
    /// dropped.
    ///
    /// ```
    /// use kling_http::{Client, Credentials, Provider};
    ///
    /// let credentials = Credentials::access_keys("my-access-key", "my-secret-key");
    /// # let transport = kling_http::transport_fn(|_| std::future::pending());
    /// let client = Client::builder(Provider::kling(), credentials)
    /// #   .transport(transport)
    ///     .build()?;
    /// # Ok::<(), kling_http::Error>(())
    /// ```
    #[cfg(feature = "jwt")]
    pub fn access_keys(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        let keys = jwt::AccessKeys::new(access_key.into().trim(), secret_key.into().trim());
        Credentials(Secret::AccessKeys(std::sync::Arc::new(keys)))
    }

    /// The provider that a set of variables names, and its credentials, by the
    /// rules of [`Client::from_env`](crate::Client::from_env). For programs that
    /// choose another host, or another provider by what they let `read` show.
    ///
    /// ```
    /// use kling_http::Credentials;
    ///
    /// let read = |name: &str| (name == "KLING_API_KEY").then(|| "a-key".to_owned());
    /// let (provider, _) = Credentials::from_variables(read)?;
    /// assert_eq!(provider.name(), "kling");
    /// # Ok::<(), kling_http::Error>(())
    /// ```
    pub fn from_variables(
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<(Provider, Credentials)> {
        environment::from_variables(read)
    }

    /// The value of the `Authorization` header.
    #[cfg_attr(not(feature = "jwt"), allow(unused_variables))]
    pub(crate) fn authorization(&self, now: SystemTime) -> Result<HeaderValue> {
        match &self.0 {
            Secret::ApiKey(header) => header.clone().map_err(|why| why.error("the API key")),
            #[cfg(feature = "jwt")]
            Secret::AccessKeys(keys) => keys.authorization(now),
        }
    }

    /// Discards the token `refused`, which the service says has expired. Returns
    /// whether a new one can be signed.
    #[cfg_attr(not(feature = "jwt"), allow(unused_variables))]
    pub(crate) fn renew(&self, refused: &HeaderValue) -> bool {
        match &self.0 {
            Secret::ApiKey(_) => false,
            #[cfg(feature = "jwt")]
            Secret::AccessKeys(keys) => {
                keys.forget(refused);
                true
            }
        }
    }
}

/// `Bearer …`, marked as a secret.
fn bearer(key: &str) -> std::result::Result<HeaderValue, NoKey> {
    check_key(key)?;
    let value = HeaderValue::try_from(format!("Bearer {key}"));
    let mut value = value.map_err(|_| NoKey::Odd)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The text with the token of this header removed. A short token may occur in any
/// sentence, and is not removed.
pub(crate) fn without_token(text: &str, bearer: &HeaderValue) -> String {
    const SHORTEST_SECRET: usize = 8;
    let header = bearer.to_str().unwrap_or_default();
    match header.strip_prefix("Bearer ") {
        Some(token) if token.len() >= SHORTEST_SECRET => text.replace(token, "…"),
        _ => text.to_owned(),
    }
}

/// Rejects a key, trimmed as it is when it is used; `name` is where it came from.
pub(crate) fn check(name: &str, key: &str) -> Result<()> {
    check_key(key.trim()).map_err(|why| why.error(name))
}

/// Rejects a text that can't be a key.
fn check_key(key: &str) -> std::result::Result<(), NoKey> {
    if key.is_empty() {
        return Err(NoKey::Empty);
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NoKey::Odd);
    }
    Ok(())
}

/// Why a text is not a key. The text itself is not kept.
#[derive(Clone, Copy)]
enum NoKey {
    Empty,
    Odd,
}

impl NoKey {
    /// `what` is the key, as the subject of a sentence.
    fn error(self, what: &str) -> Error {
        let text = match self {
            NoKey::Empty => format!("{what} is empty"),
            NoKey::Odd => {
                format!("{what} has characters that no key has: was it copied whole?")
            }
        };
        Error::new(ErrorKind::Config, text)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}
