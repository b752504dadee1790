//! Ports for programs that are told theirs.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below the range from which systems take the ports of outgoing connections.
const FIRST: u32 = 10_000;
const COUNT: u32 = 22_000;

/// An address of this machine where nothing listens. No connection of anybody is given its port by chance, so that a
/// program which is started there later, or started again, still finds it free.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Programs of tests that run at the same time begin far from each other.
    let start = process::id().wrapping_mul(7919);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + start.wrapping_add(step) % COUNT).expect("a port");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
