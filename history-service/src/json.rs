//! Documents of clients and agents. They are checked on the way in and stored as they came.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

/// Far more than anyone needs, far less than PostgreSQL's stack.
const DEEPEST: usize = 100;

/// What is wrong with a text that should be a JSON object, if anything.
pub(crate) fn object_problem(text: &str) -> Option<&'static str> {
    let opens = text.trim_start().starts_with('{');
    if !opens || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Some("must be a JSON object");
    }
    too_deep(text)
}

/// What is wrong with a text that should be a JSON array of objects with a `type`, if anything.
pub(crate) fn parts_problem(text: &str) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Part {
        #[serde(rename = "type")]
        _kind: String,
    }

    let problem = Some("must be a JSON array of objects with a `type`");
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(text) else { return problem };
    let is_part = |part: &&RawValue| part.get().starts_with('{') && serde_json::from_str::<Part>(part.get()).is_ok();
    if parts.iter().all(is_part) { too_deep(text) } else { problem }
}

/// The one text part that a plain text amounts to.
pub(crate) fn text_parts(text: &str) -> String {
    if text.is_empty() {
        return "[]".to_owned();
    }
    let text = serde_json::to_string(text).expect("a string is always JSON");
    format!(r#"[{{"type":"text","text":{text}}}]"#)
}

/// Looks at valid JSON only.
fn too_deep(text: &str) -> Option<&'static str> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth -= 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Some("must not be nested deeper than 100 levels");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_an_object_whatever_is_in_it() {
        for text in ["{}", " {\"a\":1e999}\n", r#"{"a":"\ud800","b":"\u0000","a":"}]"}"#] {
            assert_eq!(object_problem(text), None, "{text}");
        }
        for text in ["", "[]", "null", "{", "{}{}", "{'a':1}", "{\"a\":\"\u{0}\"}"] {
            assert_eq!(object_problem(text), Some("must be a JSON object"), "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert_eq!(object_problem(&nested(DEEPEST)), None);
        assert_eq!(object_problem(&nested(DEEPEST + 1)), Some("must not be nested deeper than 100 levels"));
        assert!(object_problem(&nested(1_000_000)).is_some());
    }

    #[test]
    fn parts_are_objects_with_a_type() {
        for text in ["[]", r#"[{"type":"text","text":"\ud800"},{"x":[],"type":"data"}]"#] {
            assert_eq!(parts_problem(text), None, "{text}");
        }
        for text in ["{}", "[1]", "[{}]", r#"[["text"]]"#, r#"[{"type":1}]"#] {
            assert!(parts_problem(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_text_is_one_part() {
        assert_eq!(text_parts(""), "[]");
        assert_eq!(text_parts("a \"b\"\n"), r#"[{"type":"text","text":"a \"b\"\n"}]"#);
    }
}
