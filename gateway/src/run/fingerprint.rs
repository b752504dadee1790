//! What a question is, apart from its spelling: the same request sent twice has the same fingerprint.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

use super::{Ask, Asked, Place};
use crate::digest::digest;

/// So deep are members sorted.
const DEEPEST: usize = 128;

/// SHA-256 over the canonical request.
pub(super) fn of(ask: &Ask) -> Vec<u8> {
    let (kind, texts) = match &ask.asked {
        Asked::New { text, parent_id, client_id, metadata } => {
            let metadata = metadata.as_ref().map(|raw| canonical(raw, DEEPEST));
            ("new", [Some(text.clone()), parent_id.clone(), client_id.clone(), metadata])
        }
        Asked::Again { user_message_id } => ("again", [Some(user_message_id.clone()), None, None, None]),
    };
    let (place, id) = match &ask.place {
        Place::New { expires_at } => ("new", expires_at.map(|end| format!("{}.{:09}", end.seconds, end.nanos))),
        Place::Conversation(id) => ("conversation", Some(id.to_string())),
        Place::ClientId(id) => ("client id", Some(id.clone())),
    };
    let about = [Some(kind), Some(place), id.as_deref(), ask.agent.as_deref()];
    let before = ask.before.as_deref().map(Some);
    digest(texts.iter().map(Option::as_deref).chain(about).chain(before)).as_ref().to_vec()
}

/// JSON without white space and with sorted members. Numbers stand as they came: many that differ are the same to a
/// computer. So does what is nested deeper.
fn canonical(raw: &RawValue, deeper: usize) -> String {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'[') if deeper > 0 => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            let items: Vec<_> = items.into_iter().map(|item| canonical(item, deeper - 1)).collect();
            format!("[{}]", items.join(","))
        }
        Some(b'{') if deeper > 0 => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
            let member = |(name, value)| format!("{}:{}", Value::String(name), canonical(value, deeper - 1));
            format!("{{{}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        Some(b'"') => {
            serde_json::from_str(text).map_or_else(|_| text.to_owned(), |text| Value::String(text).to_string())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_at_every_depth() {
        let text = |json: &str| canonical(&RawValue::from_string(json.to_owned()).unwrap(), DEEPEST);
        assert_eq!(
            text(r#"{ "b": [1, {"d": null, "c": "\u0078"}], "a": 1.0 }"#),
            r#"{"a":1.0,"b":[1,{"c":"x","d":null}]}"#
        );
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(1_000), "]".repeat(1_000));
        assert_ne!(text(&deep("1")), text(&deep("2")));
    }

    #[test]
    fn numbers_that_a_computer_takes_for_the_same_are_not() {
        let text = |json: &str| canonical(&RawValue::from_string(json.to_owned()).unwrap(), DEEPEST);
        for (one, other) in [
            ("12345678901234567890123", "12345678901234567890124"),
            ("1e400", "1e401"),
            ("0.1000000000000000055", "0.1"),
        ] {
            assert_ne!(text(&format!(r#"{{"a":{one}}}"#)), text(&format!(r#"{{"a":{other}}}"#)));
        }
    }
}
