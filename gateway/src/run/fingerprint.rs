//! What a question is, apart from its spelling: the same request sent twice has the same fingerprint.

use aws_lc_rs::digest::{self, Context};
use serde_json::Value;

use super::Ask;

/// SHA-256 over the canonical request.
pub(super) fn of(ask: &Ask) -> Vec<u8> {
    let mut digest = Context::new(&digest::SHA256);
    part(&mut digest, Some(&ask.message));
    part(&mut digest, ask.conversation_id.map(|id| id.to_string()).as_deref());
    part(&mut digest, ask.parent_id.as_deref());
    part(&mut digest, ask.agent.as_deref());
    let metadata = ask.metadata.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
    part(&mut digest, metadata.as_ref().map(canonical).as_deref());
    let expires_at = ask.expires_at.map(|end| format!("{}.{:09}", end.seconds, end.nanos));
    part(&mut digest, expires_at.as_deref());
    digest.finish().as_ref().to_vec()
}

/// Lengths keep neighbours apart.
fn part(digest: &mut Context, text: Option<&str>) {
    let length = text.map_or(u64::MAX, |text| text.len() as u64);
    digest.update(&length.to_be_bytes());
    digest.update(text.unwrap_or_default().as_bytes());
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
