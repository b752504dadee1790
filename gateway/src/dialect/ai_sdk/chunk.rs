//! The chunks, member by member: an absent member is absent, never `null`.

use proto::history::v1::{Message, Source, Span};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    dialect::tokens::Tokens,
    event::Started,
    resource::{document, optional_time},
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum Chunk<'a> {
    Start { message_id: &'a str, message_metadata: Beginning<'a> },
    StartStep,
    TextStart { id: &'a str },
    TextDelta { id: &'a str, delta: &'a str },
    TextEnd { id: &'a str },
    ReasoningStart { id: &'a str },
    ReasoningDelta { id: &'a str, delta: &'a str },
    ReasoningEnd { id: &'a str },
    SourceUrl(SourceUrl<'a>),
    SourceDocument(SourceDocument<'a>),
    File(File<'a>),
    // The agent executes its tools: the client is not to run them, nor to ask again when they are done.
    ToolInputStart { tool_call_id: &'a str, tool_name: &'a str, provider_executed: bool },
    ToolInputDelta { tool_call_id: &'a str, input_text_delta: &'a str },
    ToolInputAvailable { tool_call_id: &'a str, tool_name: &'a str, input: Box<RawValue>, provider_executed: bool },
    ToolOutputAvailable { tool_call_id: &'a str, output: Box<RawValue>, provider_executed: bool },
    ToolOutputError { tool_call_id: &'a str, error_text: &'a str, provider_executed: bool },
    MessageMetadata { message_metadata: End<'a> },
    FinishStep,
    Error { error_text: &'a str },
    Abort,
    Finish { finish_reason: &'static str, message_metadata: End<'a> },
}

/// What an answer begins with: how its parts are called with us.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Beginning<'a> {
    run_id: &'a str,
    conversation_id: &'a str,
    user_message_id: &'a str,
    agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

/// What it ends with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct End<'a> {
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Tokens<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault<'a>>,
}

/// Why it ended badly.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Fault<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceUrl<'a> {
    source_id: String,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    provider_metadata: Ours<SourceFacts<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceDocument<'a> {
    source_id: String,
    media_type: &'static str,
    title: &'a str,
    provider_metadata: Ours<SourceFacts<'a>>,
}

/// What the protocol has no place for.
#[derive(Serialize)]
struct Ours<T> {
    colloquy: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceFacts<'a> {
    ordinal: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<SpanFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
}

/// A range of the whole text, in Unicode scalar values.
#[derive(Serialize)]
struct SpanFacts {
    start: i32,
    end: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File<'a> {
    url: &'a str,
    media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_metadata: Option<Ours<FileFacts<'a>>>,
}

#[derive(Serialize)]
struct FileFacts<'a> {
    name: &'a str,
}

/// A chunk whose type is its name.
#[derive(Serialize)]
pub(super) struct DataChunk<T> {
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    data: T,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    transient: bool,
}

impl<T> DataChunk<T> {
    pub(super) fn new(name: &str, id: Option<String>, data: T, transient: bool) -> Self {
        Self { r#type: format!("data-{name}"), id, data, transient }
    }
}

impl<'a> Chunk<'a> {
    pub(super) fn start(Started { run, message, .. }: &'a Started) -> Self {
        let message_metadata = Beginning {
            run_id: &run.id,
            conversation_id: &run.conversation_id,
            user_message_id: &run.user_message_id,
            agent: &run.agent,
            created_at: optional_time(message.created_at.as_ref()),
        };
        Self::Start { message_id: &message.id, message_metadata }
    }

    pub(super) fn called(tool_call_id: &'a str, tool_name: &'a str, input_json: String) -> Self {
        let input = document(input_json, "null");
        Self::ToolInputAvailable { tool_call_id, tool_name, input, provider_executed: true }
    }

    /// A document needs a title; what has no address is one.
    pub(super) fn source(source: &'a Source) -> Self {
        let (source_id, title, url) = (format!("s{}", source.ordinal), source.title.as_deref(), source.url.as_deref());
        let facts = |url| Ours {
            colloquy: SourceFacts {
                ordinal: source.ordinal,
                url,
                snippet: source.snippet.as_deref(),
                score: source.score,
                span: source.span.map(|Span { start, end }| SpanFacts { start, end }),
                content_hash: source.content_hash.as_deref(),
                metadata: (!source.metadata_json.is_empty()).then(|| document(source.metadata_json.clone(), "{}")),
            },
        };
        match url {
            Some(url) if source.kind != "document" => {
                Self::SourceUrl(SourceUrl { source_id, url, title, provider_metadata: facts(None) })
            }
            _ => Self::SourceDocument(SourceDocument {
                source_id,
                media_type: "text/plain",
                title: title.or(url).unwrap_or("untitled"),
                provider_metadata: facts(url),
            }),
        }
    }

    pub(super) fn file(url: &'a str, media_type: &'a str, name: Option<&'a str>) -> Self {
        let provider_metadata = name.map(|name| Ours { colloquy: FileFacts { name } });
        Self::File(File { url, media_type, provider_metadata })
    }
}

impl<'a> End<'a> {
    pub(super) fn new(status: &'a str) -> Self {
        Self { status, model: None, usage: None, error: None }
    }

    /// Adds what is known of the answer.
    pub(super) fn with(self, message: &'a Message) -> Self {
        let usage = message.usage.map(Tokens::of);
        Self { model: message.model.as_deref(), usage, ..self }
    }

    pub(super) fn because(self, fault: Fault<'a>) -> Self {
        Self { error: Some(fault), ..self }
    }
}
