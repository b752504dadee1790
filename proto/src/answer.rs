//! What the events of a run make together: the one meaning of [`RunEvent`], for the gateway that finishes a run and for
//! the history service that finishes it when the gateway cannot.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::history::v1::{
    Data, File, Message, RunEvent, Source, ToolCall, ToolResult, Usage,
    run_event::Event::{self, FinishReason, Model, Reasoning, Text, Title, ToolInput},
};

/// An answer as far as it has come.
#[derive(Debug, Default, Clone)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// What it cites, in order.
    pub sources: Vec<Source>,
    /// The title that the agent proposes.
    pub title: Option<String>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Why the agent stopped.
    pub finish_reason: Option<String>,
    parts: Vec<Part>,
}

/// A part of an answer. Texts are runs of pieces that nothing but sources came between.
#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Reasoning(String),
    ToolCall(ToolCall),
    ToolResult(ToolResult),
    File(File),
    Data(Data),
}

impl Answer {
    /// Adds what an event says.
    pub fn take(&mut self, event: RunEvent) {
        let Some(event) = event.event else { return };
        match event {
            Text(text) => {
                self.text.push_str(&text);
                match self.parts.last_mut() {
                    Some(Part::Text(last)) => last.push_str(&text),
                    _ => self.parts.push(Part::Text(text)),
                }
            }
            Reasoning(text) => match self.parts.last_mut() {
                Some(Part::Reasoning(last)) => last.push_str(&text),
                _ => self.parts.push(Part::Reasoning(text)),
            },
            Event::ToolCall(call) => self.parts.push(Part::ToolCall(call)),
            Event::ToolResult(result) => self.parts.push(Part::ToolResult(result)),
            Event::Source(source) => {
                let ordinal = i32::try_from(self.sources.len() + 1).unwrap_or(i32::MAX);
                self.sources.push(Source { ordinal, ..source });
            }
            Event::File(file) => self.parts.push(Part::File(file)),
            Event::Data(data) => self.take_data(data),
            Title(title) => self.title = Some(title),
            Event::Usage(usage) => self.usage = Some(usage),
            Model(model) => self.model = Some(model),
            FinishReason(reason) => self.finish_reason = Some(reason),
            // The whole call comes when it is written.
            ToolInput(_) => {}
        }
    }

    fn take_data(&mut self, data: Data) {
        if data.transient {
            return;
        }
        let replaced = self.parts.iter_mut().find_map(|part| match part {
            Part::Data(old) if old.name == data.name && old.id.is_some() && old.id == data.id => Some(old),
            _ => None,
        });
        match replaced {
            Some(old) => *old = data,
            None => self.parts.push(Part::Data(data)),
        }
    }

    /// Its parts as a JSON array; empty where they say no more than its text does.
    pub fn parts_json(&self) -> String {
        if let [] | [Part::Text(_)] = self.parts.as_slice() {
            return String::new();
        }
        let parts: Vec<_> = self.parts.iter().map(Part::written).collect();
        serde_json::to_string(&parts).expect("strings and JSON are JSON")
    }
}

