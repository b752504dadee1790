//! Between generated types and ours. Generated types go no further than here.

use chrono::{DateTime, Utc};
use proto::{history::v1 as pb, limit};

use super::fields::Fields;
use crate::{
    citation::Citation,
    conversation::Conversation,
    id::SourceId,
    json,
    message::{Message, RunError, Sibling, Source, Usage},
    run::{ContextMessage, Run},
    search::{Fragment, Hit},
    word::{MessageStatus, Rating, Role, RunStatus, SourceKind, TitleSource},
};

/// Who made what is to be stored: a client's input is bounded, an agent's output is kept as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    Client,
    Agent,
}

pub(super) fn conversation(from: Conversation) -> pb::Conversation {
    let title_source = match from.title_source {
        None => pb::TitleSource::Unspecified,
        Some(TitleSource::FirstLine) => pb::TitleSource::FirstLine,
        Some(TitleSource::Agent) => pb::TitleSource::Agent,
        Some(TitleSource::User) => pb::TitleSource::User,
    };
    pb::Conversation {
        id: from.id.to_string(),
        client_id: from.client_id,
        title: from.title,
        title_source: title_source.into(),
        pinned: from.pinned,
        archived: from.archived,
        agent: from.agent,
        active_leaf_id: from.active_leaf_id.map(|leaf| leaf.to_string()),
        message_count: from.message_count,
        preview: from.preview,
        metadata_json: from.metadata,
        created_at: Some(timestamp(from.created_at)),
        updated_at: Some(timestamp(from.updated_at)),
        expires_at: from.expires_at.map(timestamp),
    }
}

pub(super) fn message(from: Message) -> pb::Message {
    let status = match from.status {
        MessageStatus::Pending => pb::MessageStatus::Pending,
        MessageStatus::Streaming => pb::MessageStatus::Streaming,
        MessageStatus::Completed => pb::MessageStatus::Completed,
        MessageStatus::Failed => pb::MessageStatus::Failed,
        MessageStatus::Cancelled => pb::MessageStatus::Cancelled,
        MessageStatus::Interrupted => pb::MessageStatus::Interrupted,
    };
    let feedback = from.feedback.map(|feedback| pb::Feedback {
        rating: match feedback.rating {
            Rating::Up => pb::feedback::Rating::Up,
            Rating::Down => pb::feedback::Rating::Down,
        }
        .into(),
        note: feedback.note,
        created_at: Some(timestamp(feedback.created_at)),
    });
    pb::Message {
        id: from.id.to_string(),
        conversation_id: from.conversation_id.to_string(),
        parent_id: from.parent_id.map(|parent| parent.to_string()),
        role: role_out(from.role).into(),
        status: status.into(),
        parts_json: from.parts.unwrap_or_else(|| json::text_parts(&from.content)),
        content: from.content,
        sources: from.sources.into_iter().map(source).collect(),
        agent: from.agent,
        model: from.model,
        usage: usage(from.usage),
        error: from.error.map(run_error),
        feedback,
        siblings: Some(pb::Siblings { index: saturating(from.siblings.index), count: saturating(from.siblings.count) }),
        client_id: from.client_id,
        metadata_json: from.metadata,
        created_at: Some(timestamp(from.created_at)),
        completed_at: from.completed_at.map(timestamp),
        finish_reason: from.finish_reason.map(|reason| reason.as_str().to_owned()),
        run_id: from.run_id.map(|run| run.to_string()),
    }
}

pub(super) fn source(from: Source) -> pb::Source {
    pb::Source {
        id: from.id.to_string(),
        ordinal: from.ordinal.into(),
        kind: from.kind.as_str().to_owned(),
        title: from.title,
        url: from.url,
        snippet: from.snippet,
        score: from.score,
        span: from.span_start.zip(from.span_end).map(|(start, end)| pb::Span { start, end }),
        content_hash: from.content_hash,
        metadata_json: from.metadata,
    }
}

pub(super) fn sibling(from: Sibling) -> pb::Sibling {
    pb::Sibling { message_id: from.message_id.to_string(), leaf_id: from.leaf_id.to_string() }
}

pub(super) fn citation(from: Citation) -> pb::Citation {
    pb::Citation {
        message_id: from.message_id.to_string(),
        conversation_id: from.conversation_id.to_string(),
        conversation_title: from.conversation_title,
        created_at: Some(timestamp(from.created_at)),
        preview: from.preview,
        source: Some(source(from.source)),
    }
}

pub(super) fn run(from: Run) -> pb::Run {
    let status = match from.status {
        RunStatus::Running => pb::RunStatus::Running,
        RunStatus::Completed => pb::RunStatus::Completed,
        RunStatus::Failed => pb::RunStatus::Failed,
        RunStatus::Cancelled => pb::RunStatus::Cancelled,
        RunStatus::Interrupted => pb::RunStatus::Interrupted,
    };
    pb::Run {
        id: from.id.to_string(),
        conversation_id: from.conversation_id.to_string(),
        user_message_id: from.user_message_id.to_string(),
        message_id: from.message_id.to_string(),
        agent: from.agent,
        status: status.into(),
        fence: from.fence,
        lease_expires_at: Some(timestamp(from.lease_expires_at)),
        error: from.error.map(run_error),
        usage: usage(from.usage),
        created_at: Some(timestamp(from.created_at)),
        finished_at: from.finished_at.map(timestamp),
    }
}

