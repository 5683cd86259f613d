//! Where a request comes from, as far as it is counted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};

use crate::config::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// What one household or host is given of IPv6, and what it can change its address within.
const NETWORK_OF_ONE: u128 = !0 << 64;

/// An address that is counted: of IPv6 the network, since one host has all of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Address(IpAddr);

impl Address {
    /// The address that a request comes from; `None` for this machine itself, which is a proxy, a tool or the demo and is
    /// not counted: were it, all who come through a proxy that nobody named would be held to what one may ask.
    pub(super) fn of(
        peer: Option<SocketAddr>,
        headers: &HeaderMap,
        proxies: &TrustedProxies,
    ) -> Option<Self> {
        let forwarded: Vec<&str> =
            headers.get_all(X_FORWARDED_FOR).filter_map(|value| value.to_str().ok()).collect();
        let forwarded = forwarded.iter().flat_map(|list| list.split(','));
        let origin = proxies.origin_of(peer?.ip(), forwarded.collect::<Vec<_>>().into_iter());
        match origin {
            origin if origin.is_loopback() => None,
            IpAddr::V4(_) => Some(Self(origin)),
            IpAddr::V6(address) => Some(Self(Ipv6Addr::from_bits(address.to_bits() & NETWORK_OF_ONE).into())),
        }
    }

    #[cfg(test)]
    pub(super) fn from_number(number: u32) -> Self {
        Self(std::net::Ipv4Addr::from_bits(number).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_not_counted_and_a_network_of_ipv6_counts_as_one() {
        let of = |peer: &str| {
            let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
            Address::of(Some(peer), &HeaderMap::new(), &TrustedProxies::default())
        };
        assert_eq!(of("127.0.0.1"), None);
        assert_eq!(of("127.8.9.1"), None);
        assert_eq!(of("::1"), None);
        assert_eq!(of("::ffff:127.0.0.1"), None);
        assert_ne!(of("203.0.113.1"), of("203.0.113.2"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}
