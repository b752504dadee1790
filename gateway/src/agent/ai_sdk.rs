//! The UI message stream of the Vercel AI SDK, versions 5 to 7: what `toUIMessageStreamResponse` of an agent writes.

use std::ops::ControlFlow;

use proto::history::v1::{Data, File, ToolCall};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

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
struct Request<'a> {
    id: &'a str,
    messages: Vec<MessageView<'a>>,
    trigger: &'static str,
    user: UserView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

#[derive(Serialize)]
struct MessageView<'a> {
    id: String,
    role: &'static str,
    parts: [PartView<'a>; 1],
}

#[derive(Serialize)]
struct PartView<'a> {
    r#type: &'static str,
    text: &'a str,
}

pub(super) fn request(agent: &Agent, question: &Question) -> serde_json::Result<Vec<u8>> {
    let turns = prompt::plain_turns(agent, question).into_iter().enumerate();
    let messages = turns.map(|(place, turn)| MessageView {
        id: format!("{}-{place}", question.run_id),
        role: turn.role,
        parts: [PartView { r#type: "text", text: turn.content }],
    });
    serde_json::to_vec(&Request {
        id: &question.conversation_id,
        messages: messages.collect(),
        trigger: "submit-message",
        user: UserView::of(question),
        metadata: question.metadata.as_deref(),
        model: agent.model(),
    })
}

/// A chunk of any type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    r#type: String,
    #[serde(default)]
    id: Text,
    #[serde(default)]
    delta: Text,
    #[serde(default)]
    citations: Value,
    #[serde(default)]
    tool_call_id: Text,
    #[serde(default)]
    tool_name: Text,
    #[serde(default)]
    input_text_delta: Text,
    input: Option<Box<RawValue>>,
    output: Option<Box<RawValue>>,
    #[serde(default)]
    preliminary: Value,
    #[serde(default)]
    error_text: Text,
    #[serde(default)]
    url: Text,
    #[serde(default)]
    media_type: Text,
    #[serde(default)]
    filename: Text,
    data: Option<Box<RawValue>>,
    #[serde(default)]
    transient: Value,
    #[serde(default)]
    message_metadata: Value,
    #[serde(default)]
    finish_reason: Text,
    #[serde(default)]
    reason: Text,
    #[serde(default)]
    approval_id: Text,
    #[serde(default)]
    kind: Text,
}

/// Reads an answer.
#[derive(Default)]
pub(super) struct Answer {
    tools: ToolCalls,
    texts: Vec<TextPart>,
}

/// A text that is being written: what its citations count from.
#[derive(Default)]
struct TextPart {
    id: String,
    begin: Option<usize>,
    /// How long it is in UTF-16 units.
    units: u32,
    /// Where characters of two units end in it.
    wide: Vec<u32>,
    /// Whether it ends with the first half of such a character.
    ends_in_high: bool,
}

impl Reader for Answer {
    fn event(&mut self, event: sse::Event<'_>, said: &mut Transcript<'_>) -> Result<ControlFlow<()>, AgentError> {
        match event.data.trim() {
            "" => return Ok(ControlFlow::Continue(())),
            "[DONE]" => return Ok(ControlFlow::Break(())),
            _ => {}
        }
        let chunk: Chunk = json::read(event.data, "a chunk of the agent's stream")?;
        match chunk.r#type.as_str() {
            "text-start" => self.begin(chunk.id.or_empty(), said),
            "text-delta" => self.text(&chunk.id.or_empty(), chunk.delta.or_empty(), said)?,
            "text-end" => self.end_text(chunk.id.as_str(), chunk.citations, said)?,
            "reasoning-delta" => said.reasoning(chunk.delta.or_empty())?,
            "source-url" | "source-document" => said.sources(json::read(event.data, "a source of the agent's")?)?,
            "file" | "reasoning-file" => said.emit(Event::File(File {
                url: chunk.url.or_empty(),
                media_type: chunk.media_type.or_empty(),
                name: chunk.filename.said(),
            }))?,
            "tool-approval-request" | "tool-approval-response" | "custom" => {
                let name = if chunk.r#type == "custom" { chunk.kind.or_empty() } else { chunk.r#type };
                let (id, data_json) = (chunk.approval_id.said(), event.data.to_owned());
                said.emit(Event::Data(Data { name, id, data_json, transient: false }))?;
            }
            "start" | "message-metadata" => about(chunk.message_metadata, said)?,
            "error" => return Err(AgentError::own_words(chunk.error_text.as_str())),
            "abort" => return Err(aborted(chunk.reason.as_str())),
            "finish" => return finish(chunk, said).map(ControlFlow::Break),
            kind if kind.starts_with("tool-") => self.tool(chunk, said)?,
            kind if kind.starts_with("data-") => data(chunk, said)?,
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self, _said: &mut Transcript<'_>) -> Result<(), AgentError> {
        Err(AgentError::new(AgentFault::Cut, "the agent's stream ended without a `finish` chunk"))
    }
}

impl Answer {
    fn begin(&mut self, id: String, said: &mut Transcript<'_>) {
        said.paragraph();
        self.texts.push(TextPart { id, ..TextPart::default() });
    }

    fn text(&mut self, id: &str, delta: String, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        if let Some(part) = self.texts.iter_mut().find(|part| part.id == id) {
            part.grow(&delta);
            let begin = said.text(delta)?;
            part.begin.get_or_insert(begin);
            return Ok(());
        }
        self.begin(id.to_owned(), said);
        self.text(id, delta, said)
    }

    fn end_text(&mut self, id: &str, citations: Value, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let Some(place) = self.texts.iter().position(|part| part.id == id) else { return said.sources(citations) };
        let part = self.texts.remove(place);
        let Value::Array(mut citations) = citations else { return said.sources(citations) };
        for citation in &mut citations {
            for name in ["startIndex", "endIndex"] {
                if let Some(index) = citation.get_mut(name) {
                    *index = part.place(index).map_or(Value::Null, Value::from);
                }
            }
        }
        said.sources(Value::Array(citations))
    }

    fn tool(&mut self, chunk: Chunk, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let id = chunk.tool_call_id.or_empty();
        match chunk.r#type.as_str() {
            "tool-input-start" => self.tools.begin(&id, chunk.tool_name.as_str(), said),
            "tool-input-delta" => self.tools.more(&id, chunk.input_text_delta.or_empty(), said),
            kind @ ("tool-input-available" | "tool-input-error") => {
                let name = chunk.tool_name.or_empty();
                let call = ToolCall { id: id.clone(), name, input_json: json::document(chunk.input) };
                self.tools.call(call, said)?;
                match kind {
                    "tool-input-error" => said.emit(tools::failure(id, chunk.error_text.or_empty())),
                    _ => Ok(()),
                }
            }
            // More is to come.
            "tool-output-available" if chunk.preliminary == Value::Bool(true) => Ok(()),
            "tool-output-available" => said.emit(tools::result(id, json::document(chunk.output))),
            "tool-output-error" => said.emit(tools::failure(id, chunk.error_text.or_empty())),
            "tool-output-denied" => said.emit(tools::failure(id, "the call was denied".to_owned())),
            _ => Ok(()),
        }
    }
}

