//! Opaque page tokens: where another page begins, bound to the query that it continues.
//!
//! A token is base64url of a direction, a digest over query, position and direction, and the position. The digest catches
//! tokens of other queries and damaged ones; it is no signature, because a position gives access to nothing.

use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    conversation::Conversation,
    id::{ConversationId, MessageId},
};

/// The first byte of a token, a number for each form that tokens ever had.
const FORWARDS: u8 = 1;
const BACKWARDS: u8 = 2;
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

    fn digest(&self, direction: u8, position: &[u8]) -> [u8; DIGEST] {
        let digest = self.clone().with(&[direction]).with(position).0.finish();
        *digest.as_ref().first_chunk().expect("SHA-256 has 32 bytes")
    }
}

/// A page, seen from a place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page<P> {
    /// What follows the place.
    After(P),
    /// What comes before it.
    Before(P),
}

impl<P> Page<P> {
    pub(crate) fn place(self) -> P {
        match self {
            Self::After(place) | Self::Before(place) => place,
        }
    }
}

/// A place in a list.
pub(crate) trait Position: Sized {
    /// Its bytes.
    fn encode(&self) -> Vec<u8>;
    /// What the bytes mean, if anything.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// The last conversation of a page, or its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListPosition {
    pub(crate) pinned: bool,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) id: ConversationId,
    /// Of the conversation that comes next, the newest entry that a search has not looked at; only where it broke off in
    /// there.
    pub(crate) unseen: Option<Uuid>,
}

impl ListPosition {
    /// The place right after this one.
    pub(crate) fn just_after(self) -> Self {
        let id = ConversationId(Uuid::from_u128(self.id.0.as_u128().saturating_sub(1)));
        Self { id, unseen: None, ..self }
    }

    /// The place right before this one.
    pub(crate) fn just_before(self) -> Self {
        let id = ConversationId(Uuid::from_u128(self.id.0.as_u128().saturating_add(1)));
        Self { id, unseen: None, ..self }
    }
}

impl Position for ListPosition {
    fn encode(&self) -> Vec<u8> {
        let micros = self.updated_at.timestamp_micros().to_be_bytes();
        let unseen = self.unseen.as_ref().map_or(&[][..], |id| id.as_bytes());
        [&[u8::from(self.pinned)], micros.as_slice(), self.id.0.as_bytes(), unseen].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&pinned, rest) = bytes.split_first()?;
        let (micros, rest) = rest.split_first_chunk::<8>()?;
        let (id, unseen) = rest.split_first_chunk()?;
        let pinned = [false, true].get(usize::from(pinned)).copied()?;
        let updated_at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
        let unseen = if unseen.is_empty() { None } else { Some(Uuid::from_slice(unseen).ok()?) };
        Some(Self { pinned, updated_at, id: ConversationId(Uuid::from_bytes(*id)), unseen })
    }
}

