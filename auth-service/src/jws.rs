//! Signed tokens and the keys that judge them (RFC 7515, 7517, 7518, 8037): strict, and pure. No clock, no network,
//! no configuration.

mod algorithm;
mod compact;
mod header;
mod key;
mod key_set;
mod members;

pub use self::{
    algorithm::Algorithm,
    compact::Compact,
    header::Header,
    key_set::{KeySet, Selection},
    members::Members,
};
