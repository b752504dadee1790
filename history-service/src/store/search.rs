//! What search reads as the user: texts of candidates, and where the hits stand.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{id::ConversationId, search::Filter, store::keeper::search::Candidate, word::Role};

pub(crate) mod branch;

/// The searched part of a text, and where it stands.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entry_id: Uuid,
    pub(crate) conversation_id: ConversationId,
    /// Absent for a title.
    pub(crate) role: Option<Role>,
    pub(crate) text: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// The texts of these messages and titles that the filter lets through, in no order. Messages of conversations that
/// have expired are among them: one look-up for each text is what a search consists of, and [`branch::places`] tells.
///
/// A text is cut only where it may be too long, for that takes counting its characters.
pub(crate) async fn texts(
    db: impl PgExecutor<'_>,
    user: UserId,
    messages: &[Uuid],
    titles: &[Uuid],
    filter: &Filter,
    longest: i32,
) -> sqlx::Result<Vec<Found>> {
    sqlx::query_as!(
        Found,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            t.entry_id AS "entry_id!", t.conversation_id AS "conversation_id!: ConversationId", t.role AS "role?: Role",
            t.text AS "text!", t.created_at AS "created_at!"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                m.message_id AS entry_id, m.conversation_id, m.role, m.created_at,
                CASE WHEN octet_length(m.content) <= $8 THEN m.content ELSE left(m.content, $8) END AS text
            FROM unnest($2::uuid[]) AS entry (id)
            CROSS JOIN LATERAL (
                SELECT message_id, conversation_id, role, content, created_at
                FROM history.message
                WHERE user_id = caller.user_id
                    AND message_id = entry.id
                    AND ($4::text IS NULL OR role = $4)
                    AND ($5::boolean IS NULL OR (source_bytes > 0) = $5)
                    AND ($6::timestamptz IS NULL OR created_at >= $6)
                    AND ($7::timestamptz IS NULL OR created_at < $7)
                LIMIT 1
            ) m
            UNION ALL
            SELECT c.conversation_id, c.conversation_id, NULL, c.created_at, c.title
            FROM unnest($3::uuid[]) AS entry (id)
            CROSS JOIN LATERAL (
                SELECT conversation_id, title, created_at
                FROM history.conversation
                WHERE user_id = caller.user_id
                    AND conversation_id = entry.id
                    AND title IS NOT NULL
                    AND $4::text IS NULL
                    AND $5::boolean IS NULL
                    AND ($6::timestamptz IS NULL OR created_at >= $6)
                    AND ($7::timestamptz IS NULL OR created_at < $7)
                LIMIT 1
            ) c
            LIMIT cardinality($2) + cardinality($3)
        ) t
        "#,
        user.to_string(),
        messages,
        titles,
        filter.role.map(Role::as_str),
        filter.has_sources,
        filter.from,
        filter.to,
        longest,
    )
    .fetch_all(db)
    .await
}

/// The newest entries of these conversations. Each is asked by itself: however much it has, only the newest are read.
pub(crate) async fn entries(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversations: &[Uuid],
    newest: Uuid,
    limit: usize,
) -> sqlx::Result<Vec<Candidate>> {
    sqlx::query_as!(
        Candidate,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            e.entry_id AS "entry_id!", e.conversation_id AS "conversation_id!: ConversationId", e.length AS "length!"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT e.entry_id, e.conversation_id, e.length
            FROM unnest($2::uuid[]) AS conversation (id)
            CROSS JOIN LATERAL (
                SELECT entry_id, conversation_id, length
                FROM history.search_entry
                WHERE user_id = caller.user_id
                    AND conversation_id = conversation.id
                    AND entry_id <= $3
                ORDER BY entry_id DESC
                LIMIT $4
            ) e
            ORDER BY e.entry_id DESC
            LIMIT $4
        ) e
        ORDER BY e.entry_id DESC
        "#,
        user.to_string(),
        conversations,
        newest,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await
}