impl ListPosition {
    /// Where this conversation stands.
    pub(crate) fn of(conversation: &Conversation) -> Self {
        let Conversation { pinned, updated_at, id, .. } = *conversation;
        Self { pinned, updated_at, id, unseen: None }
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

/// A message of a path, and the leaf of that path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathPosition {
    pub(crate) message: MessageId,
    pub(crate) leaf: MessageId,
}

impl Position for PathPosition {
    fn encode(&self) -> Vec<u8> {
        [self.message.0.as_bytes().as_slice(), self.leaf.0.as_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (message, leaf) = bytes.split_first_chunk::<16>()?;
        let leaf = MessageId(Uuid::from_slice(leaf).ok()?);
        Some(Self { message: MessageId(Uuid::from_bytes(*message)), leaf })
    }
}

/// The last citation of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CitationPosition {
    pub(crate) message: MessageId,
    pub(crate) ordinal: i16,
}

impl CitationPosition {
    /// The place before all citations.
    pub(crate) const NEWEST: Self = Self { message: MessageId(Uuid::max()), ordinal: i16::MAX };
}

impl Position for CitationPosition {
    fn encode(&self) -> Vec<u8> {
        [self.message.0.as_bytes().as_slice(), &self.ordinal.to_be_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (message, ordinal) = bytes.split_first_chunk::<16>()?;
        let ordinal = i16::from_be_bytes(ordinal.try_into().ok()?);
        Some(Self { message: MessageId(Uuid::from_bytes(*message)), ordinal })
    }
}

/// The token of a page of the answers to a query.
pub(crate) fn encode(query: &Query, page: &Page<impl Position>) -> String {
    let (direction, position) = match page {
        Page::After(position) => (FORWARDS, position.encode()),
        Page::Before(position) => (BACKWARDS, position.encode()),
    };
    URL_SAFE_NO_PAD.encode([&[direction], query.digest(direction, &position).as_slice(), &position].concat())
}

/// The page that a token names, if it is a token for this query.
pub(crate) fn decode<P: Position>(query: &Query, token: &str) -> Option<Page<P>> {
    if token.len() > LONGEST {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (&direction, rest) = bytes.split_first()?;
    let (digest, position) = rest.split_first_chunk::<DIGEST>()?;
    if *digest != query.digest(direction, position) {
        return None;
    }
    let position = P::decode(position)?;
    match direction {
        FORWARDS => Some(Page::After(position)),
        BACKWARDS => Some(Page::Before(position)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn position()(
            pinned: bool, micros in 0_i64..253_402_300_800_000_000, id: u128, unseen: Option<u128>,
        ) -> ListPosition {
            let updated_at = DateTime::from_timestamp_micros(micros).unwrap();
            let unseen = unseen.map(Uuid::from_u128);
            ListPosition { pinned, updated_at, id: ConversationId(Uuid::from_u128(id)), unseen }
        }
    }

    fn page() -> impl Strategy<Value = Page<ListPosition>> {
        let page = |(position, after)| if after { Page::After(position) } else { Page::Before(position) };
        (position(), any::<bool>()).prop_map(page)
    }

    proptest! {
        #[test]
        fn a_page_survives(page in page(), filter: Vec<u8>) {
            let query = Query::new("list").with(&filter);
            let token = encode(&query, &page);
            prop_assert!(token.len() <= LONGEST);
            prop_assert_eq!(decode(&query, &token), Some(page));
        }

        #[test]
        fn places_in_paths_and_citations_survive(message: u128, leaf: u128, ordinal: i16) {
            let (message, leaf) = (MessageId(Uuid::from_u128(message)), MessageId(Uuid::from_u128(leaf)));
            let query = Query::new("any");
            let page = Page::Before(PathPosition { message, leaf });
            prop_assert_eq!(decode(&query, &encode(&query, &page)), Some(page));
            let page = Page::After(CitationPosition { message, ordinal });
            prop_assert_eq!(decode(&query, &encode(&query, &page)), Some(page));
        }

        #[test]
        fn a_token_of_another_query_is_none(page in page(), one: Vec<u8>, other: Vec<u8>) {
            prop_assume!(one != other);
            let token = encode(&Query::new("list").with(&one), &page);
            prop_assert_eq!(decode::<ListPosition>(&Query::new("list").with(&other), &token), None);
        }

        #[test]
        fn a_token_that_was_turned_round_is_none(page in page()) {
            let query = Query::new("list");
            let mut bytes = URL_SAFE_NO_PAD.decode(encode(&query, &page)).unwrap();
            bytes[0] = FORWARDS + BACKWARDS - bytes[0];
            prop_assert_eq!(decode::<ListPosition>(&query, &URL_SAFE_NO_PAD.encode(&bytes)), None);
        }

        #[test]
        fn a_damaged_token_is_none(page in page(), at: prop::sample::Index, bit in 0..8_u32) {
            let query = Query::new("list");
            let mut bytes = URL_SAFE_NO_PAD.decode(encode(&query, &page)).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(decode::<ListPosition>(&query, &URL_SAFE_NO_PAD.encode(&bytes)), None);
        }

        #[test]
        fn anything_else_is_none(token: String) {
            prop_assert_eq!(decode::<PathPosition>(&Query::new("path"), &token), None);
        }
    }

    #[test]
    fn an_absent_filter_is_not_an_empty_one() {
        let nil = MessageId(Uuid::nil());
        let page = Page::After(PathPosition { message: nil, leaf: nil });
        let token = encode(&Query::new("path").with_optional(None::<&str>), &page);
        assert_eq!(decode::<PathPosition>(&Query::new("path").with_optional(Some("")), &token), None);
    }
}
