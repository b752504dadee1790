//! What a question is, apart from its spelling: the same request sent twice has the same fingerprint.

use serde_json::Value;

use super::{Ask, Asked, Place};
use crate::digest::digest;

/// SHA-256 over the canonical request.
pub(super) fn of(ask: &Ask) -> Vec<u8> {
    let (kind, texts) = match &ask.asked {
        Asked::New { text, parent_id, client_id, metadata } => {
            let metadata = metadata.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
            let metadata = metadata.as_ref().map(canonical);
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

/// JSON without white space and with sorted members.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            let member =
                |(name, value): (&String, &Value)| format!("{}:{}", Value::from(name.as_str()), canonical(value));
            format!("{{{}}}", members.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_at_every_depth() {
        let text = |json: &str| canonical(&serde_json::from_str(json).unwrap());
        assert_eq!(text(r#"{ "b": [1, {"d": null, "c": "x"}], "a": 1.0 }"#), r#"{"a":1.0,"b":[1,{"c":"x","d":null}]}"#);
    }
}
