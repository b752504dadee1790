//! The statement that reads messages: single ones and paths alike.

use kit::caller::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::row::MessageRow;
use crate::{
    id::{ConversationId, MessageId, RunId, SourceId},
    message::Message,
    word::{FinishReason, MessageStatus, Rating, Role, SourceKind},
};

/// After so many bytes of text and sources a page ends early, so that an answer stays one that clients accept.
pub(super) const PAGE_BYTES: i32 = 2 * 1024 * 1024;

/// How far up a path is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Length {
    /// So many messages, or fewer when they are large.
    Bounded(usize),
    /// So many messages, of which it is known that they are not too large.
    Exact(usize),
}

/// Walks up from each leaf. The cost does not depend on how long the path goes on.
///
/// A message is there while its conversation is: that is asked once for each leaf.
#[expect(clippy::too_many_lines, reason = "it is one statement")]
pub(super) async fn read(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: Option<ConversationId>,
    leaves: Option<&[MessageId]>,
    length: Length,
) -> sqlx::Result<Vec<Message>> {
    let (length, bytes) = match length {
        Length::Bounded(length) => (length, PAGE_BYTES),
        Length::Exact(length) => (length, i32::MAX),
    };
    let leaves: Option<Vec<Uuid>> = leaves.map(|leaves| leaves.iter().map(|leaf| leaf.0).collect());
    let rows = sqlx::query_as!(
        MessageRow,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            found.message_id AS "id!: MessageId", found.conversation_id AS "conversation_id!: ConversationId",
            found.parent_id AS "parent_id?: MessageId", found.role AS "role!: Role",
            found.status AS "status!: MessageStatus", found.content AS "content!", found.parts AS "parts?",
            found.agent AS "agent?", found.model AS "model?", found.input_tokens AS "input_tokens?",
            found.output_tokens AS "output_tokens?", found.total_tokens AS "total_tokens?",
            found.error_code AS "error_code?", found.error_message AS "error_message?",
            found.feedback_rating AS "feedback_rating?: Rating", found.feedback_note AS "feedback_note?",
            found.feedback_at AS "feedback_at?", found.sibling_index AS "sibling_index!",
            found.sibling_count AS "sibling_count!", found.client_id AS "client_id?",
            found.metadata AS "metadata!", found.created_at AS "created_at!", found.completed_at AS "completed_at?",
            found.finish_reason AS "finish_reason?: FinishReason", found.run_id AS "run_id?: RunId",
            found.source_ids AS "source_ids?: Vec<SourceId>", found.source_kinds AS "source_kinds?: Vec<SourceKind>",
            found.source_titles AS "source_titles?: Vec<Option<String>>",
            found.source_urls AS "source_urls?: Vec<Option<String>>",
            found.source_snippets AS "source_snippets?: Vec<Option<String>>",
            found.source_scores AS "source_scores?: Vec<Option<f64>>",
            found.source_starts AS "source_starts?: Vec<Option<i32>>",
            found.source_ends AS "source_ends?: Vec<Option<i32>>",
            found.source_hashes AS "source_hashes?: Vec<Option<String>>",
            found.source_metadata AS "source_metadata?"
        FROM caller
        CROSS JOIN LATERAL (
            WITH RECURSIVE path AS (
                SELECT
                    m.*, 1 AS depth,
                    octet_length(m.content) + COALESCE(octet_length(m.parts::text), 0) + m.source_bytes AS bytes
                FROM unnest(COALESCE($3::uuid[], ARRAY(
                    SELECT active_leaf_id
                    FROM history.conversation
                    WHERE user_id = caller.user_id
                        AND conversation_id = $2
                ))) AS leaf (message_id)
                CROSS JOIN LATERAL (
                    SELECT
                        user_id, message_id, conversation_id, parent_id, role, status, content, parts, agent, model,
                        input_tokens, output_tokens, total_tokens, error_code, error_message, feedback_rating,
                        feedback_note, feedback_at, client_id, metadata, created_at, completed_at, finish_reason,
                        source_bytes
                    FROM history.message
                    WHERE user_id = caller.user_id
                        AND message_id = leaf.message_id
                        AND ($2::uuid IS NULL OR conversation_id = $2)
                    LIMIT 1
                ) m
                CROSS JOIN LATERAL (
                    SELECT
                    FROM history.conversation
                    WHERE user_id = m.user_id
                        AND conversation_id = m.conversation_id
                    LIMIT 1
                ) c
                UNION ALL
                SELECT
                    m.*, path.depth + 1,
                    path.bytes + octet_length(m.content) + COALESCE(octet_length(m.parts::text), 0) + m.source_bytes
                FROM path
                CROSS JOIN LATERAL (
                    SELECT
                        user_id, message_id, conversation_id, parent_id, role, status, content, parts, agent, model,
                        input_tokens, output_tokens, total_tokens, error_code, error_message, feedback_rating,
                        feedback_note, feedback_at, client_id, metadata, created_at, completed_at, finish_reason,
                        source_bytes
                    FROM history.message
                    WHERE user_id = path.user_id
                        AND message_id = path.parent_id
                    LIMIT 1
                ) m
                WHERE path.depth < $4
                    AND path.bytes < $5
            )
            SELECT
                m.depth, m.message_id, m.conversation_id, m.parent_id, m.role, m.status, m.content,
                m.parts::text AS parts, m.agent, m.model, m.input_tokens, m.output_tokens, m.total_tokens,
                m.error_code, m.error_message, m.feedback_rating, m.feedback_note, m.feedback_at, m.client_id,
                m.metadata::text AS metadata, m.created_at, m.completed_at, m.finish_reason,
                CASE WHEN m.status IN ('pending', 'streaming') THEN (
                    SELECT run_id
                    FROM history.run
                    WHERE user_id = m.user_id
                        AND message_id = m.message_id
                        AND status = 'running'
                    LIMIT 1
                ) END AS run_id,
                CASE WHEN m.parent_id IS NULL THEN (
                    SELECT count(*)
                    FROM history.message
                    WHERE user_id = m.user_id
                        AND conversation_id = m.conversation_id
                        AND parent_id IS NULL
                        AND message_id <= m.message_id
                ) ELSE siblings.sibling_index END AS sibling_index,
                CASE WHEN m.parent_id IS NULL THEN (
                    SELECT count(*)
                    FROM history.message
                    WHERE user_id = m.user_id
                        AND conversation_id = m.conversation_id
                        AND parent_id IS NULL
                ) ELSE siblings.sibling_count END AS sibling_count,
                sources.source_ids, sources.source_kinds, sources.source_titles, sources.source_urls,
                sources.source_snippets, sources.source_scores, sources.source_starts, sources.source_ends,
                sources.source_hashes, sources.source_metadata
            FROM path m
            CROSS JOIN LATERAL (
                SELECT
                    count(*) FILTER (WHERE s.message_id <= m.message_id) AS sibling_index,
                    count(*) AS sibling_count
                FROM history.message s
                WHERE s.user_id = m.user_id
                    AND s.conversation_id = m.conversation_id
                    AND s.parent_id = m.parent_id
            ) siblings
            LEFT JOIN LATERAL (
                SELECT
                    array_agg(s.source_id) AS source_ids, array_agg(s.kind) AS source_kinds,
                    array_agg(s.title) AS source_titles, array_agg(s.url) AS source_urls,
                    array_agg(s.snippet) AS source_snippets, array_agg(s.score) AS source_scores,
                    array_agg(s.span_start) AS source_starts, array_agg(s.span_end) AS source_ends,
                    array_agg(s.content_hash) AS source_hashes, array_agg(s.metadata::text) AS source_metadata
                FROM (
                    SELECT
                        source_id, kind, title, url, snippet, score, span_start, span_end, content_hash, metadata
                    FROM history.source
                    WHERE user_id = m.user_id
                        AND message_id = m.message_id
                    ORDER BY ordinal
                ) s
            ) sources ON m.source_bytes > 0
            LIMIT $4 + COALESCE(cardinality($3), 0)
        ) found
        ORDER BY found.depth
        "#,
        user.to_string(),
        conversation.map(|id| id.0),
        leaves.as_deref(),
        i32::try_from(length).unwrap_or(i32::MAX / 2),
        bytes,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}
