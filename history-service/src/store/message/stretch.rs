//! The statement that finds the way back down a path.

use kit::caller::UserId;
use sqlx::PgExecutor;

use super::read::PAGE_BYTES;
use crate::id::{ConversationId, MessageId};

/// A piece of a path, right before one of its messages on the way from the leaf.
pub(crate) struct Stretch {
    /// Where the whole path ends.
    pub(crate) leaf_id: MessageId,
    /// The newest message of the piece; the message itself where the piece is empty.
    pub(crate) newest_id: MessageId,
    /// How many messages it has.
    pub(crate) count: i64,
}

impl Stretch {
    pub(crate) fn length(&self) -> usize {
        usize::try_from(self.count).unwrap_or_default()
    }
}

/// At most `longest` messages that follow `message` on the path that ends with `leaf`, or with the active leaf; fewer
/// where they are large. None when `message` is not on that path.
///
/// A message knows its parent and not its children on a path, so the way is walked from the leaf. Of what lies between
/// only ids are read, and sizes of the piece alone.
pub(crate) async fn stretch(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
    leaf: Option<MessageId>,
    message: MessageId,
    longest: usize,
) -> sqlx::Result<Option<Stretch>> {
    sqlx::query_as!(
        Stretch,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            found.leaf_id AS "leaf_id!: MessageId", found.newest_id AS "newest_id!: MessageId",
            found.count AS "count!"
        FROM caller
        CROSS JOIN LATERAL (
            WITH RECURSIVE walk AS (
                SELECT m.user_id, m.message_id, m.parent_id, m.message_id AS leaf_id, 0 AS depth
                FROM (
                    SELECT user_id, conversation_id, COALESCE($3, active_leaf_id) AS leaf_id
                    FROM history.conversation
                    WHERE user_id = caller.user_id
                        AND conversation_id = $2
                    LIMIT 1
                ) c
                CROSS JOIN LATERAL (
                    SELECT user_id, message_id, parent_id
                    FROM history.message
                    WHERE user_id = c.user_id
                        AND message_id = c.leaf_id
                        AND conversation_id = c.conversation_id
                    LIMIT 1
                ) m
                UNION ALL
                SELECT m.user_id, m.message_id, m.parent_id, walk.leaf_id, walk.depth + 1
                FROM walk
                CROSS JOIN LATERAL (
                    SELECT user_id, message_id, parent_id
                    FROM history.message
                    WHERE user_id = walk.user_id
                        AND message_id = walk.parent_id
                    LIMIT 1
                ) m
                WHERE walk.message_id <> $4
            ),
            goal AS MATERIALIZED (
                SELECT message_id, leaf_id, depth
                FROM walk
                WHERE message_id = $4
            ),
            piece AS (
                SELECT
                    sized.message_id, sized.depth,
                    sum(sized.bytes) OVER (ORDER BY sized.depth DESC) - sized.bytes AS bytes_before
                FROM (
                    SELECT
                        walk.message_id, walk.depth,
                        octet_length(m.content) + COALESCE(octet_length(m.parts::text), 0) + m.source_bytes AS bytes
                    FROM goal
                    CROSS JOIN walk
                    CROSS JOIN LATERAL (
                        SELECT content, parts, source_bytes
                        FROM history.message
                        WHERE user_id = walk.user_id
                            AND message_id = walk.message_id
                        LIMIT 1
                    ) m
                    WHERE walk.depth < goal.depth
                        AND walk.depth >= goal.depth - $5
                ) sized
            )
            SELECT
                goal.leaf_id,
                COALESCE((
                    SELECT message_id
                    FROM piece
                    WHERE bytes_before < $6
                    ORDER BY depth
                    LIMIT 1
                ), goal.message_id) AS newest_id,
                (SELECT count(*) FROM piece WHERE bytes_before < $6) AS count
            FROM goal
            LIMIT 1
        ) found
        "#,
        user.to_string(),
        conversation.0,
        leaf.map(|leaf| leaf.0),
        message.0,
        i32::try_from(longest).unwrap_or(i32::MAX),
        i64::from(PAGE_BYTES),
    )
    .fetch_optional(db)
    .await
}
