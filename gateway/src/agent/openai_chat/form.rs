//! The form of a completion, whole or in pieces, with what other servers than OpenAI's put into it.

use proto::history::v1::File;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{agent::json::Text, event::Event};

/// A piece of a stream, or a whole completion.
#[derive(Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    pub(super) model: Text,
    pub(super) choices: Option<Vec<Choice>>,
    #[serde(default)]
    pub(super) usage: Value,
    #[serde(default)]
    pub(super) error: Value,
    /// Open WebUI.
    pub(super) sources: Option<Box<RawValue>>,
    /// Perplexity.
    pub(super) citations: Option<Box<RawValue>>,
    pub(super) search_results: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    pub(super) index: Option<u64>,
    pub(super) delta: Option<Said>,
    pub(super) message: Option<Said>,
    #[serde(default)]
    pub(super) finish_reason: Text,
    #[serde(default)]
    pub(super) citations: Value,
}

/// What is said: a delta, or a message.
#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    pub(super) content: Value,
    #[serde(default)]
    pub(super) reasoning_content: Text,
    #[serde(default)]
    pub(super) reasoning: Text,
    #[serde(default)]
    pub(super) refusal: Text,
    pub(super) tool_calls: Option<Vec<ToolDelta>>,
    /// What tool calls were called before 2024.
    pub(super) function_call: Option<Function>,
    #[serde(default)]
    annotations: Value,
    #[serde(default)]
    sources: Value,
    /// LiteLLM.
    #[serde(default)]
    citations: Value,
    /// Azure.
    #[serde(default)]
    context: Value,
    /// OpenRouter.
    pub(super) images: Option<Vec<Image>>,
}

#[derive(Deserialize)]
pub(super) struct ToolDelta {
    pub(super) index: Option<u64>,
    #[serde(default)]
    pub(super) id: Text,
    pub(super) function: Option<Function>,
}

#[derive(Deserialize, Default)]
pub(super) struct Function {
    #[serde(default)]
    pub(super) name: Text,
    pub(super) arguments: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct Image {
    image_url: Option<Address>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    url: Text,
}

impl Image {
    pub(super) fn into_file(self) -> Option<Event> {
        let url = self.image_url?.url.said()?;
        let media_type = url.strip_prefix("data:").and_then(|rest| rest.split([';', ',']).next());
        let media_type = media_type.filter(|media_type| !media_type.is_empty()).unwrap_or("image/*").to_owned();
        Some(Event::File(File { url, media_type, name: None }))
    }
}

impl Said {
    /// Everything that is cited beside what is said.
    pub(super) fn cited(&mut self) -> [Value; 4] {
        let context = self.context.get_mut("citations").map(Value::take).unwrap_or_default();
        [self.annotations.take(), self.sources.take(), self.citations.take(), context]
    }
}

/// A piece of a content.
pub(super) enum Piece {
    Text(String),
    Reasoning(String),
}

/// A content is a text, or a list of typed pieces as Mistral writes them.
pub(super) fn pieces(content: Value) -> Vec<Piece> {
    match content {
        Value::String(text) => vec![Piece::Text(text)],
        Value::Array(items) => items.iter().filter_map(piece).collect(),
        _ => Vec::new(),
    }
}

fn piece(item: &Value) -> Option<Piece> {
    let text = |item: &Value| item.get("text").and_then(Value::as_str).map(str::to_owned);
    match item.get("type")?.as_str()? {
        "text" | "output_text" => text(item).map(Piece::Text),
        "refusal" => item.get("refusal")?.as_str().map(|text| Piece::Text(text.to_owned())),
        "thinking" | "reasoning" => match item.get("thinking") {
            Some(Value::Array(thoughts)) => Some(Piece::Reasoning(thoughts.iter().filter_map(text).collect())),
            Some(Value::String(thought)) => Some(Piece::Reasoning(thought.clone())),
            _ => text(item).map(Piece::Reasoning),
        },
        _ => None,
    }
}
