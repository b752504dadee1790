//! JSON as agents write it: what has another form than expected is passed over, and a broken emoji breaks no answer. Its
//! halves are [kept](HALF) until it is known whether they belong together.

use std::{borrow::Cow, ops::Range};

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, value::RawValue};

use super::AgentError;

/// So deep a document may be nested: the history takes 1,000 levels of a whole answer.
const DEEPEST: usize = 900;

/// Stands before a character that stands for half of one. It is none itself, and in no text (Unicode §23.7).
pub(super) const HALF: char = '\u{fdd0}';
/// The first of the characters that stand for halves.
const FIRST_HALF: u32 = 0xf_0000;
const SURROGATES: Range<u32> = 0xd800..0xe000;
const LOW: u32 = 0xdc00;

/// A string, where there is one.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
pub(super) struct Text(pub(super) Option<String>);

impl Text {
    /// An empty string is nothing to say.
    pub(super) fn said(self) -> Option<String> {
        self.0.filter(|text| !text.is_empty())
    }

    pub(super) fn or_empty(self) -> String {
        self.0.unwrap_or_default()
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<Value> for Text {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self(Some(text)),
            _ => Self(None),
        }
    }
}

/// Reads a document, and says what is broken in it.
pub(super) fn read<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, AgentError> {
    serde_json::from_str(text)
        .or_else(|error| match paired(text) {
            Cow::Owned(mended) => serde_json::from_str(&mended),
            Cow::Borrowed(_) => Err(error),
        })
        .map_err(|error| AgentError::bad_response(format!("{what} is broken: {error}")))
}

/// The text of a document; `null` where there is none.
pub(super) fn document(document: Option<Box<RawValue>>) -> String {
    document.map_or_else(|| "null".to_owned(), |document| Box::<str>::from(document).into_string())
}

/// A document that is a string says what it says; any other says its text.
pub(super) fn words(document: &RawValue) -> String {
    serde_json::from_str(document.get()).unwrap_or_else(|_| document.get().to_owned())
}

/// The text with halves that belong together joined. Others become U+FFFD: columns of PostgreSQL cannot hold them.
pub(super) fn whole(text: String) -> String {
    if !text.contains(HALF) {
        return text;
    }
    let (mut whole, mut rest) = (String::new(), text.chars());
    while let Some(c) = rest.next() {
        if c != HALF {
            whole.push(c);
            continue;
        }
        let high = rest.next().and_then(unit);
        let mut ahead = rest.clone();
        let low = ahead.next().filter(|c| *c == HALF).and_then(|_| unit(ahead.next()?)).filter(|low| *low >= LOW);
        match (high, low) {
            (Some(high), Some(low)) if high < LOW => {
                rest = ahead;
                let joined = 0x1_0000 + ((high - SURROGATES.start) << 10) + (low - LOW);
                whole.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => whole.push(char::REPLACEMENT_CHARACTER),
        }
    }
    whole
}

/// Splits off the first half of a character that a text ends with: the other may be still to come.
pub(super) fn split_half(text: &mut String) -> String {
    let mut end = text.chars();
    let is_high = end.next_back().and_then(unit).is_some_and(|unit| unit < LOW);
    let at = if is_high && end.next_back() == Some(HALF) { end.as_str().len() } else { text.len() };
    text.split_off(at)
}

/// Which half a character stands for, if it follows [`HALF`].
fn unit(c: char) -> Option<u32> {
    let unit = u32::from(c).checked_sub(FIRST_HALF)? + SURROGATES.start;
    SURROGATES.contains(&unit).then_some(unit)
}

/// Whether that is the second half.
pub(super) fn is_low(c: char) -> bool {
    unit(c).is_some_and(|unit| unit >= LOW)
}

/// Halves of surrogate pairs, which servers in JavaScript write when they cut a text in the middle of a character, become
/// characters that stand for them: strings in Rust cannot hold them.
fn paired(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let start = at + found;
        at = start + 2;
        let Some(unit) = surrogate(text, start) else {
            // What is escaped may be longer than a byte.
            while !text.is_char_boundary(at.min(text.len())) {
                at += 1;
            }
            at = at.min(text.len());
            continue;
        };
        at = start + 6;
        if unit < 0xdc00 && surrogate(text, at).is_some_and(|unit| unit >= 0xdc00) {
            at += 6;
            continue;
        }
        mended.push_str(&text[done..start]);
        mended.push(HALF);
        mended.extend(char::from_u32(unit - SURROGATES.start + FIRST_HALF));
        done = at;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[done..]);
    Cow::Owned(mended)
}

