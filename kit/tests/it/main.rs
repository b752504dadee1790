//! The kit as a service uses it: over real sockets, with a fake auth service behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod callers;
mod fake_auth;
mod serving;
mod token_cache;
