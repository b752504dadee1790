//! What we ask over HTTP: agents and issuers, and never where an answer or the environment sends us instead.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect};
use url::{Host, Url};

/// A client for what is behind `url`: follows no redirect, and reaches this machine without a proxy.
pub fn client(url: &Url, connect_timeout: Duration) -> ClientBuilder {
    let builder = Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(redirect::Policy::none())
        .tcp_nodelay(true)
        .user_agent(concat!("colloquy/", env!("CARGO_PKG_VERSION")));
    // A proxy of the environment cannot reach this machine's own ports.
    if is_loopback(url) { builder.no_proxy() } else { builder }
}

/// Whether what is asked there never leaves this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, expected) in [
            ("http://localhost:3000/", true),
            ("http://127.8.9.10/", true),
            ("http://[::1]:8090/run", true),
            ("http://localhost.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://10.0.0.1/", false),
            ("http://[::2]/", false),
            ("unix:/run/agent", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
