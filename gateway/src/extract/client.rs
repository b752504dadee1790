//! Where a request came from.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Once,
};

use axum::extract::ConnectInfo;
use http::{HeaderMap, request::Parts};

use crate::config::TrustedProxies;

/// The one header that is read: a proxy sets or extends it, and one that does not must not be trusted. `Forwarded` is
/// not read, since a proxy that knows only the other lets it pass as the client wrote it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Finds the addresses of clients.
#[derive(Debug)]
pub(crate) struct Clients {
    proxies: TrustedProxies,
    warned: Once,
}

impl Clients {
    pub(crate) fn new(proxies: TrustedProxies) -> Self {
        Self { proxies, warned: Once::new() }
    }

    /// The client's address: the peer's, or what the outermost trusted proxy says. None where nobody knows it.
    pub(crate) fn address(&self, parts: &Parts) -> Option<IpAddr> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        self.behind(peer.ip().to_canonical(), &parts.headers)
    }

    /// Whether a proxy that is believed passed the request on.
    pub(crate) fn is_told_by_proxy(&self, parts: &Parts) -> bool {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.is_some_and(|ConnectInfo(peer)| self.proxies.contains(peer.ip().to_canonical()))
    }

    /// Behind a proxy that was not named, clients have no address: as one, each could use up what all of them may.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if self.proxies.is_empty() && is_internal(peer) && headers.contains_key(FORWARDED_FOR) {
            self.warned.call_once(|| {
                tracing::warn!(
                    "a proxy in front of the gateway sends X-Forwarded-For and TRUSTED_PROXIES does not name it: its \
                     clients are not told apart, and their failed attempts are not limited"
                );
            });
            return None;
        }
        let mut nearest = peer;
        let lines: Vec<_> =
            headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default()).collect();
        let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(address);
        while self.proxies.contains(nearest) {
            // What is missing or makes no sense was not written by a proxy of ours: its own address has to do.
            let Some(Some(next)) = hops.next() else { break };
            nearest = next;
        }
        Some(nearest)
    }
}

/// An address, as proxies write it: with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// Whether the address belongs to no public network, where clients would be.
fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn behind(proxies: &str, peer: &str, lines: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Clients::new(proxies.parse().unwrap())
            .behind(peer.parse().unwrap(), &headers)
            .map_or_else(String::new, |client| client.to_string())
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_of_ours_is_the_client() {
        let proxies = "10.0.0.0/8,fd00::/8";
        for (peer, lines, client) in [
            ("192.0.2.1", vec!["198.51.100.1"], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", vec!["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", vec!["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", vec!["203.0.113.9", "198.51.100.1,10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", vec!["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("fd00::1", vec!["2001:db8::5"], "2001:db8::5"),
            ("10.0.0.1", vec!["[2001:db8::5]:4711"], "2001:db8::5"),
            ("10.0.0.1", vec!["[2001:db8::5]"], "2001:db8::5"),
            ("10.0.0.1", vec!["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", vec!["::ffff:198.51.100.1"], "198.51.100.1"),
        ] {
            assert_eq!(behind(proxies, peer, &lines), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_header_that_makes_no_sense_leaves_the_proxy() {
        for line in ["", "unknown", ",", "198.51.100.1, _hidden", "198.51.100", "ä", "198.51.100.1;10.0.0.2"] {
            assert_eq!(behind("10.0.0.0/8", "10.0.0.1", &[line]), "10.0.0.1", "{line}");
        }
    }

    #[test]
    fn without_trusted_proxies_headers_mean_nothing() {
        assert_eq!(behind("", "192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(behind("", "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(behind("", "10.0.0.1", &["198.51.100.1"]), "", "who is behind an unknown proxy is unknown");
    }
}