/// A part as it is stored. Documents in it stand as they came.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Written<'a> {
    Text { text: &'a str },
    Reasoning { text: &'a str },
    ToolCall { id: &'a str, name: &'a str, input: Box<RawValue> },
    ToolResult(WrittenResult<'a>),
    File { url: &'a str, media_type: &'a str, name: Option<&'a str> },
    Data { name: &'a str, id: Option<&'a str>, data: Box<RawValue> },
}

#[derive(Serialize)]
struct WrittenResult<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Part {
    fn written(&self) -> Written<'_> {
        match self {
            Self::Text(text) => Written::Text { text },
            Self::Reasoning(text) => Written::Reasoning { text },
            Self::ToolCall(call) => {
                Written::ToolCall { id: &call.id, name: &call.name, input: document(&call.input_json) }
            }
            Self::ToolResult(ToolResult { id, output_json, error }) => Written::ToolResult(WrittenResult {
                id,
                output: error.is_none().then(|| document(output_json)),
                error: error.as_deref(),
            }),
            Self::File(File { url, media_type, name }) => Written::File { url, media_type, name: name.as_deref() },
            Self::Data(Data { name, id, data_json, .. }) => {
                Written::Data { name, id: id.as_deref(), data: document(data_json) }
            }
        }
    }
}

/// What is no JSON stays readable, as a string.
fn document(json: &str) -> Box<RawValue> {
    let document = RawValue::from_string(json.to_owned());
    document.or_else(|_| to_raw_value(json)).expect("a string is JSON")
}

/// A stored part of any type.
#[derive(Deserialize)]
struct Stored {
    r#type: String,
    id: Option<String>,
    name: Option<String>,
    text: Option<String>,
    url: Option<String>,
    media_type: Option<String>,
    error: Option<String>,
    input: Option<Box<RawValue>>,
    output: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
}

/// The events that make this answer, as few as can be: what a reader is told who comes when it is final. Parts of types
/// that no agent writes are passed over.
pub fn events(message: &Message) -> Vec<RunEvent> {
    let parts: Vec<&RawValue> = serde_json::from_str(&message.parts_json).unwrap_or_default();
    let said = parts.into_iter().filter_map(|part| serde_json::from_str(part.get()).ok().and_then(event));
    let sources = message.sources.iter().cloned().map(Event::Source);
    let model = message.model.clone().map(Model);
    let usage = message.usage.map(Event::Usage);
    let reason = message.finish_reason.clone().map(FinishReason);
    let events = said.chain(sources).chain(model).chain(usage).chain(reason);
    events.map(|event| RunEvent { event: Some(event) }).collect()
}

fn event(part: Stored) -> Option<Event> {
    let json =
        |document: Option<Box<RawValue>>| document.map_or_else(|| "null".to_owned(), |json| json.get().to_owned());
    Some(match part.r#type.as_str() {
        "text" => Text(part.text?),
        "reasoning" => Reasoning(part.text?),
        "tool_call" => Event::ToolCall(ToolCall { id: part.id?, name: part.name?, input_json: json(part.input) }),
        "tool_result" => {
            let output_json = if part.error.is_some() { String::new() } else { json(part.output) };
            Event::ToolResult(ToolResult { id: part.id?, output_json, error: part.error })
        }
        "file" => Event::File(File { url: part.url?, media_type: part.media_type?, name: part.name }),
        "data" => Event::Data(Data { name: part.name?, id: part.id, data_json: json(part.data), transient: false }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(events: impl IntoIterator<Item = Event>) -> Answer {
        let mut answer = Answer::default();
        for event in events {
            answer.take(RunEvent { event: Some(event) });
        }
        answer
    }

    fn data(id: Option<&str>, json: &str, transient: bool) -> Event {
        let id = id.map(str::to_owned);
        Event::Data(Data { name: "weather".to_owned(), id, data_json: json.to_owned(), transient })
    }

    fn everything() -> Answer {
        answer([
            Reasoning("let me ".to_owned()),
            Reasoning("see".to_owned()),
            Text("One ".to_owned()),
            Event::Source(Source { title: Some("A".to_owned()), ..Source::default() }),
            Text("moment.".to_owned()),
            ToolInput(crate::history::v1::ToolInput::default()),
            Event::ToolCall(ToolCall {
                id: "c".to_owned(),
                name: "look".to_owned(),
                input_json: r#"{"q":1}"#.to_owned(),
            }),
            Event::ToolResult(ToolResult { id: "c".to_owned(), output_json: "[7]".to_owned(), error: None }),
            Event::ToolResult(ToolResult {
                id: "d".to_owned(),
                error: Some("gone".to_owned()),
                ..ToolResult::default()
            }),
            data(Some("1"), "1", false),
            data(Some("1"), "2", false),
            data(None, "3", true),
            Event::File(File { url: "data:,x".to_owned(), media_type: "text/plain".to_owned(), name: None }),
            Text("Seven.".to_owned()),
            Event::Usage(Usage { input_tokens: Some(1), ..Usage::default() }),
            Model("m".to_owned()),
            FinishReason("stop".to_owned()),
        ])
    }

    #[test]
    fn events_make_an_answer() {
        let answer = everything();
        assert_eq!((answer.text.as_str(), answer.sources[0].ordinal), ("One moment.Seven.", 1));
        assert_eq!(
            serde_json::from_str::<Value>(&answer.parts_json()).unwrap(),
            json!([
                {"type": "reasoning", "text": "let me see"},
                {"type": "text", "text": "One moment."},
                {"type": "tool_call", "id": "c", "name": "look", "input": {"q": 1}},
                {"type": "tool_result", "id": "c", "output": [7]},
                {"type": "tool_result", "id": "d", "error": "gone"},
                {"type": "data", "name": "weather", "id": "1", "data": 2},
                {"type": "file", "url": "data:,x", "media_type": "text/plain", "name": null},
                {"type": "text", "text": "Seven."},
            ])
        );
    }

    #[test]
    fn a_plain_text_needs_no_parts() {
        assert_eq!(answer([]).parts_json(), "");
        assert_eq!(answer([Text("a".to_owned()), Text("b".to_owned())]).parts_json(), "");
    }

    #[test]
    fn an_answer_makes_the_events_that_make_it() {
        let answer = everything();
        let message = Message {
            content: answer.text.clone(),
            parts_json: answer.parts_json(),
            sources: answer.sources.clone(),
            model: answer.model.clone(),
            usage: answer.usage,
            finish_reason: answer.finish_reason.clone(),
            ..Message::default()
        };
        let mut again = Answer::default();
        for event in events(&message) {
            again.take(event);
        }
        assert_eq!(format!("{again:?}"), format!("{answer:?}"));
    }
}
