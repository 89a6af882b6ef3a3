//! Which addresses callbacks may be sent to.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use http::Uri;
use ipnet::IpNet;

/// A callback's URL. Everything after the host may be a secret, so `Debug` shows only
/// the host.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CallbackUrl(Arc<str>);

impl From<&str> for CallbackUrl {
    fn from(url: &str) -> Self {
        CallbackUrl(url.into())
    }
}

impl Deref for CallbackUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.0.parse::<Uri>().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or("…");
        write!(f, "CallbackUrl({host})")
    }
}

/// The targets that are allowed in addition to loopback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AllowList {
    /// Names, in lower case.
    hosts: Vec<String>,
    networks: Vec<IpNet>,
}

impl AllowList {
    /// Adds a host name, an address, or a network such as `10.0.0.0/8`.
    pub(crate) fn add(&mut self, entry: &str) -> Result<(), String> {
        if let Some(address) = address(entry) {
            self.networks.push(address.into());
        } else if let Ok(network) = entry.parse() {
            self.networks.push(network);
        } else if is_name(entry) {
            self.hosts.push(entry.to_ascii_lowercase());
        } else {
            return Err(format!(
                "'{entry}' is not a host name, an address or a network such as 10.0.0.0/8"
            ));
        }
        Ok(())
    }

    fn has(&self, host: &str) -> bool {
        match address(host) {
            Some(address) => self
                .networks
                .iter()
                .any(|network| network.contains(&address)),
            None => self
                .hosts
                .iter()
                .any(|name| name.eq_ignore_ascii_case(host)),
        }
    }
}

/// Checks whether a callback may be sent to this URL: over HTTP, to this machine or to
/// a target on the list. Names on the list are not resolved. The error does not contain
/// the URL, which may contain a token.
pub(crate) fn allowed(url: &str, allow: &AllowList) -> Result<(), String> {
    let uri: Uri = url
        .parse()
        .map_err(|error| format!("the callback URL is invalid: {error}"))?;
    let scheme = uri.scheme_str().unwrap_or_default();
    if !["http", "https"]
        .iter()
        .any(|ours| scheme.eq_ignore_ascii_case(ours))
    {
        return Err("the callback URL must begin with http:// or https://".to_owned());
    }
    let host = uri.host().unwrap_or_default();
    // A number such as 2130706433 or 0x7f.1 is treated as a name, because some
    // resolvers read it as an address.
    let is_loopback = address(host).map_or_else(
        || host.eq_ignore_ascii_case("localhost"),
        |address| address.is_loopback(),
    );
    if is_loopback || allow.has(host) {
        Ok(())
    } else {
        Err(format!(
            "callbacks are sent only to this machine, not to '{host}': allow its name, address or network"
        ))
    }
}

/// Parses an address, with or without brackets; an IPv4-mapped IPv6 address becomes
/// IPv4.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    let address: IpAddr = bare.parse().ok()?;
    Some(address.to_canonical())
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> AllowList {
        let mut list = AllowList::default();
        for entry in entries {
            list.add(entry).unwrap();
        }
        list
    }

    #[test]
    fn loopback_only() {
        for url in [
            "http://127.0.0.1/hook",
            "http://127.255.0.9:8080/hook?token=1",
            "https://[::1]:8443/",
            "http://[::ffff:127.0.0.1]/",
            "HTTP://LocalHost:1/",
            "http://user:word@localhost/",
        ] {
            assert_eq!(allowed(url, &AllowList::default()), Ok(()), "{url}");
        }
        for url in [
            "",
            "/hook",
            "localhost:80",
            "ftp://localhost/",
            "file:///etc/passwd",
            "http://",
            "http://example.com/",
            "http://localhost.example.com/",
            "http://localhost@example.com/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[fe80::1%25lo]/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://127.1/",
        ] {
            assert!(allowed(url, &AllowList::default()).is_err(), "{url}");
        }
    }

    #[test]
    fn what_the_list_allows() {
        let list = list(&[
            "Hooks.example.com",
            "10.0.0.0/8",
            "192.0.2.7",
            "[2001:db8::1]",
            "fd00::/8",
        ]);
        for (url, expected) in [
            ("https://hooks.example.com/a", true),
            ("https://HOOKS.EXAMPLE.COM:444/a", true),
            ("http://10.255.255.255/", true),
            ("http://[::ffff:10.0.0.1]/", true),
            ("http://192.0.2.7/", true),
            ("http://[2001:db8::1]/", true),
            ("http://[fdff::1]/", true),
            ("http://localhost/", true),
            ("https://example.com/", false),
            ("https://a.hooks.example.com/", false),
            ("http://11.0.0.0/", false),
            ("http://192.0.2.8/", false),
            ("http://[fe00::1]/", false),
        ] {
            assert_eq!(allowed(url, &list).is_ok(), expected, "{url}");
        }
    }

    #[test]
    fn a_url_is_shown_by_its_host() {
        for (url, shown) in [
            (
                "https://user:word@hooks.example.com/t0ps3cret?token=t0ps3cret",
                "hooks.example.com",
            ),
            ("t0ps3cret is no URL", "…"),
        ] {
            let url = CallbackUrl::from(url);
            assert_eq!(format!("{url:?}"), format!("CallbackUrl({shown})"));
        }
    }

    #[test]
    fn errors_are_sentences_without_the_url() {
        let error = allowed("http://example.com/?token=t0ps3cret", &AllowList::default());
        let error = error.unwrap_err();
        assert!(
            error.contains("'example.com'") && !error.contains("t0ps3cret"),
            "{error}"
        );
        for entry in ["", "*", "http://example.com", "10.0.0.0/33", "a b"] {
            assert!(AllowList::default().add(entry).is_err(), "{entry}");
        }
    }
}
