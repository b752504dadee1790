//! A message as the database returns it: flat, with its sources as columns.

use chrono::{DateTime, Utc};

use crate::{
    id::{ConversationId, MessageId, RunId, SourceId},
    message::{Feedback, Message, RunError, Siblings, Source, Usage},
    word::{FinishReason, MessageStatus, Rating, Role, SourceKind},
};

pub(super) struct MessageRow {
    pub(super) id: MessageId,
    pub(super) conversation_id: ConversationId,
    pub(super) parent_id: Option<MessageId>,
    pub(super) role: Role,
    pub(super) status: MessageStatus,
    pub(super) content: String,
    pub(super) parts: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) model: Option<String>,
    pub(super) input_tokens: Option<i64>,
    pub(super) output_tokens: Option<i64>,
    pub(super) total_tokens: Option<i64>,
    pub(super) error_code: Option<String>,
    pub(super) error_message: Option<String>,
    pub(super) feedback_rating: Option<Rating>,
    pub(super) feedback_note: Option<String>,
    pub(super) feedback_at: Option<DateTime<Utc>>,
    pub(super) sibling_index: i64,
    pub(super) sibling_count: i64,
    pub(super) client_id: Option<String>,
    pub(super) metadata: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) completed_at: Option<DateTime<Utc>>,
    pub(super) finish_reason: Option<FinishReason>,
    pub(super) run_id: Option<RunId>,
    pub(super) source_ids: Option<Vec<SourceId>>,
    pub(super) source_kinds: Option<Vec<SourceKind>>,
    pub(super) source_titles: Option<Vec<Option<String>>>,
    pub(super) source_urls: Option<Vec<Option<String>>>,
    pub(super) source_snippets: Option<Vec<Option<String>>>,
    pub(super) source_scores: Option<Vec<Option<f64>>>,
    pub(super) source_starts: Option<Vec<Option<i32>>>,
    pub(super) source_ends: Option<Vec<Option<i32>>>,
    pub(super) source_hashes: Option<Vec<Option<String>>>,
    pub(super) source_metadata: Option<Vec<String>>,
}

impl From<MessageRow> for Message {
    fn from(mut row: MessageRow) -> Self {
        Self {
            sources: row.take_sources(),
            id: row.id,
            conversation_id: row.conversation_id,
            parent_id: row.parent_id,
            role: row.role,
            status: row.status,
            content: row.content,
            parts: row.parts,
            agent: row.agent,
            model: row.model,
            usage: Usage { input: row.input_tokens, output: row.output_tokens, total: row.total_tokens },
            error: row.error_code.zip(row.error_message).map(|(code, message)| RunError { code, message }),
            feedback: row.feedback_rating.zip(row.feedback_at).map(|(rating, created_at)| Feedback {
                rating,
                note: row.feedback_note,
                created_at,
            }),
            siblings: Siblings { index: row.sibling_index, count: row.sibling_count },
            client_id: row.client_id,
            metadata: row.metadata,
            created_at: row.created_at,
            completed_at: row.completed_at,
            finish_reason: row.finish_reason,
            run_id: row.run_id,
        }
    }
}

impl MessageRow {
    /// All columns come from one aggregate, so they are equally long.
    fn take_sources(&mut self) -> Vec<Source> {
        let ids = self.source_ids.take().unwrap_or_default();
        let mut kinds = self.source_kinds.take().into_iter().flatten();
        let mut titles = self.source_titles.take().into_iter().flatten();
        let mut urls = self.source_urls.take().into_iter().flatten();
        let mut snippets = self.source_snippets.take().into_iter().flatten();
        let mut scores = self.source_scores.take().into_iter().flatten();
        let mut starts = self.source_starts.take().into_iter().flatten();
        let mut ends = self.source_ends.take().into_iter().flatten();
        let mut hashes = self.source_hashes.take().into_iter().flatten();
        let mut metadata = self.source_metadata.take().into_iter().flatten();
        (1..)
            .zip(ids)
            .map(|(ordinal, id)| Source {
                id,
                ordinal,
                kind: kinds.next().unwrap_or(SourceKind::Document),
                title: titles.next().flatten(),
                url: urls.next().flatten(),
                snippet: snippets.next().flatten(),
                score: scores.next().flatten(),
                span_start: starts.next().flatten(),
                span_end: ends.next().flatten(),
                content_hash: hashes.next().flatten(),
                metadata: metadata.next().unwrap_or_default(),
            })
            .collect()
    }
}