impl TextPart {
    fn grow(&mut self, delta: &str) {
        let mut characters = delta.chars();
        while let Some(c) = characters.next() {
            let half = if c == json::HALF { characters.next() } else { None };
            let low = half.is_some_and(json::is_low);
            let after_high = std::mem::replace(&mut self.ends_in_high, half.is_some() && !low);
            let wide = if half.is_some() { low && after_high } else { c.len_utf16() == 2 };
            self.units = self.units.saturating_add(if wide && half.is_none() { 2 } else { 1 });
            if wide {
                self.wide.push(self.units);
            }
        }
    }

    /// JavaScript counts UTF-16 units within the part; we count characters of the whole answer.
    fn place(&self, index: &Value) -> Option<usize> {
        let index = u32::try_from(index.as_u64()?).unwrap_or(u32::MAX).min(self.units);
        let wide = self.wide.partition_point(|end| *end <= index);
        // In the middle of a character, the place is before it.
        let middle = self.wide.get(wide).is_some_and(|end| end - 1 == index);
        Some(self.begin? + index as usize - wide - usize::from(middle))
    }
}

fn data(chunk: Chunk, said: &mut Transcript<'_>) -> Result<(), AgentError> {
    let name = chunk.r#type.trim_start_matches("data-");
    let document = json::document(chunk.data);
    match name {
        "source" | "sources" | "citations" => said.sources(json::read(&document, "what the agent cites")?),
        "title" | "chat-title" if document.starts_with('"') => {
            said.emit(Event::Title(json::read(&document, "the agent's title")?))
        }
        name => said.emit(Event::Data(Data {
            name: name.to_owned(),
            id: chunk.id.said(),
            data_json: document,
            transient: chunk.transient == Value::Bool(true),
        })),
    }
}

/// What servers say of a message besides what it says.
fn about(metadata: Value, said: &mut Transcript<'_>) -> Result<(), AgentError> {
    let Value::Object(mut metadata) = metadata else { return Ok(()) };
    said.cited(&mut metadata)?;
    for usage in ["usage", "totalUsage"].into_iter().filter_map(|name| metadata.get(name)) {
        said.usage(usage)?;
    }
    match metadata.remove("model") {
        Some(Value::String(model)) => said.model(model),
        _ => Ok(()),
    }
}

fn finish(chunk: Chunk, said: &mut Transcript<'_>) -> Result<(), AgentError> {
    about(chunk.message_metadata, said)?;
    match chunk.finish_reason.as_str() {
        "" => Ok(()),
        "error" => Err(AgentError::own_words("")),
        reason => said.finish_reason(reason),
    }
}

fn aborted(reason: &str) -> AgentError {
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    AgentError::new(AgentFault::Cut, format!("the agent broke its answer off{why}"))
}
