//! Checks the fields of requests. All that is wrong is noted, and placeholders stand in until `finish` refuses.

use std::{ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use kit::error::{Error, Violations};
use proto::{
    limit,
    reason::{FIELD_INVALID, FIELD_OUT_OF_RANGE, FIELD_REQUIRED, FIELD_TOO_LONG, FIELD_UNKNOWN},
};
use uuid::Uuid;

use crate::{
    json,
    message::Parent,
    page_token::{self, Page, Position, Query},
    search,
};

/// The fields of one request.
#[derive(Default)]
pub(super) struct Fields(Violations);

impl Fields {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Succeeds when nothing was noted.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.0.finish()
    }

    pub(super) fn invalid(&mut self, field: &str, problem: impl Into<String>) {
        self.0.add(field, FIELD_INVALID, problem);
    }

    pub(super) fn missing(&mut self, field: &str) {
        self.0.add(field, FIELD_REQUIRED, "is required");
    }

    pub(super) fn unknown(&mut self, field: &str, problem: &str) {
        self.0.add(field, FIELD_UNKNOWN, problem);
    }

    pub(super) fn id<T: From<Uuid>>(&mut self, field: &str, text: &str) -> T {
        let id = Uuid::try_parse(text).unwrap_or_else(|_| {
            if text.is_empty() {
                self.missing(field);
            } else {
                self.invalid(field, "must be a UUID");
            }
            Uuid::nil()
        });
        T::from(id)
    }

    pub(super) fn optional_id<T: From<Uuid>>(&mut self, field: &str, text: Option<&str>) -> Option<T> {
        text.map(|text| self.id(field, text))
    }

    /// Where a message goes: absent means the active leaf, empty means no parent.
    pub(super) fn parent(&mut self, field: &str, text: Option<&str>) -> Parent {
        match text {
            None => Parent::ActiveLeaf,
            Some("") => Parent::Root,
            Some(text) => Parent::Message(self.id(field, text)),
        }
    }

    /// A text of so many characters.
    pub(super) fn text(&mut self, field: &str, text: String, length: &RangeInclusive<usize>) -> String {
        // No character has more than four bytes.
        let characters = if text.len() <= *length.end() { text.len() } else { text.chars().count() };
        if text.is_empty() && *length.start() > 0 {
            self.missing(field);
        } else if characters > *length.end() {
            self.0.add(field, FIELD_TOO_LONG, format!("must have at most {} characters", length.end()));
        }
        if text.contains('\0') {
            self.invalid(field, "must not contain the character NUL");
        }
        text
    }

    pub(super) fn optional_text(
        &mut self,
        field: &str,
        text: Option<String>,
        length: &RangeInclusive<usize>,
    ) -> Option<String> {
        text.map(|text| self.text(field, text, length))
    }

    /// A JSON object of a client's, as it came; empty means `{}`.
    pub(super) fn metadata(&mut self, field: &str, text: String) -> String {
        if text.len() > limit::METADATA_BYTES {
            self.0.add(field, FIELD_TOO_LONG, format!("must have at most {} bytes", limit::METADATA_BYTES));
            return text;
        }
        self.document(field, text, json::DEEPEST)
    }

    /// A JSON object of any size, as it came; empty means `{}`.
    pub(super) fn document(&mut self, field: &str, text: String, deepest: usize) -> String {
        if text.is_empty() {
            return "{}".to_owned();
        }
        if let Some(problem) = json::object_problem(&text, deepest) {
            self.invalid(field, problem);
        }
        text
    }

    /// A search query, in the field `query`. None when there is none, or something was noted.
    pub(super) fn search(&mut self, query: Option<&str>) -> Option<search::Query> {
        let query = query?;
        let fits = (1..=limit::SEARCH_QUERY).contains(&query.chars().take(limit::SEARCH_QUERY + 1).count());
        if !fits || query.contains('\0') {
            self.text("query", query.to_owned(), &(1..=limit::SEARCH_QUERY));
            return None;
        }
        self.0.check("query", search::Query::parse(query))
    }

    pub(super) fn page_size(&mut self, size: i32, default: usize, largest: usize) -> usize {
        match usize::try_from(size) {
            Ok(0) => default,
            Ok(size) if size <= largest => size,
            _ => {
                self.0.add("page_size", FIELD_OUT_OF_RANGE, format!("must be from 1 to {largest}, or 0 for {default}"));
                default
            }
        }
    }

    /// A number between these bounds.
    pub(super) fn number(&mut self, field: &str, value: i64, range: &RangeInclusive<i64>) -> i64 {
        if !range.contains(&value) {
            let problem = format!("must be from {} to {}", range.start(), range.end());
            self.0.add(field, FIELD_OUT_OF_RANGE, problem);
        }
        value
    }

    pub(super) fn page_token<P: Position>(&mut self, query: &Query, token: &str) -> Option<Page<P>> {
        if token.is_empty() {
            return None;
        }
        let page = page_token::decode(query, token);
        if page.is_none() {
            self.invalid("page_token", "is no token of this query; begin again without one");
        }
        page
    }

    /// A time that is not over.
    pub(super) fn future(&mut self, field: &str, time: Option<prost_types::Timestamp>) -> Option<DateTime<Utc>> {
        let time = self.time(field, time);
        if time.is_some_and(|time| time <= Utc::now()) {
            self.invalid(field, "must lie in the future");
        }
        time
    }

    /// A time in the range of protobuf timestamps, in whole microseconds.
    pub(super) fn time(&mut self, field: &str, time: Option<prost_types::Timestamp>) -> Option<DateTime<Utc>> {
        let time = time?;
        // From the year 1 to the year 9999.
        let sane = (-62_135_596_800..=253_402_300_799).contains(&time.seconds);
        let nanos = u32::try_from(time.nanos).ok().filter(|nanos| sane && *nanos < 1_000_000_000);
        let parsed = nanos.and_then(|nanos| DateTime::from_timestamp(time.seconds, nanos / 1_000 * 1_000));
        if parsed.is_none() {
            self.0.add(field, FIELD_OUT_OF_RANGE, "must be a time from year 1 to 9999");
        }
        parsed
    }

    pub(super) fn duration(
        &mut self,
        field: &str,
        value: Option<prost_types::Duration>,
        range: &RangeInclusive<Duration>,
    ) -> Duration {
        let Some(value) = value else {
            self.missing(field);
            return *range.start();
        };
        let duration = Duration::try_from(value).ok().filter(|duration| range.contains(duration));
        duration.unwrap_or_else(|| {
            let (from, to) = (range.start().as_secs(), range.end().as_secs());
            self.0.add(field, FIELD_OUT_OF_RANGE, format!("must be from {from} s to {to} s"));
            *range.start()
        })
    }

    /// At most so many elements.
    pub(super) fn count(&mut self, field: &str, count: usize, most: usize) {
        if count > most {
            self.0.add(field, FIELD_TOO_LONG, format!("must have at most {most} elements"));
        }
    }
}
