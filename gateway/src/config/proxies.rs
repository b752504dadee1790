//! The proxies that are believed when they say where a request came from.

use std::{net::IpAddr, str::FromStr};

/// `TRUSTED_PROXIES`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Range>);

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: IpAddr,
    prefix: u32,
}

/// An entry that is no address and no range.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no address or range; write 10.0.0.7, 10.0.0.0/8 or fd00::/8")]
pub struct RangeError(String);

impl TrustedProxies {
    /// Nobody is believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this address, in its canonical form, is one of theirs.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }
}

impl FromStr for TrustedProxies {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries
            .map(|entry| Range::parse(entry).ok_or_else(|| RangeError(entry.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first = address.parse::<IpAddr>().ok()?;
        let longest = width(first);
        let prefix = prefix.map_or(Some(longest), |prefix| prefix.parse().ok().filter(|prefix| *prefix <= longest))?;
        // A range of mapped addresses would never match: peers are compared as IPv4.
        (first == first.to_canonical()).then_some(Self { first, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let (first, other) = (bits(self.first), bits(address));
        let behind = width(self.first) - self.prefix;
        width(self.first) == width(address)
            && first.checked_shr(behind).unwrap_or_default() == other.checked_shr(behind).unwrap_or_default()
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_begins_alike() {
        let proxies = "10.0.0.0/8, 192.0.2.7,fd00::/8,2001:db8::1".parse::<TrustedProxies>().unwrap();
        for (address, trusted) in [
            ("10.255.1.2", true),
            ("11.0.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("fdff::1", true),
            ("fe00::1", false),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
            ("::a00:1", false),
        ] {
            assert_eq!(proxies.contains(address.parse().unwrap()), trusted, "{address}");
        }
        let everyone = "0.0.0.0/0,::/0".parse::<TrustedProxies>().unwrap();
        assert!(["192.0.2.1", "2001:db8::1"].iter().all(|address| everyone.contains(address.parse().unwrap())));
        assert!("".parse::<TrustedProxies>().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_range_is_named() {
        for wrong in ["10.0.0.0/33", "10.0.0/8", "proxy", "fd00::/129", "10.0.0.0/", "::ffff:10.0.0.1", "10.0.0.0/-1"] {
            let error = format!("192.0.2.1,{wrong}").parse::<TrustedProxies>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{wrong}` is no address")), "{error}");
        }
    }
}
