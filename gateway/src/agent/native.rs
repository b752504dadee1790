//! The native protocol: one POST, answered by JSON or by server-sent events. Common names for the same thing are all
//! understood.

use std::ops::ControlFlow;

use proto::history::v1::{Data, File, ToolCall, ToolInput};
use serde::{Deserialize, Serialize};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use super::{
    Agent, AgentError, AgentFault, Question, Reader,
    call::own_message,
    json::{self, Text},
    prompt, sse, tools,
    transcript::Transcript,
};
use crate::event::Event;

#[cfg(test)]
mod tests;

const TEXT: [&str; 5] = ["output", "response", "answer", "content", "final_output"];
const DELTA: [&str; 3] = ["text", "delta", "content"];
const THINGS: [&str; 5] = ["tool_input", "tool_call", "tool_result", "file", "data"];
const EVENTS: [&str; 11] = [
    "delta",
    "text",
    "reasoning",
    "source",
    "sources",
    "citations",
    "title",
    "usage",
    "model",
    "finish_reason",
    "error",
];

#[derive(Serialize)]
struct Request<'a> {
    run_id: &'a str,
    conversation_id: &'a str,
    user: UserView<'a>,
    input: &'a str,
    messages: Vec<MessageView<'a>>,
    metadata: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

/// Who asks.
#[derive(Serialize)]
pub(super) struct UserView<'a> {
    id: &'a str,
    email: Option<&'a str>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct MessageView<'a> {
    role: &'static str,
    content: &'a str,
}

impl<'a> UserView<'a> {
    pub(super) fn of(question: &'a Question) -> Self {
        let user = &question.user;
        Self { id: &user.id, email: user.email.as_deref(), name: user.name.as_deref() }
    }
}

pub(super) fn request(agent: &Agent, question: &Question) -> serde_json::Result<Vec<u8>> {
    let messages = prompt::turns(agent, question).into_iter();
    let no_metadata = to_raw_value(&Map::new())?;
    serde_json::to_vec(&Request {
        run_id: &question.run_id,
        conversation_id: &question.conversation_id,
        user: UserView::of(question),
        input: &question.input,
        messages: messages.map(|turn| MessageView { role: turn.role, content: turn.content }).collect(),
        metadata: question.metadata.as_deref().unwrap_or(&no_metadata),
        model: agent.model(),
    })
}

/// Reads an answer.
pub(super) struct Answer;

