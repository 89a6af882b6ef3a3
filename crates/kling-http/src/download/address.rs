//! Parses and checks the address of a result before a request is sent to it.
//!
//! Addresses come from the service, and from the hosts that it names. They are parsed as
//! browsers and reqwest parse them, so that the address that is checked is the one that
//! is contacted: `https://2130706433/` and `https://0x7f.1/` are 127.0.0.1.

use http::Uri;
use std::net::IpAddr;
use url::{Host, Url};

use crate::error::{Error, ErrorKind, Result};
use crate::host::{check_public, is_loopback};
use crate::provider::without_secrets;

/// A URL that may be contacted.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    url: Url,
    uri: Uri,
}

/// Which hosts may be contacted besides public ones.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    pub(super) private_hosts: bool,
    /// This machine, also over plain http.
    pub(super) loopback: bool,
}

impl Address {
    /// Parses an address. Rejects one that is not https, or not allowed by `reach`.
    pub(super) fn parse(text: &str, reach: Reach) -> Result<Self> {
        check(Url::parse(text).ok(), text, reach)
    }

    /// Resolves a redirect (RFC 3986). Only this machine may redirect to itself.
    pub(super) fn join(&self, location: &str, reach: Reach) -> Result<Self> {
        let target = if location.is_empty() {
            None
        } else {
            self.url.join(location).ok()
        };
        let loopback = self.is_loopback();
        check(target, location, Reach { loopback, ..reach })
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn host(&self) -> Option<&str> {
        self.url.host_str()
    }

    /// Whether it is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.host().is_some_and(is_loopback)
    }
}

fn check(url: Option<Url>, text: &str, reach: Reach) -> Result<Address> {
    let refuse = |why: &str| {
        let shown: String = without_secrets(text).chars().take(120).collect();
        Error::new(
            ErrorKind::Download,
            format!("the result's address {shown:?} {why}"),
        )
    };
    let url = url.ok_or_else(|| refuse("is no URL"))?;
    // A transport may send a user as credentials.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("names a user"));
    }
    let is_local = url.host_str().is_some_and(is_loopback);
    match url.scheme() {
        "https" => {}
        "http" if is_local => {}
        _ => return Err(refuse("is not https")),
    }
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) | None => None,
    };
    let refused = match ip.map(check_public) {
        _ if is_local => !reach.loopback && !reach.private_hosts,
        Some(Err(_)) => !reach.private_hosts,
        _ => false,
    };
    if refused {
        return Err(refuse("is not on a public host"));
    }
    let uri = url.as_str().parse().map_err(|_| refuse("is no URL"))?;
    Ok(Address { url, uri })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: Reach = Reach {
        private_hosts: false,
        loopback: true,
    };
    const PUBLIC: Reach = Reach {
        private_hosts: false,
        loopback: false,
    };
    const ANY: Reach = Reach {
        private_hosts: true,
        loopback: false,
    };

    #[track_caller]
    fn check(url: &str, refusal: Option<&str>) {
        let refused = Address::parse(url, LOCAL).err();
        let refused = refused.map(|error| error.to_string());
        assert_eq!(refused.as_deref(), refusal, "{url}");
    }

    fn sentence(shown: &str, why: &str) -> String {
        format!("the result's address {shown:?} {why}")
    }

    #[test]
    fn what_may_be_asked() {
        check("https://cdn.example.com/v.mp4?sig=1", None);
        check("HTTPS://cdn.example.com/v.mp4", None);
        check("https://1.1.1.1/v.mp4", None);
        check("http://127.0.0.1:8080/v.mp4", None);
        check("http://[::1]:8080/v.mp4", None);
        check("http://localhost/v.mp4", None);
    }

    #[test]
    fn what_is_refused() {
        for url in [
            "http://cdn.example.com/v.mp4",
            "ftp://127.0.0.1/v.mp4",
            "http://127.0.0.1.example.com/v.mp4",
            "http://localhost.example.com/v.mp4",
            "http://10.0.0.1/v.mp4",
            "file:///etc/passwd",
        ] {
            let refusal = sentence(url, "is not https");
            check(&format!("{url}?sig=secret"), Some(&refusal));
        }
        check("", Some(&sentence("", "is no URL")));
        check("v.mp4?sig=secret", Some(&sentence("v.mp4", "is no URL")));
        check("/v.mp4?sig=secret", Some(&sentence("/v.mp4", "is no URL")));
        check(
            "https://?sig=secret",
            Some(&sentence("https://", "is no URL")),
        );
        let shown = sentence("cdn.example.com/v.mp4", "names a user");
        check("https://user:secret@cdn.example.com/v.mp4", Some(&shown));
        // A look-alike: the host is what follows the last `@`.
        let shown = sentence("example.com/v.mp4", "names a user");
        check("http://127.0.0.1@example.com/v.mp4", Some(&shown));
    }

    /// However it is written.
    #[test]
    fn a_private_host_is_refused_unless_allowed() {
        for host in [
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "[::]",
            "[fd00:ec2::254]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::a00:1]",
            "[2002:a00:1::]",
            "167772161",
            "0x0a.1",
            "012.0.0.1",
            "10.1",
            "%31%30.0.0.1",
            "10。0。0。1",
        ] {
            let url = format!("https://{host}/v.mp4");
            let refusal = sentence(&url, "is not on a public host");
            check(&format!("{url}?sig=secret"), Some(&refusal));
            assert!(Address::parse(&url, ANY).is_ok(), "{url}");
        }
        // Plain http is for this machine only, even so.
        assert!(Address::parse("http://10.0.0.1/", ANY).is_err());
    }

    #[test]
    fn redirects_resolve_as_rfc_3986_says() {
        let base = Address::parse("https://cdn.example.com:8443/a/b?c=d", PUBLIC).expect("a URL");
        let check = |target, expected: &str| {
            let joined = base.join(target, PUBLIC).expect("a URL");
            assert_eq!(joined.uri().to_string(), expected, "{target}");
        };
        check("/x?y=1", "https://cdn.example.com:8443/x?y=1");
        check("x", "https://cdn.example.com:8443/a/x");
        check("./x/../y", "https://cdn.example.com:8443/a/y");
        check("../x", "https://cdn.example.com:8443/x");
        check("../../../x", "https://cdn.example.com:8443/x");
        check("?y=1", "https://cdn.example.com:8443/a/b?y=1");
        check("#end", "https://cdn.example.com:8443/a/b?c=d");
        check("//other.example.com/x", "https://other.example.com/x");
        check("https://other.example.com", "https://other.example.com/");
        for target in [
            "",
            "http://other.example.com/x",
            "https://10.0.0.1/",
            "//[::1]/",
        ] {
            assert!(base.join(target, LOCAL).is_err(), "{target}");
        }
    }

    #[test]
    fn only_this_machine_leads_to_this_machine() {
        let public = Address::parse("https://cdn.example.com/", LOCAL).expect("a URL");
        let local = Address::parse("http://127.0.0.1:1/", LOCAL).expect("a URL");
        for target in [
            "http://127.0.0.1:2/",
            "https://localhost/",
            "https://127.1/",
        ] {
            assert!(Address::parse(target, PUBLIC).is_err(), "{target}");
            assert!(Address::parse(target, ANY).is_ok(), "{target}");
            assert!(public.join(target, LOCAL).is_err(), "{target}");
            assert!(public.join(target, ANY).is_ok(), "{target}");
            assert!(local.join(target, LOCAL).is_ok(), "{target}");
        }
    }
}