pub(super) fn search_hit(from: Hit) -> pb::SearchHit {
    let fragment = |from: Fragment| pb::SnippetFragment { text: from.text, highlighted: from.highlighted };
    pb::SearchHit {
        message_id: from.message.map(|(id, _)| id.to_string()),
        conversation_id: from.conversation_id.to_string(),
        conversation_title: from.title,
        role: from.message.map(|(_, role)| role_out(role).into()),
        created_at: Some(timestamp(from.created_at)),
        snippet: from.snippet.into_iter().map(fragment).collect(),
        leaf_id: from.leaf_id.map(|leaf| leaf.to_string()),
        on_active_path: from.on_active_path,
    }
}

pub(super) fn context(from: ContextMessage) -> pb::ContextMessage {
    pb::ContextMessage { role: role_out(from.role).into(), content: from.content }
}

pub(super) fn role(fields: &mut Fields, given: i32) -> Role {
    match pb::Role::try_from(given) {
        Ok(pb::Role::User) => return Role::User,
        Ok(pb::Role::Assistant) => return Role::Assistant,
        Ok(pb::Role::System) => return Role::System,
        Ok(pb::Role::Tool) => return Role::Tool,
        Ok(pb::Role::Unspecified) => fields.missing("role"),
        Err(_) => fields.invalid("role", "is no role that is known"),
    }
    Role::User
}

pub(super) fn rating(from: pb::feedback::Rating) -> Option<Rating> {
    match from {
        pb::feedback::Rating::Unspecified => None,
        pb::feedback::Rating::Up => Some(Rating::Up),
        pb::feedback::Rating::Down => Some(Rating::Down),
    }
}

/// One that says something.
pub(super) fn some_rating(fields: &mut Fields, field: &str, given: i32) -> Option<Rating> {
    let rating = pb::feedback::Rating::try_from(given).ok().and_then(rating);
    if rating.is_none() {
        fields.invalid(field, "must be UP or DOWN");
    }
    rating
}

/// Sources as they are to be stored: numbered in the order of the list.
pub(super) fn sources(fields: &mut Fields, given: Vec<pb::Source>, author: Author) -> Vec<Source> {
    let most = if author == Author::Agent { limit::ANSWER_SOURCES } else { limit::SOURCES };
    fields.count("sources", given.len(), most);
    (1..).zip(given.into_iter().take(most)).map(|(ordinal, given)| source_in(fields, ordinal, given, author)).collect()
}

fn source_in(fields: &mut Fields, ordinal: i16, given: pb::Source, author: Author) -> Source {
    let field = |name: &str| format!("sources[{}].{name}", ordinal - 1);
    let length = |most: usize| 0..=if author == Author::Agent { usize::MAX } else { most };
    let kind = match (given.kind.as_str(), &given.url) {
        ("", Some(_)) => Some(SourceKind::Url),
        ("", None) => Some(SourceKind::Document),
        (word, _) => SourceKind::from_word(word),
    };
    let span = given.span.unwrap_or_default();
    if span.start < 0 || span.end < span.start {
        fields.invalid(&field("span"), "must not begin before 0 or after its end");
    }
    if kind.is_none() {
        fields.invalid(&field("kind"), "must be url or document");
    }
    Source {
        id: SourceId::generate(),
        ordinal,
        kind: kind.unwrap_or(SourceKind::Document),
        title: fields.optional_text(&field("title"), given.title, &length(limit::SOURCE_TITLE)),
        url: fields.optional_text(&field("url"), given.url, &length(limit::SOURCE_URL)),
        snippet: fields.optional_text(&field("snippet"), given.snippet, &length(limit::SOURCE_SNIPPET)),
        score: given.score,
        span_start: given.span.map(|span| span.start),
        span_end: given.span.map(|span| span.end),
        content_hash: fields.optional_text(&field("content_hash"), given.content_hash, &length(limit::SOURCE_HASH)),
        metadata: match author {
            Author::Client => fields.metadata(&field("metadata"), given.metadata_json),
            Author::Agent => fields.document(&field("metadata"), given.metadata_json, json::DEEPEST_OF_AGENTS),
        },
    }
}

fn role_out(from: Role) -> pb::Role {
    match from {
        Role::User => pb::Role::User,
        Role::Assistant => pb::Role::Assistant,
        Role::System => pb::Role::System,
        Role::Tool => pb::Role::Tool,
    }
}

fn usage(from: Usage) -> Option<pb::Usage> {
    let Usage { input: input_tokens, output: output_tokens, total: total_tokens } = from;
    let said = input_tokens.or(output_tokens).or(total_tokens).is_some();
    said.then_some(pb::Usage { input_tokens, output_tokens, total_tokens })
}

fn run_error(from: RunError) -> pb::RunError {
    pb::RunError { code: from.code, message: from.message }
}

pub(super) fn timestamp(time: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}

fn saturating(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