impl Reader for Answer {
    fn event(&mut self, event: sse::Event<'_>, said: &mut Transcript<'_>) -> Result<ControlFlow<()>, AgentError> {
        if event.name == "done" {
            if let Ok(Value::Object(mut members)) = serde_json::from_str(event.data) {
                about(&mut members, said)?;
            }
            return Ok(ControlFlow::Break(()));
        }
        let what = || format!("the data of the agent's `{}` event", event.name);
        if THINGS.contains(&event.name) {
            if !event.data.trim_start().starts_with('{') {
                return Err(AgentError::bad_response(format!("{} is no object", what())));
            }
            let thing: Thing = json::read(event.data, &what())?;
            said.emit(thing.into_event(event.name)?)?;
        } else if EVENTS.contains(&event.name) {
            say(event.name, json::read(event.data, &what())?, said)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self, _said: &mut Transcript<'_>) -> Result<(), AgentError> {
        Err(AgentError::new(AgentFault::Cut, "the agent's stream ended without a `done` event"))
    }

    fn whole(&mut self, body: &[u8], said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let mut members = match json::read(&String::from_utf8_lossy(body), "the agent's JSON")? {
            Value::String(text) => return said.text(text).map(|_| ()),
            Value::Object(members) => members,
            _ => return Err(AgentError::bad_response("the agent's JSON is no object")),
        };
        let Some(text) = take_string(&mut members, &TEXT) else {
            return Err(match members.get("error").filter(|error| !error.is_null()) {
                Some(_) => AgentError::own_words(own_message(&Value::Object(members)).unwrap_or_default()),
                None => {
                    AgentError::bad_response(format!("the agent's JSON has no text under any of {}", TEXT.join(", ")))
                }
            });
        };
        said.reasoning(take_string(&mut members, &["reasoning"]).unwrap_or_default())?;
        said.text(text)?;
        about(&mut members, said)
    }
}

/// What is said of an answer besides what it says.
fn about(members: &mut Map<String, Value>, said: &mut Transcript<'_>) -> Result<(), AgentError> {
    said.cited(members)?;
    if let Some(title) = take_string(members, &["title"]) {
        said.emit(Event::Title(title))?;
    }
    said.usage(members.get("usage").unwrap_or(&Value::Null))?;
    if let Some(model) = take_string(members, &["model"]) {
        said.model(model)?;
    }
    match take_string(members, &["finish_reason"]) {
        Some(reason) => said.finish_reason(&reason),
        None => Ok(()),
    }
}

fn say(name: &str, data: Value, said: &mut Transcript<'_>) -> Result<(), AgentError> {
    let no_text = || AgentError::bad_response(format!("the agent's `{name}` event has no text"));
    let text = |data: Value, names: &[&str]| match data {
        Value::String(text) => Ok(text),
        Value::Object(mut members) => take_string(&mut members, names).ok_or_else(no_text),
        _ => Err(no_text()),
    };
    match name {
        "delta" | "text" => match data {
            Value::Object(members) => piece(members, said)?.then_some(()).ok_or_else(no_text),
            data => said.text(text(data, &DELTA)?).map(|_| ()),
        },
        "reasoning" => said.reasoning(text(data, &DELTA)?),
        "title" => said.emit(Event::Title(text(data, &["title", "text"])?)),
        "model" => said.model(text(data, &["model", "name"])?),
        "finish_reason" => said.finish_reason(&text(data, &["reason", "finish_reason"])?),
        "source" | "sources" | "citations" => said.sources(data),
        "usage" => said.usage(&data),
        "error" => Err(AgentError::own_words(own_message(&data).unwrap_or_default())),
        _ => Ok(()),
    }
}

/// More of the text, and what it cites; one of the two is enough.
fn piece(mut members: Map<String, Value>, said: &mut Transcript<'_>) -> Result<bool, AgentError> {
    let text = take_string(&mut members, &DELTA);
    let before = members.len();
    let said_text = text.is_some();
    said.text(text.unwrap_or_default())?;
    said.cited(&mut members)?;
    Ok(said_text || members.len() < before)
}

/// A tool call or its result, a file, or something of the agent's own. Documents in it are not looked into.
#[derive(Deserialize)]
struct Thing {
    #[serde(default)]
    id: Text,
    #[serde(default)]
    name: Text,
    #[serde(default)]
    delta: Text,
    input: Option<Box<RawValue>>,
    arguments: Option<Box<RawValue>>,
    output: Option<Box<RawValue>>,
    error: Option<Box<RawValue>>,
    #[serde(default)]
    url: Text,
    #[serde(default, alias = "mediaType")]
    media_type: Text,
    #[serde(default)]
    filename: Text,
    data: Option<Box<RawValue>>,
    #[serde(default)]
    transient: Value,
}

impl Thing {
    fn into_event(self, kind: &str) -> Result<Event, AgentError> {
        let missing = |member: &str| AgentError::bad_response(format!("the agent's `{kind}` event has no `{member}`"));
        let needed = |member: &str, text: Text| text.0.ok_or_else(|| missing(member));
        Ok(match kind {
            "tool_input" => {
                let delta = self.delta.0.or_else(|| self.input.map(|input| json::words(&input))).unwrap_or_default();
                Event::ToolInput(ToolInput { id: needed("id", self.id)?, name: self.name.or_empty(), delta })
            }
            "tool_call" => {
                let (id, name) = (needed("id", self.id)?, needed("name", self.name)?);
                let input = self.input.or(self.arguments);
                Event::ToolCall(ToolCall {
                    id,
                    name,
                    input_json: input.map_or_else(|| "{}".to_owned(), |input| json::document(Some(input))),
                })
            }
            "tool_result" => match self.error {
                Some(error) => tools::failure(needed("id", self.id)?, json::words(&error)),
                None => tools::result(needed("id", self.id)?, json::document(self.output)),
            },
            "file" => {
                let (url, media_type) = (needed("url", self.url)?, needed("media_type", self.media_type)?);
                Event::File(File { url, media_type, name: self.name.0.or(self.filename.0) })
            }
            _ => {
                let (name, transient) = (needed("name", self.name)?, self.transient == Value::Bool(true));
                Event::Data(Data { name, id: self.id.0, data_json: json::document(self.data), transient })
            }
        })
    }
}

fn take_string(members: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match members.get_mut(*name) {
        Some(Value::String(text)) => Some(std::mem::take(text)),
        _ => None,
    })
}
