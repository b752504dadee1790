//! AG-UI: `RunAgentInput` in, events out. State, steps and activities are for frontends of the agent's own and are passed
//! over.

use std::{collections::HashSet, ops::ControlFlow};

use proto::history::v1::Data;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};

use super::{
    Agent, AgentError, AgentFault, Question, Reader,
    json::{self, Text},
    native::UserView,
    prompt, sse,
    tools::{self, ToolCalls},
    transcript::Transcript,
};
use crate::event::Event;

#[cfg(test)]
mod tests;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    thread_id: &'a str,
    run_id: &'a str,
    state: Map<String, Value>,
    messages: Vec<MessageView<'a>>,
    tools: [(); 0],
    context: [(); 0],
    forwarded_props: Forwarded<'a>,
}

#[derive(Serialize)]
struct MessageView<'a> {
    id: String,
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct Forwarded<'a> {
    user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

pub(super) fn request(agent: &Agent, question: &Question) -> serde_json::Result<Vec<u8>> {
    let turns = prompt::plain_turns(agent, question).into_iter().enumerate();
    let messages = turns.map(|(place, turn)| MessageView {
        id: format!("{}-{place}", question.run_id),
        role: turn.role,
        content: turn.content,
    });
    serde_json::to_vec(&Request {
        thread_id: &question.conversation_id,
        run_id: &question.run_id,
        state: Map::new(),
        messages: messages.collect(),
        tools: [],
        context: [],
        forwarded_props: Forwarded {
            user: UserView::of(question),
            metadata: question.metadata.as_deref(),
            model: agent.model(),
        },
    })
}

/// An event of any type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    r#type: String,
    #[serde(default)]
    message_id: Text,
    #[serde(default)]
    role: Text,
    #[serde(default)]
    delta: Text,
    content: Option<Box<RawValue>>,
    #[serde(default)]
    tool_call_id: Text,
    #[serde(default)]
    tool_call_name: Text,
    #[serde(default)]
    name: Text,
    value: Option<Box<RawValue>>,
    #[serde(default)]
    message: Text,
    #[serde(default)]
    messages: Value,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    outcome: Value,
    #[serde(default)]
    usage: Value,
}

/// Reads an answer.
#[derive(Default)]
pub(super) struct Answer {
    tools: ToolCalls,
    /// The message that is being written.
    message: String,
    /// Messages that are not the agent's answer.
    others: HashSet<String>,
    /// Whether the last tool call comes in chunks, which no event ends.
    in_chunks: bool,
    spoke: bool,
    /// The last message of a snapshot, for agents that do not stream.
    snapshot: Value,
}

impl Reader for Answer {
    fn event(&mut self, event: sse::Event<'_>, said: &mut Transcript<'_>) -> Result<ControlFlow<()>, AgentError> {
        if matches!(event.data.trim(), "" | "[DONE]") {
            return Ok(ControlFlow::Continue(()));
        }
        let mut event: Said = json::read(event.data, "an event of the agent's stream")?;
        self.close_chunks(&event, said)?;
        if let Value::Object(metadata) = &mut event.metadata {
            said.cited(metadata)?;
        }
        match event.r#type.as_str() {
            "TEXT_MESSAGE_START" => self.begin(event.message_id.or_empty(), event.role.as_str(), said),
            "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_CHUNK" => self.text(event, said)?,
            "REASONING_MESSAGE_CONTENT" | "REASONING_MESSAGE_CHUNK" | "THINKING_TEXT_MESSAGE_CONTENT" => {
                said.reasoning(event.delta.or_empty())?;
            }
            "TOOL_CALL_START" => self.tools.begin(event.tool_call_id.as_str(), event.tool_call_name.as_str(), said)?,
            "TOOL_CALL_ARGS" => self.tools.more(event.tool_call_id.as_str(), event.delta.or_empty(), said)?,
            "TOOL_CALL_END" => self.tools.end(event.tool_call_id.as_str(), said)?,
            "TOOL_CALL_CHUNK" => self.tool_chunk(event, said)?,
            "TOOL_CALL_RESULT" => self.tool_result(event, said)?,
            "CUSTOM" => custom(event, said)?,
            "MESSAGES_SNAPSHOT" => {
                self.snapshot = event.messages.as_array_mut().and_then(Vec::pop).unwrap_or_default();
            }
            "RUN_ERROR" => return Err(AgentError::own_words(event.message.as_str())),
            "RUN_FINISHED" => return self.finish(event, said).map(ControlFlow::Break),
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self, _said: &mut Transcript<'_>) -> Result<(), AgentError> {
        Err(AgentError::new(AgentFault::Cut, "the agent's stream ended without a `RUN_FINISHED` event"))
    }
}

