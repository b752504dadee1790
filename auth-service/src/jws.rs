//! Signed tokens, what they claim, and the keys that judge them (RFC 7515, 7517, 7518, 7519, 8037): strict, and pure.
//! No clock, no network, no configuration.
//!
//! Each check stands alone, so that one token can be judged until the first fault or explained to the last:
//! [`Compact::parse`] (shape), [`Compact::header`], [`Compact::claims`], [`Claims::issuer`], [`Header::algorithm`],
//! [`Claims::times`] and [`Times::check`], [`Claims::subject`], [`Claims::session_id`], [`Claims::check_audience`],
//! [`KeySet::find`] (key), [`Candidates::verify`] (signature), [`Claims::check_ban`].

mod algorithm;
mod claims;
mod compact;
mod edwards;
mod header;
mod key;
mod key_set;
mod members;

pub(crate) use self::claims::is_subject;
pub use self::{
    algorithm::Algorithm,
    claims::{Claims, Details, Times},
    compact::Compact,
    header::Header,
    key_set::{Candidates, KeySet},
};
