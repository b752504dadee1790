//! Agents over HTTP, on loopback.
