//! Classifies hosts: this machine, a private network, or public.

use std::net::IpAddr;

#[cfg(any(feature = "download", feature = "reqwest"))]
mod public;

#[cfg(feature = "reqwest")]
pub(crate) use public::NotPublic;
#[cfg(any(feature = "download", feature = "reqwest"))]
pub(crate) use public::check_public;

/// Whether a URL's host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    match ip(host) {
        Some(ip) => ip.is_loopback(),
        None => host.eq_ignore_ascii_case("localhost"),
    }
}

/// The IP address of a URL's host, unless the host is a name.
pub(crate) fn ip(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok()
}
