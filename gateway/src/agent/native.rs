//! The native protocol: one POST, answered by JSON or by server-sent events. Common names for the same thing are all
//! understood.

use std::ops::ControlFlow;

use proto::history::v1::{Data, File, ToolCall, ToolInput};
use serde::Serialize;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use super::{
    Agent, AgentError, AgentFault, Question, Reader, http::own_message, json, prompt, sse, tools,
    transcript::Transcript,
};
use crate::event::Event;

#[cfg(test)]
mod tests;

const TEXT: [&str; 5] = ["output", "response", "answer", "content", "final_output"];
const DELTA: [&str; 3] = ["text", "delta", "content"];
const EVENTS: [&str; 16] = [
    "delta",
    "text",
    "reasoning",
    "source",
    "sources",
    "citations",
    "tool_input",
    "tool_call",
    "tool_result",
    "file",
    "data",
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
        if EVENTS.contains(&event.name) {
            let data = json::read(event.data, &format!("the data of the agent's `{}` event", event.name))?;
            say(event.name, data, said)?;
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
        _ => match data {
            Value::Object(members) => said.emit(thing(name, members)?),
            _ => Err(AgentError::bad_response(format!("the data of the agent's `{name}` event is no object"))),
        },
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

/// A tool call or its result, a file, or something of the agent's own.
fn thing(name: &str, mut members: Map<String, Value>) -> Result<Event, AgentError> {
    let missing = |member: &str| AgentError::bad_response(format!("the agent's `{name}` event has no `{member}`"));
    let mut needed = |names: &[&str]| take_string(&mut members, names).ok_or_else(|| missing(names[0]));
    Ok(match name {
        "tool_input" => {
            let (id, delta) = (needed(&["id"])?, needed(&["delta", "input"]).unwrap_or_default());
            Event::ToolInput(ToolInput { id, name: needed(&["name"]).unwrap_or_default(), delta })
        }
        "tool_call" => {
            let (id, name) = (needed(&["id"])?, needed(&["name"])?);
            let input_json = match members.remove("input").or_else(|| members.remove("arguments")) {
                None | Some(Value::Null) => "{}".to_owned(),
                Some(input) => input.to_string(),
            };
            Event::ToolCall(ToolCall { id, name, input_json })
        }
        "tool_result" => {
            let id = needed(&["id"])?;
            match members.remove("error").filter(|error| !error.is_null()) {
                Some(error) => tools::failure(id, error.as_str().map_or_else(|| error.to_string(), str::to_owned)),
                None => tools::result(id, members.remove("output").unwrap_or_default().to_string()),
            }
        }
        "file" => {
            let (url, media_type) = (needed(&["url"])?, needed(&["media_type", "mediaType"])?);
            Event::File(File { url, media_type, name: needed(&["name", "filename"]).ok() })
        }
        _ => {
            let (name, id) = (needed(&["name"])?, needed(&["id"]).ok());
            let transient = members.get("transient") == Some(&Value::Bool(true));
            Event::Data(Data { name, id, data_json: members.remove("data").unwrap_or_default().to_string(), transient })
        }
    })
}

fn take_string(members: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match members.get_mut(*name) {
        Some(Value::String(text)) => Some(std::mem::take(text)),
        _ => None,
    })
}
