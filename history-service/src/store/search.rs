//! What search reads as the user: texts of candidates, and the branches that show a hit.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::{ConversationId, MessageId},
    search::Filter,
    store::keeper::search::Candidate,
    word::Role,
};

/// The searched part of a text, and where it stands.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entry_id: Uuid,
    pub(crate) conversation_id: ConversationId,
    pub(crate) title: Option<String>,
    pub(crate) active_leaf_id: Option<MessageId>,
    /// Absent for a title.
    pub(crate) role: Option<Role>,
    pub(crate) text: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// A message and its newest child, or its parent.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) from: MessageId,
    pub(crate) to: MessageId,
}

/// The texts of these entries that the filter lets through, in no order.
pub(crate) async fn texts(
    db: impl PgExecutor<'_>,
    user: UserId,
    entries: &[Uuid],
    filter: &Filter,
    longest: i32,
) -> sqlx::Result<Vec<Found>> {
    sqlx::query_as!(
        Found,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            t.entry_id AS "entry_id!", t.conversation_id AS "conversation_id!: ConversationId",
            t.title AS "title?", t.active_leaf_id AS "active_leaf_id?: MessageId", t.role AS "role?: Role",
            t.text AS "text!", t.created_at AS "created_at!"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                m.message_id AS entry_id, m.conversation_id, c.title, c.active_leaf_id, m.role,
                left(m.content, $7) AS text, m.created_at
            FROM unnest($2::uuid[]) AS entry (id)
            CROSS JOIN LATERAL (
                SELECT message_id, conversation_id, role, content, created_at
                FROM history.message
                WHERE user_id = caller.user_id
                    AND message_id = entry.id
                    AND ($3::text IS NULL OR role = $3)
                    AND ($4::boolean IS NULL OR (source_bytes > 0) = $4)
                    AND ($5::timestamptz IS NULL OR created_at >= $5)
                    AND ($6::timestamptz IS NULL OR created_at < $6)
                LIMIT 1
            ) m
            CROSS JOIN LATERAL (
                SELECT title, active_leaf_id
                FROM history.conversation
                WHERE user_id = caller.user_id
                    AND conversation_id = m.conversation_id
                LIMIT 1
            ) c
            UNION ALL
            SELECT c.conversation_id, c.conversation_id, c.title, c.active_leaf_id, NULL, c.title, c.created_at
            FROM unnest($2::uuid[]) AS entry (id)
            CROSS JOIN LATERAL (
                SELECT conversation_id, title, active_leaf_id, created_at
                FROM history.conversation
                WHERE user_id = caller.user_id
                    AND conversation_id = entry.id
                    AND title IS NOT NULL
                    AND $3::text IS NULL
                    AND $4::boolean IS NULL
                    AND ($5::timestamptz IS NULL OR created_at >= $5)
                    AND ($6::timestamptz IS NULL OR created_at < $6)
                LIMIT 1
            ) c
            LIMIT cardinality($2)
        ) t
        "#,
        user.to_string(),
        entries,
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

/// The steps from messages down to their newest leaves. What two have in common is walked once, and only the index of
/// siblings is read.
pub(crate) async fn downwards(
    db: impl PgExecutor<'_>,
    user: UserId,
    messages: &[Uuid],
    most: i64,
) -> sqlx::Result<Vec<Step>> {
    sqlx::query_as!(
        Step,
        r#"
        WITH RECURSIVE caller AS MATERIALIZED (
            SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id
        )
        SELECT s.parent_id AS "from!: MessageId", s.message_id AS "to!: MessageId"
        FROM caller
        CROSS JOIN LATERAL (
            WITH RECURSIVE walk AS (
                SELECT NULL::uuid AS parent_id, id AS message_id
                FROM unnest($2::uuid[]) AS hit (id)
                UNION
                SELECT walk.message_id, child.message_id
                FROM walk
                CROSS JOIN LATERAL (
                    SELECT message_id
                    FROM history.message
                    WHERE user_id = caller.user_id
                        AND parent_id = walk.message_id
                    ORDER BY message_id DESC
                    LIMIT 1
                ) child
            )
            SELECT parent_id, message_id
            FROM walk
            WHERE parent_id IS NOT NULL
            LIMIT $3
        ) s
        "#,
        user.to_string(),
        messages,
        most,
    )
    .fetch_all(db)
    .await
}

/// The steps from leaves up to their roots, as far as there are messages as new as the oldest that matters.
pub(crate) async fn upwards(
    db: impl PgExecutor<'_>,
    user: UserId,
    leaves: &[Uuid],
    oldest: Uuid,
    most: i64,
) -> sqlx::Result<Vec<Step>> {
    sqlx::query_as!(
        Step,
        r#"
        WITH RECURSIVE caller AS MATERIALIZED (
            SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id
        )
        SELECT s.message_id AS "from!: MessageId", s.parent_id AS "to!: MessageId"
        FROM caller
        CROSS JOIN LATERAL (
            WITH RECURSIVE walk AS (
                SELECT NULL::uuid AS message_id, id AS parent_id
                FROM unnest($2::uuid[]) AS leaf (id)
                UNION
                SELECT walk.parent_id, parent.parent_id
                FROM walk
                CROSS JOIN LATERAL (
                    SELECT parent_id
                    FROM history.message
                    WHERE user_id = caller.user_id
                        AND message_id = walk.parent_id
                        AND parent_id IS NOT NULL
                    LIMIT 1
                ) parent
                WHERE walk.parent_id >= $3
            )
            SELECT message_id, parent_id
            FROM walk
            WHERE message_id IS NOT NULL
            LIMIT $4
        ) s
        "#,
        user.to_string(),
        leaves,
        oldest,
        most,
    )
    .fetch_all(db)
    .await
}
