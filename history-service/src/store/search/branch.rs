//! The conversations and branches that show a hit.

use kit::caller::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::id::{ConversationId, MessageId};

/// A conversation with hits, and where the order of its newest messages is not that of their path.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) conversation_id: ConversationId,
    pub(crate) title: Option<String>,
    pub(crate) active_leaf_id: Option<MessageId>,
    /// Messages that do not follow the one before them in the order of ids, and the first. Absent when there are none.
    pub(crate) starts: Option<Vec<MessageId>>,
    /// What these follow.
    pub(crate) parents: Option<Vec<Option<MessageId>>>,
}

/// A message and its newest child, or its parent.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) from: MessageId,
    pub(crate) to: MessageId,
}

/// The conversations of hits, those that are there, each with what lies beside the path of its messages from `oldest`
/// on; of very many only the newest. Where nobody went back that is one message, however long the conversation is.
pub(crate) async fn places(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversations: &[Uuid],
    oldest: &[Uuid],
    most: i64,
) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(
        Place,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            p.conversation_id AS "conversation_id!: ConversationId", p.title AS "title?",
            p.active_leaf_id AS "active_leaf_id?: MessageId", p.starts AS "starts?: Vec<MessageId>",
            p.parents AS "parents?: Vec<Option<MessageId>>"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT c.conversation_id, c.title, c.active_leaf_id, beside.starts, beside.parents
            FROM unnest($2::uuid[], $3::uuid[]) AS asked (conversation_id, oldest)
            CROSS JOIN LATERAL (
                SELECT conversation_id, title, active_leaf_id
                FROM history.conversation
                WHERE user_id = caller.user_id
                    AND conversation_id = asked.conversation_id
                LIMIT 1
            ) c
            CROSS JOIN LATERAL (
                SELECT array_agg(message_id) AS starts, array_agg(parent_id) AS parents
                FROM (
                    SELECT message_id, parent_id, lead(message_id) OVER (ORDER BY message_id DESC) AS older
                    FROM (
                        SELECT message_id, parent_id
                        FROM history.message
                        WHERE user_id = caller.user_id
                            AND conversation_id = asked.conversation_id
                            AND message_id >= asked.oldest
                        ORDER BY message_id DESC
                        LIMIT $4
                    ) newest
                ) ordered
                WHERE older IS NULL
                    OR parent_id IS DISTINCT FROM older
            ) AS beside
            LIMIT cardinality($2)
        ) p
        "#,
        user.to_string(),
        conversations,
        oldest,
        most,
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
