//! The statements that read what an agent is to read.

use kit::caller::UserId;
use sqlx::PgConnection;

use crate::{
    id::{ConversationId, MessageId},
    run::{Budget, ContextMessage},
    word::Role,
};

/// After so many bytes of text a context is complete, whatever its limits.
const CONTEXT_BYTES: i64 = 8 * 1024 * 1024;

/// A message of a context, or what lies beyond it.
pub(crate) struct Read {
    /// None where the message has nothing to say to an agent.
    pub(crate) said: Option<ContextMessage>,
    /// The message that the path goes on with, on the last row alone and where it does go on.
    pub(crate) beyond: Option<MessageId>,
}

/// The beginning of a path that lies beyond a context.
pub(crate) struct Root {
    /// Its text, if it is a completed system message.
    pub(crate) instructions: Option<String>,
}

/// The path that ends with `leaf`, newest first: completed messages with a text, within the budget. The leaf comes in
/// any case.
pub(crate) async fn context(
    db: &mut PgConnection,
    user: UserId,
    leaf: MessageId,
    budget: Budget,
) -> sqlx::Result<Vec<Read>> {
    let rows = sqlx::query!(
        r#"
        WITH RECURSIVE path AS (
            SELECT
                user_id, message_id, parent_id, 1 AS depth, true AS chosen, 1 AS chosen_count,
                octet_length(content)::bigint AS bytes,
                CASE WHEN $5::bigint IS NULL THEN 0 ELSE char_length(content) END::bigint AS characters
            FROM history.message
            WHERE user_id = $1
                AND message_id = $2
            UNION ALL
            SELECT
                m.user_id, m.message_id, m.parent_id, path.depth + 1, m.chosen,
                path.chosen_count + m.chosen::integer, path.bytes + m.bytes, path.characters + m.characters
            FROM path
            CROSS JOIN LATERAL (
                SELECT
                    o.user_id, o.message_id, o.parent_id, o.chosen,
                    CASE WHEN o.chosen THEN octet_length(o.content) ELSE 0 END AS bytes,
                    CASE WHEN o.chosen AND $5 IS NOT NULL THEN char_length(o.content) ELSE 0 END AS characters
                FROM (
                    SELECT
                        user_id, message_id, parent_id, content, status = 'completed' AND content <> '' AS chosen
                    FROM history.message
                    WHERE user_id = path.user_id
                        AND message_id = path.parent_id
                    LIMIT 1
                ) o
            ) m
            WHERE path.chosen_count < $3
                AND path.bytes < $4
                AND ($5 IS NULL OR path.characters + m.characters <= $5 OR m.characters = 0)
        )
        SELECT
            path.chosen AS "chosen!", m.role AS "role!: Role", m.content AS "content!",
            CASE
                WHEN path.depth = (SELECT max(depth) FROM path) THEN path.parent_id
            END AS "beyond?: MessageId"
        FROM path
        CROSS JOIN LATERAL (
            SELECT role, CASE WHEN path.chosen THEN content ELSE '' END AS content
            FROM history.message
            WHERE user_id = path.user_id
                AND message_id = path.message_id
            LIMIT 1
        ) m
        ORDER BY path.depth
        "#,
        user.0,
        leaf.0,
        i32::try_from(budget.messages).unwrap_or(i32::MAX),
        CONTEXT_BYTES,
        budget.characters,
    )
    .fetch_all(db)
    .await?;
    let read = rows.into_iter().map(|row| Read {
        said: row.chosen.then_some(ContextMessage { role: row.role, content: row.content }),
        beyond: row.beyond,
    });
    Ok(read.collect())
}

/// The message without a parent that the path of `message` begins with.
///
/// Where the conversation has one such message, as most have, that is it, and nothing is walked; else the path is, by
/// ids alone.
pub(crate) async fn root(
    db: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
    message: MessageId,
) -> sqlx::Result<Option<Root>> {
    sqlx::query_as!(
        Root,
        r#"
        WITH RECURSIVE first AS MATERIALIZED (
            SELECT message_id
            FROM history.message
            WHERE user_id = $1
                AND conversation_id = $2
                AND parent_id IS NULL
            LIMIT 2
        ),
        walk AS (
            SELECT user_id, message_id, parent_id
            FROM history.message
            WHERE user_id = $1
                AND message_id = $3
                AND (SELECT count(*) FROM first) > 1
            UNION ALL
            SELECT m.user_id, m.message_id, m.parent_id
            FROM walk
            CROSS JOIN LATERAL (
                SELECT user_id, message_id, parent_id
                FROM history.message
                WHERE user_id = walk.user_id
                    AND message_id = walk.parent_id
                LIMIT 1
            ) m
        ),
        root AS (
            SELECT message_id
            FROM first
            WHERE (SELECT count(*) FROM first) = 1
            UNION ALL
            SELECT message_id
            FROM walk
            WHERE parent_id IS NULL
        )
        SELECT
            CASE WHEN m.role = 'system' AND m.status = 'completed' THEN m.content END AS "instructions?"
        FROM root
        CROSS JOIN LATERAL (
            SELECT role, status, content
            FROM history.message
            WHERE user_id = $1
                AND message_id = root.message_id
            LIMIT 1
        ) m
        "#,
        user.0,
        conversation.0,
        message.0,
    )
    .fetch_optional(db)
    .await
}
