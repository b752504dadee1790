//! What REST shows of the contracts' messages: names and forms of JSON, nothing else.

use chrono::{DateTime, SecondsFormat, Utc};
use prost_types::Timestamp;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

mod citation;
mod conversation;
mod erasure;
mod message;
mod run;
mod search;
mod user;

pub(crate) use self::{
    citation::Citation,
    conversation::{Conversation, ConversationWithMessages},
    erasure::{Counts, Erasure},
    message::{Message, Role, Sibling, Source, Usage},
    run::{Run, RunAnswer},
    search::SearchHit,
    user::User,
};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The page.
    pub(crate) items: Vec<T>,
    /// Pass it as `cursor` for the next page; null at the end.
    pub(crate) next_cursor: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn new<S: Into<T>>(items: Vec<S>, next_page_token: String) -> Self {
        let items = items.into_iter().map(Into::into).collect();
        Self { items, next_cursor: Some(next_page_token).filter(|token| !token.is_empty()) }
    }

    pub(crate) fn whole<S: Into<T>>(items: Vec<S>) -> Self {
        Self::new(items, String::new())
    }
}

/// A page of a list that can be walked both ways.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageBothWays<T> {
    /// The page.
    items: Vec<T>,
    /// Pass it as `cursor` for the next page; null at the end.
    next_cursor: Option<String>,
    /// Pass it as `cursor` for the page before; null at the beginning.
    prev_cursor: Option<String>,
}

impl<T> PageBothWays<T> {
    pub(crate) fn new<S: Into<T>>(items: Vec<S>, next_page_token: String, previous_page_token: String) -> Self {
        let Page { items, next_cursor } = Page::new(items, next_page_token);
        Self { items, next_cursor, prev_cursor: Some(previous_page_token).filter(|token| !token.is_empty()) }
    }
}

/// RFC 3339 in UTC, to the microsecond where there are any.
pub(crate) fn time(at: &Timestamp) -> String {
    let nanos = u32::try_from(at.nanos).unwrap_or_default();
    DateTime::<Utc>::from_timestamp(at.seconds, nanos).unwrap_or_default().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

pub(crate) fn optional_time(at: Option<&Timestamp>) -> Option<String> {
    at.map(time)
}

/// A stored document goes out as it is stored, key order and all.
pub(crate) fn document(json: String, empty: &'static str) -> Box<RawValue> {
    let json = if json.is_empty() { empty.to_owned() } else { json };
    RawValue::from_string(json).unwrap_or_else(|error| {
        tracing::error!(%error, "a stored document is no JSON");
        to_raw_value(&()).expect("null is JSON")
    })
}