impl Answer {
    fn begin(&mut self, id: String, role: &str, said: &mut Transcript<'_>) {
        if !matches!(role, "" | "assistant") {
            self.others.insert(id.clone());
        }
        self.message = id;
        said.paragraph();
    }

    fn text(&mut self, event: Said, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let id = event.message_id.or_empty();
        if !id.is_empty() && id != self.message {
            self.begin(id, event.role.as_str(), said);
        }
        if self.others.contains(&self.message) {
            return Ok(());
        }
        let delta = event.delta.or_empty();
        self.spoke |= !delta.is_empty();
        said.text(delta).map(|_| ())
    }

    fn tool_chunk(&mut self, event: Said, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let id = event.tool_call_id.0.or_else(|| self.tools.last().map(str::to_owned)).unwrap_or_default();
        self.in_chunks = true;
        self.tools.begin(&id, event.tool_call_name.as_str(), said)?;
        self.tools.more(&id, event.delta.or_empty(), said)
    }

    /// A call in chunks ends where anything else begins.
    fn close_chunks(&mut self, event: &Said, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let id = event.tool_call_id.as_str();
        let goes_on = event.r#type == "TOOL_CALL_CHUNK" && (id.is_empty() || self.tools.last() == Some(id));
        if !self.in_chunks || goes_on || matches!(event.r#type.as_str(), "RAW" | "STATE_SNAPSHOT" | "STATE_DELTA") {
            return Ok(());
        }
        self.in_chunks = false;
        self.tools.end_all(said)
    }

    fn tool_result(&mut self, event: Said, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let id = event.tool_call_id.or_empty();
        self.tools.end(&id, said)?;
        let content = event.content.map(|content| json::words(&content)).unwrap_or_default();
        // Results are texts; documents come as texts, too.
        let document = content.starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(&content).is_ok();
        let output_json = if document { content } else { Value::String(content).to_string() };
        said.emit(tools::result(id, output_json))
    }

    fn finish(&mut self, event: Said, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        self.tools.end_all(said)?;
        let mut snapshot = self.snapshot.take();
        if snapshot["role"] == "assistant" {
            if let Value::Object(metadata) = &mut snapshot["metadata"] {
                said.cited(metadata)?;
            }
            self.whole(snapshot["content"].take(), said)?;
        }
        match event.result {
            Value::Null => {}
            Value::String(text) => self.whole(Value::String(text), said)?,
            Value::Object(mut result) => {
                said.cited(&mut result)?;
                if !result.is_empty() {
                    said.emit(own("result", &Value::Object(result)))?;
                }
            }
            result => said.emit(own("result", &result))?,
        }
        said.usage(&event.usage)?;
        match event.outcome["type"].as_str() {
            Some("cancelled") => Err(AgentError::new(AgentFault::Cut, "the agent called its run off")),
            Some("interrupt") => {
                said.emit(own("interrupts", &event.outcome["interrupts"]))?;
                said.finish_reason("interrupt")
            }
            Some("success") if event.outcome["pendingToolCallIds"].get(0).is_some() => said.finish_reason("tool_calls"),
            Some("success") => said.finish_reason("stop"),
            _ => Ok(()),
        }
    }

    /// The text of an agent that does not stream.
    fn whole(&mut self, text: Value, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        match text {
            Value::String(text) if !std::mem::replace(&mut self.spoke, true) => said.text(text).map(|_| ()),
            _ => Ok(()),
        }
    }
}

/// AG-UI has no event for sources: agents agree on the name of a custom one.
fn custom(event: Said, said: &mut Transcript<'_>) -> Result<(), AgentError> {
    let document = json::document(event.value);
    match event.name.as_str() {
        "source" | "sources" | "citations" => said.sources(json::read(&document, "what the agent cites")?),
        "title" if document.starts_with('"') => said.emit(Event::Title(json::read(&document, "the agent's title")?)),
        name => {
            let data = Data { name: name.to_owned(), id: None, data_json: document, transient: false };
            said.emit(Event::Data(data))
        }
    }
}

fn own(name: &str, data: &Value) -> Event {
    Event::Data(Data { name: name.to_owned(), id: None, data_json: data.to_string(), transient: false })
}
