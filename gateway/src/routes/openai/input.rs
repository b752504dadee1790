//! What clients of OpenAI's API send, and what of it is taken.

use http::HeaderMap;
use proto::{history::v1::Role, limit, reason};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;

use crate::{
    problem::{Problem, Refused},
    thread::{self, Content, Thread, metadata},
};

/// How many messages a new conversation begins with at most.
const MOST_EARLIER: usize = 200;
const CONVERSATION: &str = "conversation_id";
const CONVERSATION_HEADER: &str = "x-conversation-id";

/// A chat completion to make. What is not named here, as `temperature`, is the agent's own affair and has no effect.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::routes) struct CompletionRequest {
    /// The name of the agent.
    model: String,
    /// `system`, `developer`, `user` and `assistant` messages with texts; the last is the question.
    #[schema(value_type = Vec<Object>)]
    messages: Vec<Message>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    /// Kept with the question and given to the agent, up to 16 KiB; but for `conversation_id`.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// 1, where it is given.
    n: Option<u32>,
    /// Not supported: agents have tools of their own.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<Value>>,
    #[schema(ignore)]
    functions: Option<Vec<Value>>,
    /// `text`, where it is given.
    response_format: Option<ResponseFormat>,
}

/// How to stream.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(in crate::routes) struct StreamOptions {
    /// Whether one more chunk tells what the answer cost.
    include_usage: Option<bool>,
}

/// How to answer.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::routes) struct ResponseFormat {
    /// `text`
    r#type: String,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
    tool_calls: Option<Vec<Value>>,
    function_call: Option<Value>,
}

/// What is asked, and what was said before by the client's word.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) model: String,
    pub(super) thread: Option<Thread>,
    pub(super) earlier: Vec<(Role, String)>,
    pub(super) text: String,
    pub(super) metadata: Option<Box<RawValue>>,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
}

impl CompletionRequest {
    pub(super) fn turn(self, headers: &HeaderMap) -> Result<Turn, Refused> {
        self.supported()?;
        let mut facts = self.metadata.unwrap_or_default();
        let thread = thread(&mut facts, headers)?;
        let count = self.messages.len();
        let mut earlier = Vec::new();
        for (index, message) in self.messages.into_iter().enumerate() {
            let (role, text) = message.read(index)?;
            // An empty turn says nothing, and cannot be kept.
            if !text.is_empty() || index + 1 == count {
                earlier.push((role, text));
            }
        }
        let Some((Role::User, text)) = earlier.pop() else {
            return Err(thread::not_a_question("the last message must be the question, of the role `user`"));
        };
        if earlier.len() > MOST_EARLIER {
            let message = format!("may have at most {MOST_EARLIER} messages before the question; name a conversation");
            return Err(Problem::invalid_field("messages", reason::FIELD_TOO_LONG, message));
        }
        let include_usage = self.stream_options.and_then(|options| options.include_usage).unwrap_or_default();
        let (model, stream, metadata) = (self.model, self.stream.unwrap_or_default(), metadata(facts)?);
        Ok(Turn { model, thread, earlier, text, metadata, stream, include_usage })
    }

