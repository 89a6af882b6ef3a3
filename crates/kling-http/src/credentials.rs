//! What proves to the service who pays.

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
    ApiKey(String),
    #[cfg(feature = "jwt")]
    AccessKeys(std::sync::Arc<jwt::AccessKeys>),
}

impl Credentials {
    /// A key that is sent as `Authorization: Bearer <key>`: CometAPI's, or
    /// Kling's since 2026-06-17 (*documented*). Surrounding white space, such
    /// as the line end of a file, is dropped.
    pub fn api_key(key: impl Into<String>) -> Self {
        Credentials(Secret::ApiKey(key.into().trim().to_owned()))
    }

    /// Kling's older pair, access key and secret key. Each token signed with it
    /// (HS256) is valid for 30 minutes from 5 s ago, by the client's clock, as
    /// documented; it is replaced 5 minutes before its end, and at once when the
    /// service calls it expired (code 1004). Surrounding white space is dropped.
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
            Secret::ApiKey(key) => bearer(key, "API key"),
            #[cfg(feature = "jwt")]
            Secret::AccessKeys(keys) => keys.authorization(now),
        }
    }

    /// Takes in that the service calls `refused` expired: it is not used again.
    /// Whether there can be another.
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

/// `Bearer …`, marked as a secret. `what` names the key where it is none.
fn bearer(key: &str, what: &str) -> Result<HeaderValue> {
    check_key(key, what)?;
    let value = HeaderValue::from_str(&format!("Bearer {key}"));
    let mut value = value.map_err(|_| not_a_key(what))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Refuses what no key looks like.
fn check_key(key: &str, what: &str) -> Result<()> {
    if key.is_empty() {
        let text = format!("the {what} is empty");
        return Err(Error::new(ErrorKind::Config, text));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(not_a_key(what));
    }
    Ok(())
}

fn not_a_key(what: &str) -> Error {
    let text = format!("the {what} has characters that no key has: was it copied whole?");
    Error::new(ErrorKind::Config, text)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}
