//! Documents of clients and agents. They are checked on the way in and stored as they came.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

/// How deep a document of a client's may be nested: far more than anyone needs.
pub(crate) const DEEPEST: usize = 100;
/// The same for one of an agent's, whose answer must not be lost: still less than PostgreSQL's stack takes.
pub(crate) const DEEPEST_OF_AGENTS: usize = 1_000;

/// What is wrong with a text that should be a JSON object, if anything.
pub(crate) fn object_problem(text: &str, deepest: usize) -> Option<String> {
    let opens = text.trim_start().starts_with('{');
    if !opens || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Some("must be a JSON object".to_owned());
    }
    too_deep(text, deepest)
}

/// What is wrong with a text that should be a JSON array of objects with a `type`, if anything.
pub(crate) fn parts_problem(text: &str, deepest: usize) -> Option<String> {
    #[derive(Deserialize)]
    struct Part {
        #[serde(rename = "type")]
        _kind: String,
    }

    let problem = Some("must be a JSON array of objects with a `type`".to_owned());
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(text) else { return problem };
    let is_part = |part: &&RawValue| part.get().starts_with('{') && serde_json::from_str::<Part>(part.get()).is_ok();
    if parts.iter().all(is_part) { too_deep(text, deepest) } else { problem }
}

/// The one text part that a plain text amounts to.
pub(crate) fn text_parts(text: &str) -> String {
    if text.is_empty() {
        return "[]".to_owned();
    }
    let text = serde_json::to_string(text).expect("a string is always JSON");
    format!(r#"[{{"type":"text","text":{text}}}]"#)
}

fn too_deep(text: &str, deepest: usize) -> Option<String> {
    kit::json::is_nested_deeper(text, deepest).then(|| format!("must not be nested deeper than {deepest} levels"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Option<String> {
        object_problem(text, DEEPEST)
    }

    fn parts(text: &str) -> Option<String> {
        parts_problem(text, DEEPEST)
    }

    #[test]
    fn an_object_is_an_object_whatever_is_in_it() {
        for text in ["{}", " {\"a\":1e999}\n", r#"{"a":"\ud800","b":"\u0000","a":"}]"}"#] {
            assert_eq!(object(text), None, "{text}");
        }
        for text in ["", "[]", "null", "{", "{}{}", "{'a':1}", "{\"a\":\"\u{0}\"}"] {
            assert_eq!(object(text).as_deref(), Some("must be a JSON object"), "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert_eq!(object(&nested(DEEPEST)), None);
        let problem = object(&nested(DEEPEST + 1));
        assert_eq!(problem.as_deref(), Some("must not be nested deeper than 100 levels"));
        assert!(object(&nested(1_000_000)).is_some());
    }

    #[test]
    fn parts_are_objects_with_a_type() {
        for text in ["[]", r#"[{"type":"text","text":"\ud800"},{"x":[],"type":"data"}]"#] {
            assert_eq!(parts(text), None, "{text}");
        }
        for text in ["{}", "[1]", "[{}]", r#"[["text"]]"#, r#"[{"type":1}]"#] {
            assert!(parts(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_text_is_one_part() {
        assert_eq!(text_parts(""), "[]");
        assert_eq!(text_parts("a \"b\"\n"), r#"[{"type":"text","text":"a \"b\"\n"}]"#);
    }
}
