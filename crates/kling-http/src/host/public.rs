//! Which IP addresses are public. Others must not be reachable through a URL that
//! somebody else chose.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// An address that a URL chosen by somebody else must not lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotPublic(pub(crate) IpAddr);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a public address", self.0)
    }
}

impl std::error::Error for NotPublic {}

/// Rejects addresses that are not those of a single host on the public internet. The
/// standard library's `is_global` is not stable.
pub(crate) fn check_public(ip: IpAddr) -> Result<(), NotPublic> {
    let is_public = match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => UNICAST_V6.contains(&v6) && !RESERVED_V6.iter().any(|net| net.contains(&v6)),
        },
    };
    if is_public {
        Ok(())
    } else {
        Err(NotPublic(ip))
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !RESERVED_V4.iter().any(|net| net.contains(&ip))
}

/// The IPv4 address that this IPv6 address stands for.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = |at: usize| {
        let four: [u8; 4] = ip.octets().get(at..at + 4)?.try_into().ok()?;
        Some(Ipv4Addr::from(four))
    };
    if V4_MAPPED.contains(&ip) || NAT64.contains(&ip) {
        last(12)
    } else if SIX_TO_FOUR.contains(&ip) {
        last(2)
    } else {
        None
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// IANA's registry of special-purpose IPv4 addresses.
const RESERVED_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),        // "this network", RFC 791
    v4(10, 0, 0, 0, 8),       // private, RFC 1918
    v4(100, 64, 0, 0, 10),    // shared by carriers (CGNAT), RFC 6598
    v4(127, 0, 0, 0, 8),      // loopback, RFC 1122
    v4(168, 63, 129, 16, 32), // Azure's host of every machine: public, and inside
    v4(169, 254, 0, 0, 16),   // link-local, and the clouds' metadata, RFC 3927
    v4(172, 16, 0, 0, 12),    // private, RFC 1918
    v4(192, 0, 0, 0, 24),     // protocol assignments, RFC 6890
    v4(192, 0, 2, 0, 24),     // documentation, RFC 5737
    v4(192, 88, 99, 0, 24),   // relays of 6to4, RFC 7526
    v4(192, 168, 0, 0, 16),   // private, RFC 1918
    v4(198, 18, 0, 0, 15),    // benchmarks, RFC 2544
    v4(198, 51, 100, 0, 24),  // documentation, RFC 5737
    v4(203, 0, 113, 0, 24),   // documentation, RFC 5737
    v4(224, 0, 0, 0, 4),      // multicast, RFC 5771
    v4(240, 0, 0, 0, 4),      // future use and broadcast, RFC 1112, RFC 919
];

/// `::ffff:0:0/96`: IPv4-mapped addresses, RFC 4291.
const V4_MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

/// `64:ff9b::/96`: how a network without IPv4 reaches IPv4 hosts, RFC 6052.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

/// 6to4, RFC 3056.
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);

/// Global unicast, RFC 4291. It excludes `::`, loopback, link-local, unique local
/// (RFC 4193) and multicast.
const UNICAST_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// IANA's registry of special-purpose IPv6 addresses, as far as it lies within
/// [`UNICAST_V6`].
const RESERVED_V6: [Ipv6Net; 3] = [
    v6(0x2001, 0, 0, 23),      // protocols, Teredo among them, RFC 2928, RFC 4380
    v6(0x2001, 0x0db8, 0, 32), // documentation, RFC 3849
    v6(0x3fff, 0, 0, 20),      // documentation, RFC 9637
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(addresses: &[&str], public: bool) {
        for text in addresses {
            let ip: IpAddr = text.parse().expect("an address");
            assert_eq!(check_public(ip).is_ok(), public, "{text}");
        }
    }

    #[test]
    fn hosts_of_the_public() {
        check(
            &[
                "1.1.1.1",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "168.63.129.15",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "192.0.1.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "2000::",
                "2606:4700:4700::1111",
                "2001:200::1",
                "2a00::1",
                "3ffe::1",
                "::ffff:1.1.1.1",
                "64:ff9b::1.1.1.1",
                "2002:101:101::1",
            ],
            true,
        );
    }

    #[test]
    fn hosts_that_are_nobody_elses_business() {
        check(
            &[
                "0.0.0.0",
                "0.255.255.255",
                "10.0.0.0",
                "10.255.255.255",
                "100.64.0.0",
                "100.100.100.200",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.255",
                "168.63.129.16",
                "169.254.0.0",
                "169.254.169.254",
                "169.254.255.255",
                "172.16.0.0",
                "172.31.255.255",
                "192.0.0.0",
                "192.0.0.192",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.0",
                "192.168.255.255",
                "198.18.0.0",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.0",
                "255.255.255.255",
            ],
            false,
        );
        check(
            &[
                "::",
                "::1",
                "::7f00:1",
                "100::1",
                "1fff::1",
                "4000::1",
                "64:ff9b:1::1",
                "5f00::1",
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "2001::1",
                "2001:1ff::1",
                "2001:db8::1",
                "3fff::1",
            ],
            false,
        );
    }

    /// The same refused hosts, written as IPv6.
    #[test]
    fn an_ipv4_address_inside_another_does_not_slip_through() {
        check(
            &[
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::ffff:169.254.169.254",
                "64:ff9b::10.0.0.1",
                "64:ff9b::169.254.169.254",
                "64:ff9b::127.0.0.1",
                "2002:a00:1::1",
                "2002:a9fe:a9fe::",
                "2002:7f00:1::1",
            ],
            false,
        );
    }
}
