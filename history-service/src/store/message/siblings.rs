//! The messages that have the same parent.

use kit::caller::UserId;
use sqlx::PgExecutor;

use crate::{id::MessageId, message::Sibling};

/// The siblings of a message and itself, oldest first, each with the newest leaf below it; of very many the newest.
/// None without the message.
pub(crate) async fn siblings(db: impl PgExecutor<'_>, user: UserId, message: MessageId) -> sqlx::Result<Vec<Sibling>> {
    sqlx::query_as!(
        Sibling,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT s.message_id AS "message_id!: MessageId", s.leaf_id AS "leaf_id!: MessageId"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT beside.message_id, leaf.message_id AS leaf_id
            FROM (
                SELECT m.user_id, m.conversation_id, m.parent_id
                FROM history.message m
                JOIN history.conversation c
                    ON c.user_id = m.user_id
                    AND c.conversation_id = m.conversation_id
                WHERE m.user_id = caller.user_id
                    AND m.message_id = $2
                LIMIT 1
            ) m
            CROSS JOIN LATERAL (
                SELECT message_id
                FROM history.message
                WHERE user_id = m.user_id
                    AND conversation_id = m.conversation_id
                    AND parent_id = m.parent_id
                UNION ALL
                SELECT message_id
                FROM history.message
                WHERE m.parent_id IS NULL
                    AND user_id = m.user_id
                    AND conversation_id = m.conversation_id
                    AND parent_id IS NULL
                ORDER BY message_id DESC
                LIMIT 200
            ) beside
            CROSS JOIN LATERAL (
                WITH RECURSIVE below AS (
                    SELECT beside.message_id, 0 AS depth
                    UNION ALL
                    SELECT child.message_id, below.depth + 1
                    FROM below
                    CROSS JOIN LATERAL (
                        SELECT message_id
                        FROM history.message
                        WHERE user_id = caller.user_id
                            AND parent_id = below.message_id
                        ORDER BY message_id DESC
                        LIMIT 1
                    ) child
                )
                SELECT message_id
                FROM below
                ORDER BY depth DESC
                LIMIT 1
            ) leaf
        ) s
        ORDER BY s.message_id
        "#,
        user.to_string(),
        message.0,
    )
    .fetch_all(db)
    .await
}
