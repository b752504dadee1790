//! The query, parameter by parameter, with everything named that is wrong.

use std::{convert::Infallible, ops::RangeInclusive};

use axum::extract::FromRequestParts;
use http::request::Parts;
use kit::error::Violation;
use prost_types::Timestamp;
use proto::{limit, reason};
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    fields::{TIME, timestamp},
    problem::{Problem, Refused},
};

/// The parameters that nobody took yet, and what is wrong so far.
#[derive(Debug)]
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
    known: Vec<&'static str>,
    violations: Vec<Violation>,
}

impl Query {
    /// How many at most; 0 lets the service choose.
    pub(crate) fn limit(&mut self, range: RangeInclusive<usize>) -> i32 {
        let Some(text) = self.take("limit") else { return 0 };
        let limit = text.parse().ok().filter(|limit| range.contains(limit));
        limit.and_then(|limit| i32::try_from(limit).ok()).unwrap_or_else(|| {
            let message = format!("must be a whole number from {} to {}", range.start(), range.end());
            self.note("limit", reason::FIELD_OUT_OF_RANGE, message);
            0
        })
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        let text = self.take(name)?;
        if text.contains('\0') {
            self.note(name, reason::FIELD_INVALID, "must not contain NUL");
        }
        Some(text)
    }

    /// What to search for; what it means is up to the service.
    pub(crate) fn searched(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        let characters = text.chars().count();
        if characters > limit::SEARCH_QUERY {
            let message = format!("must have at most {} characters; it has {characters}", limit::SEARCH_QUERY);
            self.note(name, reason::FIELD_TOO_LONG, message);
        }
        Some(text)
    }

    /// Notes it when the parameter is missing.
    pub(crate) fn require<T: Default>(&mut self, name: &'static str, value: Option<T>) -> T {
        if value.is_none() {
            self.note(name, reason::FIELD_REQUIRED, "is required");
        }
        value.unwrap_or_default()
    }

    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.parsed(name, "must be true or false", |text| text.parse().ok())
    }

    pub(crate) fn uuid(&mut self, name: &'static str) -> Option<Uuid> {
        self.parsed(name, "must be a UUID", |text| Uuid::try_parse(text).ok())
    }

    pub(crate) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.parsed(name, TIME, timestamp)
    }

    /// One of these words.
    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.take(name)?;
        let choice = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if choice.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.note(name, reason::FIELD_INVALID, format!("must be one of {}", words.join(", ")));
        }
        choice
    }

    /// Succeeds when nothing is wrong and nothing is left.
    pub(crate) fn finish(mut self) -> Result<(), Refused> {
        for (name, _) in std::mem::take(&mut self.parameters) {
            let (code, message) = if self.known.contains(&name.as_str()) {
                (reason::FIELD_INVALID, "stands there twice".to_owned())
            } else {
                (reason::FIELD_UNKNOWN, format!("is not supported here; supported are {}", self.known.join(", ")))
            };
            self.note(&name, code, message);
        }
        if self.violations.is_empty() { Ok(()) } else { Err(Problem::invalid(self.violations)) }
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        otherwise: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(&self.take(name)?);
        if value.is_none() {
            self.note(name, reason::FIELD_INVALID, otherwise);
        }
        value
    }

    fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let index = self.parameters.iter().position(|(parameter, _)| parameter == name)?;
        Some(self.parameters.remove(index).1)
    }

    fn note(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.violations.push(Violation { field: field.to_owned(), code, message: message.into() });
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Ok(Self { parameters, known: Vec::new(), violations: Vec::new() })
    }
}
