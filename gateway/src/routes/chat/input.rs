//! What `useChat` sends, and what of it is believed.

use proto::reason;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;

use crate::{
    problem::{Problem, Refused},
    thread::{self, Content, Part, Said, metadata},
};

/// A turn of a chat. Other members become metadata of the question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::routes) struct ChatRequest {
    /// The id of the chat with the client, or of the conversation with us.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) id: String,
    /// The newest message, a UI message.
    #[schema(value_type = Option<Object>)]
    message: Option<Box<RawValue>>,
    /// All messages of the client's, of which the last counts; not needed beside `message`.
    #[schema(value_type = Option<Vec<Object>>)]
    messages: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    pub(super) trigger: Trigger,
    /// The message that is edited, or answered again.
    pub(super) message_id: Option<String>,
    /// Who is to answer; the default agent without.
    pub(super) agent: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    others: Map<String, Value>,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::routes) enum Trigger {
    /// An answer to what is new.
    #[default]
    SubmitMessage,
    /// Another answer.
    RegenerateMessage,
}

#[derive(Debug, Deserialize)]
struct UiMessage {
    id: Option<String>,
    role: String,
    parts: Option<Vec<Part>>,
    content: Option<String>,
    metadata: Option<Value>,
}

impl ChatRequest {
    /// The newest message, where it is a question of the user's.
    pub(super) fn said(&self) -> Result<Option<Said>, Refused> {
        let last = self.messages.as_ref().and_then(|messages| messages.last());
        let Some(raw) = self.message.as_ref().or(last) else { return Ok(None) };
        let message: UiMessage = serde_json::from_str(raw.get())
            .map_err(|error| Problem::invalid_field("message", reason::FIELD_INVALID, error.to_string()))?;
        if message.role != "user" {
            return Ok(None);
        }
        let id = message.id.filter(|id| !id.is_empty()).map(|id| thread::bounded("message.id", id)).transpose()?;
        let content = message.parts.map_or_else(|| Content::Text(message.content.unwrap_or_default()), Content::Parts);
        let text = content.question()?;
        let mut facts = self.others.clone();
        match message.metadata {
            Some(Value::Object(own)) => facts.extend(own),
            None | Some(Value::Null) => {}
            Some(other) => _ = facts.insert("metadata".to_owned(), other),
        }
        Ok(Some(Said { id, text, metadata: metadata(facts)? }))
    }
}

#[cfg(test)]
mod tests {
    use proto::limit;
    use serde_json::json;

    use super::*;

    fn said(body: &Value) -> Result<Option<Said>, Refused> {
        serde_json::from_str::<ChatRequest>(&body.to_string()).unwrap().said()
    }

    fn user(parts: &Value) -> Value {
        json!({"id": "m", "role": "user", "parts": parts})
    }

    #[test]
    fn the_newest_message_is_the_question_whatever_else_was_sent() {
        let question = user(&json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]));
        for body in [
            json!({"id": "c", "messages": [{"role": "assistant", "parts": []}, question]}),
            json!({"id": "c", "message": question, "messages": [{"role": "assistant"}]}),
            json!({"id": "c", "message": {"id": "m", "role": "user", "content": "a\n\nb"}, "messageId": null}),
        ] {
            let said = said(&body).unwrap().unwrap();
            assert_eq!((said.id.as_deref(), said.text.as_str()), (Some("m"), "a\n\nb"));
            assert!(said.metadata.is_none());
        }
        let theirs = json!({"id": "c", "messages": [{"role": "assistant", "parts": [{"type": "tool-x"}]}]});
        assert!(said(&theirs).unwrap().is_none() && said(&json!({"id": "c"})).unwrap().is_none());
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        let body = json!({"id": "c", "message": user(&json!([{"type": "file", "url": "data:,"}]))});
        let refused = said(&body).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (400, "parts_unsupported"));
    }

    #[test]
    fn other_members_and_metadata_go_with_the_question() {
        let body = json!({
            "id": "c", "agent": "docs", "trigger": "submit-message", "selectedChatModel": "m",
            "message": {"role": "user", "content": "a", "metadata": {"theme": "dark"}},
        });
        let metadata = said(&body).unwrap().unwrap().metadata.unwrap();
        assert_eq!(metadata.get(), r#"{"selectedChatModel":"m","theme":"dark"}"#);
        let large = json!({"id": "c", "message": user(&json!([])), "large": "x".repeat(limit::METADATA_BYTES)});
        assert_eq!(said(&large).unwrap_err().code(), "invalid_request");
    }
}
