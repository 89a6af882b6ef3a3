//! Whose hosts they are: this machine's, a private network's or the public's.

use std::net::IpAddr;

#[cfg(any(feature = "download", feature = "reqwest"))]
mod public;

#[cfg(feature = "reqwest")]
pub(crate) use public::NotPublic;
#[cfg(any(feature = "download", feature = "reqwest"))]
pub(crate) use public::check_public;

/// Whether a URL's host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => bare.eq_ignore_ascii_case("localhost"),
    }
}
