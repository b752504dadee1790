//! What a message of a frontend's holds: a text, or parts of which texts are taken; and what comes with it.

use proto::{limit, reason};
use serde::Deserialize;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use super::not_text;
use crate::problem::{Problem, Refused};

/// A text, or its parts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part of any kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    r#type: String,
    text: Option<String>,
    refusal: Option<String>,
}

impl Content {
    /// The question that it asks.
    pub(crate) fn question(self) -> Result<String, Refused> {
        // What agents put into a message of the user's is none of the question.
        let text = self.text(&["text"], &["step-start"]);
        text.map_err(|kind| not_text(format!("a question has parts of text only; not `{kind}`")))
    }

    /// All texts in parts of these kinds, one a paragraph. A part of a kind that is neither taken nor passed over is named.
    pub(crate) fn text(self, taken: &[&str], passed_over: &[&str]) -> Result<String, String> {
        let parts = match self {
            Self::Text(text) => return Ok(text),
            Self::Parts(parts) => parts,
        };
        let mut texts = Vec::new();
        for Part { r#type: kind, text, refusal } in parts {
            match text.or(refusal).filter(|_| taken.contains(&kind.as_str())) {
                Some(text) => texts.push(text),
                None if passed_over.contains(&kind.as_str()) => {}
                None => return Err(kind),
            }
        }
        Ok(texts.join("\n\n"))
    }
}

/// What is kept with a question and given to the agent.
pub(crate) fn metadata(facts: Map<String, Value>) -> Result<Option<Box<RawValue>>, Refused> {
    if facts.is_empty() {
        return Ok(None);
    }
    let raw = to_raw_value(&Value::Object(facts)).expect("JSON is JSON");
    if raw.get().len() > limit::METADATA_BYTES {
        let message = "what comes with the question must have at most 16 KiB together";
        return Err(Problem::invalid_field("metadata", reason::FIELD_TOO_LONG, message));
    }
    Ok(Some(raw))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_paragraphs_and_what_is_none_is_named() {
        let text = |content: Value| {
            let content: Content = serde_json::from_str(&content.to_string()).unwrap();
            content.text(&["text", "refusal"], &["step-start"])
        };
        let (a, b) = (json!({"type": "text", "text": "a"}), json!({"type": "refusal", "refusal": "b"}));
        assert_eq!(text(json!("a")), Ok("a".to_owned()));
        assert_eq!(text(json!([])), Ok(String::new()));
        assert_eq!(text(json!([a, {"type": "step-start"}, b])), Ok("a\n\nb".to_owned()));
        assert_eq!(text(json!([a, {"type": "file", "text": "c"}, b])), Err("file".to_owned()));
        assert_eq!(text(json!([{"type": "text"}])), Err("text".to_owned()));
    }
}
