//! The differences between the hosts that offer the service, as one value.

use std::borrow::Cow;

use http::Uri;
use kling_types::validate::Checks;

use crate::error::{Error, ErrorKind};
use crate::host::is_loopback;

/// A host that offers the service, and what is specific to it.
///
/// ```
/// use kling_http::Provider;
///
/// let local = Provider::comet().with_base_url("http://127.0.0.1:8080");
/// assert_eq!(local.name(), "comet");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    name: Cow<'static, str>,
    base_url: Cow<'static, str>,
    prefix: Cow<'static, str>,
    finds_external_ids: bool,
    lists: bool,
    duration: Option<Cow<'static, str>>,
}

impl Provider {
    /// CometAPI: the prefix `/kling`, `duration` required (*documented*). Looking
    /// up an external task id is not guaranteed there (*inferred*: it assigns ids
    /// of its own), and no list is documented.
    pub const fn comet() -> Self {
        Provider {
            name: Cow::Borrowed("comet"),
            base_url: Cow::Borrowed("https://api.cometapi.com"),
            prefix: Cow::Borrowed("/kling"),
            finds_external_ids: false,
            lists: false,
            duration: Some(Cow::Borrowed("5")),
        }
    }

    /// Kling itself, at its global host (*documented*). A query finds a task by its
    /// external task id, and a second create with the same id is refused without a
    /// charge (*seen live*). It lists tasks (*documented*).
    pub const fn kling() -> Self {
        Provider {
            name: Cow::Borrowed("kling"),
            base_url: Cow::Borrowed("https://api-singapore.klingai.com"),
            prefix: Cow::Borrowed(""),
            finds_external_ids: true,
            lists: true,
            duration: None,
        }
    }

    /// Any other host, for example a gateway, about which nothing is assumed: no
    /// prefix, no look-up of external task ids, no list, no default `duration`.
    /// Declare what it supports with the `with_…` methods.
    ///
    /// Additional envelopes around a task, other words for a status, and a
    /// gateway's own errors are understood from every host.
    ///
    /// ```
    /// use kling_http::Provider;
    ///
    /// let gateway = Provider::custom("my-gateway", "https://gateway.example.com")
    ///     .with_prefix("/kling")
    ///     .with_default_duration("5");
    /// assert_eq!(gateway.name(), "my-gateway");
    /// assert!(!gateway.finds_external_ids());
    /// ```
    pub fn custom(name: impl Into<String>, base_url: impl Into<String>) -> Self {
        let nothing = Provider {
            name: Cow::Owned(name.into()),
            base_url: Cow::Borrowed(""),
            prefix: Cow::Borrowed(""),
            finds_external_ids: false,
            lists: false,
            duration: None,
        };
        nothing.with_base_url(base_url)
    }

    /// The same provider at another address: a mock, a proxy, another region. The
    /// URL is `http` or `https`; it may have a path, which goes before the prefix.
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Cow::Owned(url.into().trim().trim_end_matches('/').to_owned());
        self
    }

    /// Sets the path between the base URL and `/v1`, such as `/kling`; it may be
    /// empty.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        // Without the slash it would run into the host's name, and the key
        // would go to whoever owns that.
        self.prefix = Cow::Owned(match prefix.trim().trim_matches('/') {
            "" => String::new(),
            path => format!("/{path}"),
        });
        self
    }

    /// Declares that a query by external task id finds the task, and that a create
    /// with a used one is refused. Set it only if that is certain: the guarantee of
    /// paying once depends on it.
    pub fn with_external_id_lookup(mut self, finds: bool) -> Self {
        self.finds_external_ids = finds;
        self
    }

    /// Whether it lists the account's tasks.
    pub fn with_list(mut self, lists: bool) -> Self {
        self.lists = lists;
        self
    }

    /// Declares that it requires `duration`; this value, in seconds, is sent if the
    /// caller gives none.
    pub fn with_default_duration(mut self, duration: impl Into<String>) -> Self {
        self.duration = Some(Cow::Owned(duration.into()));
        self
    }

    /// The name: `comet`, `kling`, or that of a custom provider.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Whether a query by external task id finds the task.
    pub fn finds_external_ids(&self) -> bool {
        self.finds_external_ids
    }

    /// Whether it lists the account's tasks.
    pub fn lists(&self) -> bool {
        self.lists
    }

    /// The `duration` to send if the caller gives none, where it is required.
    pub fn default_duration(&self) -> Option<&str> {
        self.duration.as_deref()
    }

    /// The validation rules for requests to it.
    pub(crate) fn checks(&self) -> Checks {
        Checks::default().with_duration_required(self.duration.is_some())
    }

    /// Whether it is on this machine.
    #[cfg(feature = "download")]
    pub(crate) fn is_loopback(&self) -> bool {
        let base = self.url("").ok();
        base.is_some_and(|url| url.host().is_some_and(is_loopback))
    }

    /// The host, as an error names it.
    pub(crate) fn asked(&self) -> String {
        format!(
            "asked was {} at {}",
            self.name,
            without_secrets(&self.base_url)
        )
    }

    /// The full URL of a path of the service.
    pub(crate) fn url(&self, path: &str) -> Result<Uri, Error> {
        let url = [&self.base_url, &self.prefix, path].concat();
        Uri::try_from(url).map_err(|_| self.bad_base_url())
    }

    /// Rejects a base URL that no request could be sent to, or that would reveal
    /// the key on the way.
    pub(crate) fn check_base_url(&self) -> Result<(), Error> {
        let uri: Uri = self.url("")?;
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| self.bad_base_url())?;
        // A user is credentials of another kind, and what follows `?` or `#` is
        // no path that ours could be added to.
        let has_user = uri.authority().is_some_and(|it| it.as_str().contains('@'));
        if has_user || self.base_url.contains(['?', '#']) || self.prefix.contains(['?', '#']) {
            return Err(self.bad_base_url());
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_loopback(host) => {}
            Some("http") => {
                let text = format!(
                    "the base URL {} is not https: the key would travel in the clear",
                    self.base_url
                );
                return Err(Error::new(ErrorKind::Config, text));
            }
            _ => return Err(self.bad_base_url()),
        }
        Ok(())
    }

    fn bad_base_url(&self) -> Error {
        let text = format!(
            "{:?} is no base URL: it looks like \"https://api.cometapi.com\", \
             without user, query or fragment",
            without_secrets(&self.base_url)
        );
        Error::new(ErrorKind::Config, text)
    }
}

/// The part of a URL that may be shown: without user and query, which may hold a
/// password or a signature.
pub(crate) fn without_secrets(url: &str) -> &str {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    shown.rsplit('@').next().unwrap_or_default()
}