fn surrogate(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u32::from_str_radix(digits, 16).ok().filter(|unit| SURROGATES.contains(unit))
}

/// The same document without NUL, which cannot be stored. What is no JSON, or nested too deep to be stored, becomes a string.
pub(super) fn storable(document: String) -> String {
    let document = whole(document);
    if serde_json::from_str::<IgnoredAny>(&document).is_err() || kit::json::is_nested_deeper(&document, DEEPEST) {
        return Value::String(document.replace('\0', "\u{fffd}")).to_string();
    }
    if !document.contains("\\u0000") && !document.contains("\\ud") && !document.contains("\\uD") {
        return document;
    }
    let document = whole(paired(&document).into_owned());
    match serde_json::from_str(&document) {
        Ok(value) if document.contains("\\u0000") => without_nul(value).to_string(),
        // Too deep to be looked into.
        Err(_) if document.contains("\\u0000") => Value::String(document).to_string(),
        _ => document,
    }
}

fn without_nul(value: Value) -> Value {
    let clean = |text: String| text.replace('\0', "\u{fffd}");
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.into_iter().map(without_nul).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (clean(name), without_nul(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_no_string_is_passed_over() {
        let texts: Vec<Text> = read(r#"["a", null, true, -1, 1, 0.5, ["b", {}], {"c": "d"}, "e"]"#, "it").unwrap();
        let texts: Vec<_> = texts.into_iter().map(|text| text.0).collect();
        assert_eq!(texts.iter().flatten().collect::<Vec<_>>(), ["a", "e"]);
    }

    #[test]
    fn half_a_character_becomes_its_stand_in() {
        let read = |text: &str| whole(read::<String>(text, "it").unwrap());
        assert_eq!(read(r#""\ud83d\ude00""#), "😀");
        assert_eq!(read(r#""a\ud83d""#), "a\u{fffd}");
        assert_eq!(read(r#""\ude00b\\ud83d""#), "\u{fffd}b\\ud83d");
        assert_eq!(read(r#""\ud83d\ud83d\ude00ü""#), "\u{fffd}😀ü");
        assert!(super::read::<String>("\"\\ü\\ud83d\"", "it").is_err());
        assert!(super::read::<String>("\"\\ud8", "it").is_err());
    }

    #[test]
    fn halves_that_come_apart_belong_together() {
        let read = |text: &str| read::<String>(text, "it").unwrap();
        let mut first = read(r#""a\ud83d""#);
        let half = split_half(&mut first);
        assert_eq!((first.as_str(), whole(half + &read(r#""\ude00b""#))), ("a", "😀b".to_owned()));
        for text in [r#""a\ude00""#, r#""a""#, r#""""#, "\"\u{f003d}\""] {
            let mut first = read(text);
            assert_eq!((split_half(&mut first), first), (String::new(), read(text)), "{text}");
        }
    }

    #[test]
    fn documents_are_made_fit_to_be_stored() {
        for (given, kept) in [
            (r#"{"a": 1.50}"#, r#"{"a": 1.50}"#),
            (r#"{"a\u0000": ["b\u0000"]}"#, "{\"a\u{fffd}\":[\"b\u{fffd}\"]}"),
            (r#"{"a": "\ud83d"}"#, "{\"a\": \"\u{fffd}\"}"),
            ("{\"a", r#""{\"a""#),
            ("a\0", "\"a\u{fffd}\""),
            ("", r#""""#),
        ] {
            assert_eq!(storable(given.to_owned()), kept);
        }
    }
}
