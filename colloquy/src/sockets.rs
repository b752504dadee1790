//! Every socket of the stack, bound before anything starts.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;
use url::Url;

/// A bound listener and where it is.
pub(crate) struct Socket {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Socket {
    /// Binds it; `flag` is what a person would change.
    pub(crate) async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address} (is another stack running? choose another with --{flag}, port 0 for a free one)")
        })?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// How to reach it from this machine.
    pub(crate) fn url(&self) -> Url {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            let loopback = if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
            address.set_ip(loopback);
        }
        format!("http://{address}").parse().expect("an address makes a URL")
    }
}
