//! Which peers speak for others: proxies whose `X-Forwarded-For`, `-Host` and `-Proto` are believed.

use std::net::IpAddr;
use std::str::FromStr;

use super::ConfigError;

/// The proxies in front of this server; of anybody else the headers are left alone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrustedProxies(Vec<Network>);

/// Addresses that begin alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl TrustedProxies {
    /// Reads addresses and networks, such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first that is neither.
    pub(super) fn parse(list: &[String]) -> Result<Self, ConfigError> {
        let refused = |problem| ConfigError::Value { name: "trusted_proxies".into(), problem };
        list.iter().map(|text| text.parse().map_err(refused)).collect::<Result<_, _>>().map(Self)
    }

    /// Whose request it is that a peer hands on. `forwarded` is what `X-Forwarded-For` says, in its order: each proxy
    /// puts the one it heard behind, so the last that is no proxy of ours is the last that can be believed.
    pub fn origin_of<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut believed = peer;
        for text in forwarded.rev() {
            match address_in(text) {
                Some(address) if self.trusts(believed) => believed = address,
                _ => break,
            }
        }
        believed.to_canonical()
    }

    /// Whether a peer is one of these proxies.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let address = peer.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }
}

/// An address as proxies write it: bare, or with a port.
fn address_in(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.strip_prefix('[')?.split_once(']').map(|(address, _)| address);
    let with_port = || text.split_once(':').map(|(address, _)| address);
    let read = |text: &str| text.parse::<IpAddr>().ok();
    let address = read(text).or_else(|| bare().and_then(read)).or_else(|| with_port().and_then(read));
    address.map(|address| address.to_canonical())
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let (ours, theirs, bits) = match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (u128::from(ours.to_bits()), u128::from(theirs.to_bits()), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (ours.to_bits(), theirs.to_bits(), 128),
            _ => return false,
        };
        let free_bits = bits - u32::from(self.prefix_bits);
        let beginning = |address: u128| address.checked_shr(free_bits).unwrap_or(0);
        beginning(ours) == beginning(theirs)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} must be an address or a network, such as 10.0.0.7 or 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| refused())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.map_or(Ok(most), |prefix| prefix.trim().parse().map_err(|_| refused()))?;
        if prefix_bits > most {
            return Err(refused());
        }
        Ok(Self { address, prefix_bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(list: &[&str]) -> Result<TrustedProxies, ConfigError> {
        TrustedProxies::parse(&list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn only_what_a_proxy_of_ours_says_is_believed_and_only_as_far_as_it_knows() {
        let ours = proxies(&["10.0.0.0/8", "127.0.0.1", "fd00::/8"]).expect("networks");
        let check = |peer: &str, forwarded: &[&str], expected: &str| {
            let peer = peer.parse().expect("an address");
            let found = ours.origin_of(peer, forwarded.iter().copied());
            assert_eq!(found, expected.parse::<IpAddr>().expect("an address"), "{peer} {forwarded:?}");
        };
        check("127.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check("203.0.113.7", &["198.51.100.1"], "203.0.113.7");
        // What the caller wrote itself stands in front of what the proxy heard.
        check("127.0.0.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9");
        check("127.0.0.1", &["198.51.100.1", "203.0.113.9", "10.1.2.3"], "203.0.113.9");
        check("127.0.0.1", &["10.1.2.3", "10.1.2.4"], "10.1.2.3");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["203.0.113.9", "unknown"], "127.0.0.1");
        check("127.0.0.1", &[" 203.0.113.9:4711 "], "203.0.113.9");
        check("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7");
        check("::ffff:127.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9");
        check("11.0.0.1", &["203.0.113.9"], "11.0.0.1");
    }

    #[test]
    fn what_is_no_network_is_refused_with_what_is() {
        for text in ["", "proxy.example", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0.0/", "*"] {
            let error = proxies(&[text]).expect_err(text).to_string();
            assert!(error.contains("such as 10.0.0.7 or 10.0.0.0/8"), "{text}: {error}");
        }
        let all = proxies(&["0.0.0.0/0"]).expect("every address");
        assert!(all.trusts("203.0.113.9".parse().expect("an address")));
    }
}
