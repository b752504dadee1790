//! Messages and what they cite.

use proto::history::v1 as history;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{document, optional_time, run::RunError};

/// One message of a conversation's tree.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Message {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    conversation_id: String,
    /// The message it follows; null for a root.
    #[schema(format = Uuid)]
    parent_id: Option<String>,
    role: Role,
    status: MessageStatus,
    /// Its text.
    content: String,
    /// All its parts, each an object with a `type`.
    #[schema(value_type = Vec<Object>)]
    parts: Box<RawValue>,
    /// What it cites, in order.
    sources: Vec<Source>,
    agent: Option<String>,
    model: Option<String>,
    usage: Option<Usage>,
    /// Why the agent stopped writing: `stop`, `length`, `content_filter`, `tool_calls` or `other`, where it said so.
    finish_reason: Option<String>,
    /// Why it failed.
    error: Option<RunError>,
    /// The run that is writing it, to be followed; null once it is final.
    #[schema(format = Uuid)]
    run_id: Option<String>,
    feedback: Option<Feedback>,
    siblings: Option<Siblings>,
    /// The id that the client gave it.
    client_id: Option<String>,
    /// The client's own, as it came.
    #[schema(value_type = Object)]
    metadata: Box<RawValue>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// When it became final.
    #[schema(format = DateTime)]
    completed_at: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    User,
    Assistant,
    System,
    Tool,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MessageStatus {
    Pending,
    Streaming,
    Completed,
    Failed,
    Cancelled,
    Interrupted,
}

/// What a message cites.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Source {
    /// Null until the answer is saved.
    #[schema(format = Uuid)]
    id: Option<String>,
    /// Its place, counted from 1.
    ordinal: i32,
    /// `url` or `document`.
    kind: String,
    title: Option<String>,
    url: Option<String>,
    /// The cited text.
    snippet: Option<String>,
    /// Higher is better.
    score: Option<f64>,
    /// Which part of the answer it supports.
    span: Option<Span>,
    content_hash: Option<String>,
    /// Whatever else the agent said, as it came.
    #[schema(value_type = Object)]
    metadata: Box<RawValue>,
}

/// A range of the text, in Unicode scalar values.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Span {
    start: i32,
    end: i32,
}

/// What an answer cost, as far as the agent said.
#[expect(clippy::struct_field_names, reason = "the names of the JSON members")]
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Usage {
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    total_tokens: Option<i64>,
}

/// What a reader thought of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Feedback {
    /// `up` or `down`.
    rating: &'static str,
    note: Option<String>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
}

/// The place of a message among those with the same parent.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct Siblings {
    /// Counted from 1.
    index: i32,
    count: i32,
}

/// One of the messages with the same parent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sibling {
    #[schema(format = Uuid)]
    message_id: String,
    /// The newest message below it, or itself: pass it as `active_leaf_id` to `PATCH /conversations/{id}` to show it.
    #[schema(format = Uuid)]
    leaf_id: String,
}

impl From<history::Sibling> for Sibling {
    fn from(from: history::Sibling) -> Self {
        Self { message_id: from.message_id, leaf_id: from.leaf_id }
    }
}

impl From<history::Message> for Message {
    fn from(from: history::Message) -> Self {
        Self {
            role: from.role().into(),
            status: from.status().into(),
            id: from.id,
            conversation_id: from.conversation_id,
            parent_id: from.parent_id,
            content: from.content,
            parts: document(from.parts_json, "[]"),
            sources: from.sources.into_iter().map(Into::into).collect(),
            agent: from.agent,
            model: from.model,
            usage: from.usage.map(Into::into),
            finish_reason: from.finish_reason,
            error: from.error.map(Into::into),
            run_id: from.run_id,
            feedback: from.feedback.and_then(feedback),
            siblings: from.siblings.map(|siblings| Siblings { index: siblings.index, count: siblings.count }),
            client_id: from.client_id,
            metadata: document(from.metadata_json, "{}"),
            created_at: optional_time(from.created_at.as_ref()),
            completed_at: optional_time(from.completed_at.as_ref()),
        }
    }
}

impl From<history::Role> for Role {
    fn from(role: history::Role) -> Self {
        match role {
            history::Role::User | history::Role::Unspecified => Self::User,
            history::Role::Assistant => Self::Assistant,
            history::Role::System => Self::System,
            history::Role::Tool => Self::Tool,
        }
    }
}

impl From<history::MessageStatus> for MessageStatus {
    fn from(status: history::MessageStatus) -> Self {
        match status {
            history::MessageStatus::Pending | history::MessageStatus::Unspecified => Self::Pending,
            history::MessageStatus::Streaming => Self::Streaming,
            history::MessageStatus::Completed => Self::Completed,
            history::MessageStatus::Failed => Self::Failed,
            history::MessageStatus::Cancelled => Self::Cancelled,
            history::MessageStatus::Interrupted => Self::Interrupted,
        }
    }
}

impl From<history::Source> for Source {
    fn from(from: history::Source) -> Self {
        Self {
            id: Some(from.id).filter(|id| !id.is_empty()),
            ordinal: from.ordinal,
            kind: from.kind,
            title: from.title,
            url: from.url,
            snippet: from.snippet,
            score: from.score,
            span: from.span.map(|span| Span { start: span.start, end: span.end }),
            content_hash: from.content_hash,
            metadata: document(from.metadata_json, "{}"),
        }
    }
}

impl From<history::Usage> for Usage {
    fn from(from: history::Usage) -> Self {
        let history::Usage { input_tokens, output_tokens, total_tokens } = from;
        Self { input_tokens, output_tokens, total_tokens }
    }
}

fn feedback(from: history::Feedback) -> Option<Feedback> {
    let rating = match from.rating() {
        history::feedback::Rating::Unspecified => return None,
        history::feedback::Rating::Up => "up",
        history::feedback::Rating::Down => "down",
    };
    Some(Feedback { rating, note: from.note, created_at: optional_time(from.created_at.as_ref()) })
}
