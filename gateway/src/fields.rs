//! Reads a JSON object member by member and names everything that is wrong with it, not only the first thing.

use std::{borrow::Cow, collections::HashSet, fmt, ops::RangeInclusive};

use chrono::DateTime;
use kit::error::Violation;
use prost_types::Timestamp;
use proto::{limit, reason};
use serde::{
    Deserialize,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

/// A request body that knows its members.
pub(crate) trait FromFields: Sized {
    /// `None` only where something was noted.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// The members of one object, and what is wrong with them so far.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    path: String,
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
    known: Vec<&'static str>,
    violations: Vec<Violation>,
}

impl<'a> Fields<'a> {
    /// Reads a whole document.
    pub(crate) fn parse<T: FromFields>(bytes: &[u8]) -> Result<T, Unreadable> {
        // Raw values are not looked into; this pass finds bad escapes, bad UTF-8, bad numbers and deep nesting in them.
        let document: Value = serde_json::from_slice(bytes)?;
        if !document.is_object() {
            return Err(Unreadable::NoObject);
        }
        let mut fields = Fields::of(serde_json::from_slice(bytes)?, String::new());
        let read = T::read(&mut fields);
        let violations = fields.finish();
        match read {
            Some(read) if violations.is_empty() => Ok(read),
            _ => Err(Unreadable::Invalid(violations)),
        }
    }

    /// The names that a reader knows, and those it demands.
    #[cfg(test)]
    pub(crate) fn contract<T: FromFields>() -> (Vec<String>, Vec<String>) {
        let mut fields = Fields::of(Members(Vec::new()), String::new());
        T::read(&mut fields);
        let demanded = fields.violations.iter().map(|violation| violation.field.clone());
        (
            fields.known.iter().map(|name| (*name).to_owned()).collect(),
            demanded.filter(|name| !name.is_empty()).collect(),
        )
    }

    fn of(members: Members<'a>, path: String) -> Self {
        Self { path, members: members.0, known: Vec::new(), violations: Vec::new() }
    }

    /// Notes it when the member is missing.
    pub(crate) fn require(&mut self, name: &'static str) {
        if self.value(name).is_none() {
            self.note(name, reason::FIELD_REQUIRED, "is required");
        }
    }

    /// Whether the member is there, null or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
    }

    /// Whether nothing is wrong so far, unknown members included.
    pub(crate) fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.members.iter().all(|(name, _)| self.known.contains(&name.as_ref()))
    }

    /// A text of so many characters.
    pub(crate) fn text(&mut self, name: &'static str, length: RangeInclusive<usize>) -> Option<String> {
        let text: String = self.typed(name, "must be a string")?;
        let characters = text.chars().count();
        if text.contains('\0') {
            self.note(name, reason::FIELD_INVALID, "must not contain NUL");
        } else if characters < *length.start() {
            self.note(name, reason::FIELD_REQUIRED, "must not be empty");
        } else if characters > *length.end() {
            let message = format!("must have at most {} characters; it has {characters}", length.end());
            self.note(name, reason::FIELD_TOO_LONG, message);
        } else {
            return Some(text);
        }
        None
    }

    /// A UUID, in its usual form.
    pub(crate) fn uuid(&mut self, name: &'static str) -> Option<Uuid> {
        let text: String = self.typed(name, "must be a string")?;
        let uuid = Uuid::try_parse(&text).ok();
        if uuid.is_none() {
            self.note(name, reason::FIELD_INVALID, "must be a UUID");
        }
        uuid
    }

    /// A UUID, or null for none, as the contracts have it: absent where it is missing, empty where it is null.
    pub(crate) fn uuid_or_none(&mut self, name: &'static str) -> Option<String> {
        let uuid = self.uuid(name).map(|uuid| uuid.to_string());
        uuid.or_else(|| self.has(name).then(String::new))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "must be true or false")
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &'static str) -> Option<f64> {
        self.typed(name, "must be a number")
    }

    /// A whole number from 0.
    pub(crate) fn position(&mut self, name: &'static str) -> Option<i32> {
        let position: Option<i32> = self.typed(name, "must be a whole number");
        if position.is_some_and(|position| position < 0) {
            self.note(name, reason::FIELD_OUT_OF_RANGE, "must not be negative");
        }
        position
    }

    /// An RFC 3339 time.
    pub(crate) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        let text: String = self.typed(name, "must be a string")?;
        let time = timestamp(&text);
        if time.is_none() {
            self.note(name, reason::FIELD_INVALID, TIME);
        }
        time
    }

    /// One of these words.
    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text: String = self.typed(name, "must be a string")?;
        let choice = choices.iter().find(|(word, _)| *word == text);
        if choice.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.note(name, reason::FIELD_INVALID, format!("must be one of {}", words.join(", ")));
        }
        choice.map(|(_, value)| *value)
    }

    /// A JSON object, kept as it came.
    pub(crate) fn metadata(&mut self, name: &'static str) -> Option<Box<RawValue>> {
        let raw = self.value(name)?;
        let value: Value = serde_json::from_str(raw.get()).ok()?;
        if !value.is_object() {
            self.note(name, reason::FIELD_INVALID, "must be an object");
        } else if raw.get().len() > limit::METADATA_BYTES {
            self.note(name, reason::FIELD_TOO_LONG, "must have at most 16 KiB");
        } else if holds_nul(&value) {
            self.note(name, reason::FIELD_INVALID, "must not contain NUL");
        } else {
            return Some(raw.to_owned());
        }
        None
    }

    /// An object with members of its own.
    pub(crate) fn object<T: FromFields>(&mut self, name: &'static str) -> Option<T> {
        let raw = self.value(name)?;
        let path = format!("{}{name}", self.path);
        self.nested(raw, path)
    }

    /// A list of objects.
    pub(crate) fn list<T: FromFields>(&mut self, name: &'static str, longest: usize) -> Option<Vec<T>> {
        let items: Vec<&'a RawValue> = self.typed(name, "must be a list")?;
        if items.len() > longest {
            self.note(name, reason::FIELD_TOO_LONG, format!("must have at most {longest} entries"));
            return None;
        }
        let path = format!("{}{name}", self.path);
        let read = items.into_iter().enumerate().map(|(index, raw)| self.nested(raw, format!("{path}[{index}]")));
        read.collect::<Vec<_>>().into_iter().collect()
    }

    fn nested<T: FromFields>(&mut self, raw: &'a RawValue, path: String) -> Option<T> {
        let Ok(members) = serde_json::from_str(raw.get()) else {
            let message = "must be an object".to_owned();
            self.violations.push(Violation { field: path, code: reason::FIELD_INVALID, message });
            return None;
        };
        let mut fields = Fields::of(members, format!("{path}."));
        let read = T::read(&mut fields);
        self.violations.extend(fields.finish());
        read
    }

    fn typed<T: Deserialize<'a>>(&mut self, name: &'static str, otherwise: &'static str) -> Option<T> {
        let value = serde_json::from_str(self.value(name)?.get()).ok();
        if value.is_none() {
            self.note(name, reason::FIELD_INVALID, otherwise);
        }
        value
    }

    /// The member, unless it is missing or null.
    fn value(&mut self, name: &'static str) -> Option<&'a RawValue> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        let (_, raw) = self.members.iter().find(|(member, _)| member == name)?;
        (raw.get() != "null").then_some(*raw)
    }

    /// Notes what is wrong with a member.
    pub(crate) fn note(&mut self, name: &str, code: &'static str, message: impl Into<String>) {
        self.violations.push(Violation { field: format!("{}{name}", self.path), code, message: message.into() });
    }

    /// Notes what nobody asked for, and what stands there twice.
    fn finish(mut self) -> Vec<Violation> {
        let names: Vec<String> = self.members.iter().map(|(name, _)| name.clone().into_owned()).collect();
        let mut seen = HashSet::new();
        for name in &names {
            if !self.known.contains(&name.as_str()) {
                self.note(
                    name,
                    reason::FIELD_UNKNOWN,
                    format!("is not known here; known are {}", self.known.join(", ")),
                );
            } else if !seen.insert(name) {
                self.note(name, reason::FIELD_INVALID, "stands there twice");
            }
        }
        self.violations
    }
}

/// Why a body cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the body is no JSON: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the body must be a JSON object")]
    NoObject,
    #[error("the body breaks its contract")]
    Invalid(Vec<Violation>),
}

/// The members of an object in their order, repeated ones included.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What a time must look like.
pub(crate) const TIME: &str = "must be an RFC 3339 time, as 2026-01-31T12:00:00Z";

/// An RFC 3339 time of the common era.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).ok()?;
    Some(Timestamp { seconds: time.timestamp(), nanos })
}

#[cfg(test)]
mod tests;
