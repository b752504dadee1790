//! Opaque page tokens: where the next page begins, bound to the query that it continues.
//!
//! A token is base64url of a version, a digest over query and position, and the position. The digest catches tokens
//! of other queries and damaged ones; it is no signature, because a position gives access to nothing.

use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    conversation::Conversation,
    id::{ConversationId, MessageId},
};

const VERSION: u8 = 1;
const DIGEST: usize = 8;
/// Longer than any token of ours.
const LONGEST: usize = 100;

/// Everything that has to be the same for the next page.
#[derive(Clone)]
pub(crate) struct Query(Context);

impl Query {
    /// A query of this name, as yet without filters.
    pub(crate) fn new(name: &str) -> Self {
        Self(Context::new(&SHA256)).with(name.as_bytes())
    }

    /// Adds a filter. Order counts.
    #[must_use]
    pub(crate) fn with(mut self, value: &[u8]) -> Self {
        self.0.update(&(value.len() as u64).to_be_bytes());
        self.0.update(value);
        self
    }

    /// Adds a filter that may be absent.
    #[must_use]
    pub(crate) fn with_optional(self, value: Option<impl AsRef<[u8]>>) -> Self {
        match value {
            Some(value) => self.with(b"some").with(value.as_ref()),
            None => self.with(b"none"),
        }
    }

    fn digest(&self, position: &[u8]) -> [u8; DIGEST] {
        let digest = self.clone().with(position).0.finish();
        *digest.as_ref().first_chunk().expect("SHA-256 has 32 bytes")
    }
}

/// A place in a list.
pub(crate) trait Position: Sized {
    /// Its bytes.
    fn encode(&self) -> Vec<u8>;
    /// What the bytes mean, if anything.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// The last conversation of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListPosition {
    pub(crate) pinned: bool,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) id: ConversationId,
}

impl Position for ListPosition {
    fn encode(&self) -> Vec<u8> {
        let micros = self.updated_at.timestamp_micros().to_be_bytes();
        [&[u8::from(self.pinned)], micros.as_slice(), self.id.0.as_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&pinned, rest) = bytes.split_first()?;
        let (micros, id) = rest.split_first_chunk::<8>()?;
        let pinned = [false, true].get(usize::from(pinned)).copied()?;
        let updated_at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
        Some(Self { pinned, updated_at, id: ConversationId(Uuid::from_slice(id).ok()?) })
    }
}

impl ListPosition {
    pub(crate) fn of(last: &Conversation) -> Self {
        Self { pinned: last.pinned, updated_at: last.updated_at, id: last.id }
    }
}

/// The last hit of a page, and the entries among which it was ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SearchPosition {
    pub(crate) newest: Uuid,
    /// Nil where a new pool of hits begins.
    pub(crate) oldest: Uuid,
    pub(crate) score: i64,
    pub(crate) id: Uuid,
}

impl SearchPosition {
    /// Before the first hit.
    pub(crate) const START: Self = Self { newest: Uuid::max(), oldest: Uuid::nil(), score: i64::MAX, id: Uuid::max() };
}

impl Position for SearchPosition {
    fn encode(&self) -> Vec<u8> {
        let score = self.score.to_be_bytes();
        [self.newest.as_bytes().as_slice(), self.oldest.as_bytes(), &score, self.id.as_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (newest, rest) = bytes.split_first_chunk()?;
        let (oldest, rest) = rest.split_first_chunk()?;
        let (score, id) = rest.split_first_chunk()?;
        Some(Self {
            newest: Uuid::from_bytes(*newest),
            oldest: Uuid::from_bytes(*oldest),
            score: i64::from_be_bytes(*score),
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// The newest message of the next page.
impl Position for MessageId {
    fn encode(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self)
    }
}

/// The token of a place in the answers to a query.
pub(crate) fn encode(query: &Query, position: &impl Position) -> String {
    let position = position.encode();
    URL_SAFE_NO_PAD.encode([&[VERSION], query.digest(&position).as_slice(), &position].concat())
}

/// The place that a token names, if it is a token for this query.
pub(crate) fn decode<P: Position>(query: &Query, token: &str) -> Option<P> {
    if token.len() > LONGEST {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (&version, rest) = bytes.split_first()?;
    let (digest, position) = rest.split_first_chunk::<DIGEST>()?;
    if version != VERSION || *digest != query.digest(position) {
        return None;
    }
    P::decode(position)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn position()(pinned: bool, micros in 0_i64..253_402_300_800_000_000, id: u128) -> ListPosition {
            let updated_at = DateTime::from_timestamp_micros(micros).unwrap();
            ListPosition { pinned, updated_at, id: ConversationId(Uuid::from_u128(id)) }
        }
    }

    proptest! {
        #[test]
        fn a_position_survives(position in position(), filter: Vec<u8>) {
            let query = Query::new("list").with(&filter);
            let token = encode(&query, &position);
            prop_assert!(token.len() <= LONGEST);
            prop_assert_eq!(decode(&query, &token), Some(position));
        }

        #[test]
        fn a_token_of_another_query_is_none(position in position(), one: Vec<u8>, other: Vec<u8>) {
            prop_assume!(one != other);
            let token = encode(&Query::new("list").with(&one), &position);
            prop_assert_eq!(decode::<ListPosition>(&Query::new("list").with(&other), &token), None);
        }

        #[test]
        fn a_damaged_token_is_none(position in position(), at: prop::sample::Index, bit in 0..8_u32) {
            let query = Query::new("list");
            let mut bytes = URL_SAFE_NO_PAD.decode(encode(&query, &position)).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(decode::<ListPosition>(&query, &URL_SAFE_NO_PAD.encode(&bytes)), None);
        }

        #[test]
        fn anything_else_is_none(token: String) {
            prop_assert_eq!(decode::<MessageId>(&Query::new("path"), &token), None);
        }
    }

    #[test]
    fn an_absent_filter_is_not_an_empty_one() {
        let token = encode(&Query::new("path").with_optional(None::<&str>), &MessageId(Uuid::nil()));
        assert_eq!(decode::<MessageId>(&Query::new("path").with_optional(Some("")), &token), None);
    }
}