    /// What would be answered wrongly is refused; what is a matter of taste is the agent's.
    fn supported(&self) -> Result<(), Refused> {
        let some = |list: &Option<Vec<Value>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let wrong = [
            ("n", self.n.is_some_and(|n| n != 1), "there is one answer; ask again for another"),
            ("tools", some(&self.tools), "agents have tools of their own"),
            ("functions", some(&self.functions), "agents have tools of their own"),
            (
                "response_format",
                self.response_format.as_ref().is_some_and(|format| format.r#type != "text"),
                "agents answer by text",
            ),
        ];
        match wrong.into_iter().find(|(_, wrong, _)| *wrong) {
            Some((field, _, message)) => Err(Problem::invalid_field(field, reason::FIELD_INVALID, message)),
            None => Ok(()),
        }
    }
}

fn thread(facts: &mut Map<String, Value>, headers: &HeaderMap) -> Result<Option<Thread>, Refused> {
    let field = format!("metadata.{CONVERSATION}");
    match facts.remove(CONVERSATION) {
        Some(Value::String(name)) => return Thread::named(&field, name).map(Some),
        None | Some(Value::Null) => {}
        Some(_) => return Err(Problem::invalid_field(&field, reason::FIELD_INVALID, "must be a string")),
    }
    let Some(value) = headers.get(CONVERSATION_HEADER) else { return Ok(None) };
    let name = value.to_str().unwrap_or_default().trim();
    Thread::named(CONVERSATION_HEADER, name.to_owned()).map(Some)
}

impl Message {
    fn read(self, index: usize) -> Result<(Role, String), Refused> {
        let role = match self.role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" | "developer" => Role::System,
            other => {
                return Err(thread::not_text(format!(
                    "messages[{index}]: tools are the agent's; not a `{other}` message"
                )));
            }
        };
        if self.tool_calls.is_some_and(|calls| !calls.is_empty()) || self.function_call.is_some() {
            return Err(thread::not_text(format!("messages[{index}]: tools are the agent's; not `tool_calls`")));
        }
        let text = self.content.map_or(Ok(String::new()), |content| content.text(&["text", "refusal"], &[]));
        let text =
            text.map_err(|kind| thread::not_text(format!("messages[{index}]: only texts are taken; not `{kind}`")))?;
        let characters = text.chars().count();
        if characters > limit::CONTENT {
            let field = format!("messages[{index}].content");
            let message = format!("must have at most {} characters; it has {characters}", limit::CONTENT);
            return Err(Problem::invalid_field(&field, reason::FIELD_TOO_LONG, message));
        }
        Ok((role, text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn turn(body: &Value) -> Result<Turn, Refused> {
        serde_json::from_str::<CompletionRequest>(&body.to_string()).unwrap().turn(&HeaderMap::new())
    }

    #[test]
    fn the_last_message_is_the_question_and_the_rest_was_said_before() {
        let turn = turn(&json!({
            "model": "docs", "temperature": 0.3, "stream": true, "stream_options": {"include_usage": true},
            "metadata": {"conversation_id": "c", "theme": "dark"},
            "messages": [
                {"role": "developer", "content": "be kind"},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                {"role": "assistant", "content": null},
                {"role": "assistant", "content": "c"},
                {"role": "user", "content": "d"},
            ],
        }))
        .unwrap();
        let earlier: Vec<_> = turn.earlier.iter().map(|(role, text)| (*role, text.as_str())).collect();
        assert_eq!(earlier, [(Role::System, "be kind"), (Role::User, "a\n\nb"), (Role::Assistant, "c")]);
        assert_eq!((turn.text.as_str(), turn.stream, turn.include_usage), ("d", true, true));
        assert_eq!(turn.metadata.unwrap().get(), r#"{"theme":"dark"}"#);
        assert!(turn.thread.is_some());
    }

    #[test]
    fn what_would_be_answered_wrongly_is_refused() {
        let question = json!([{"role": "user", "content": "a"}]);
        for (body, code) in [
            (json!({"model": "m", "messages": []}), "question_expected"),
            (json!({"model": "m", "messages": [{"role": "assistant", "content": "a"}]}), "question_expected"),
            (json!({"model": "m", "messages": [{"role": "tool", "content": "a"}]}), "parts_unsupported"),
            (
                json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
                "parts_unsupported",
            ),
            (json!({"model": "m", "messages": question, "n": 2}), "invalid_request"),
            (json!({"model": "m", "messages": question, "tools": [{}]}), "invalid_request"),
            (
                json!({"model": "m", "messages": question, "response_format": {"type": "json_object"}}),
                "invalid_request",
            ),
            (json!({"model": "m", "messages": question, "metadata": {"conversation_id": 7}}), "invalid_request"),
        ] {
            assert_eq!(turn(&body).unwrap_err().code(), code, "{body}");
        }
        turn(&json!({"model": "m", "messages": question, "n": 1, "tools": [], "response_format": {"type": "text"}}))
            .unwrap();
    }
}
