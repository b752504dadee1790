//! `history.message`.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::{PgConnection, PgExecutor};

use self::read::read;
pub(crate) use self::{
    read::Length,
    stretch::{Stretch, stretch},
};
use crate::{
    headline,
    id::{ConversationId, MessageId},
    message::{Message, NewMessage},
    store::source,
    word::{Rating, Role},
};

mod read;
mod row;
mod stretch;

/// What an appended message has become.
pub(crate) struct Appended {
    pub(crate) parent_id: Option<MessageId>,
    pub(crate) siblings: i64,
    pub(crate) created_at: DateTime<Utc>,
}

/// Appends a message to a conversation that is held, and makes it the active leaf. None without the conversation.
pub(crate) async fn insert(
    db: &mut PgConnection,
    user: UserId,
    id: MessageId,
    new: &NewMessage,
) -> sqlx::Result<Option<Appended>> {
    let (parent, root) = new.parent.columns();
    let title = (new.role == Role::User).then(|| headline::title(&new.content)).flatten();
    sqlx::query_as!(
        Appended,
        r#"
        WITH conversation AS (
            SELECT conversation_id, active_leaf_id, title
            FROM history.conversation
            WHERE user_id = $1
                AND conversation_id = $2
        ),
        message AS (
            INSERT INTO history.message (
                message_id, user_id, conversation_id, parent_id, client_id, role, status, content, source_bytes,
                metadata, created_at, completed_at
            )
            SELECT
                $3, $1, conversation_id, CASE WHEN $12 THEN NULL ELSE COALESCE($4, active_leaf_id) END, $5, $6, 'completed', $7, $8,
                $9::text::json, statement_timestamp(), statement_timestamp()
            FROM conversation
            RETURNING conversation_id, parent_id, created_at
        ),
        entry AS (
            INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
            SELECT $3, $1, conversation_id, octet_length($7)
            FROM message
            UNION ALL
            SELECT conversation_id, $1, conversation_id, octet_length($11)
            FROM conversation
            WHERE title IS NULL
                AND $11::text IS NOT NULL
            ON CONFLICT ON CONSTRAINT search_entry_pkey DO UPDATE
            SET length = excluded.length,
                grams = NULL
        )
        UPDATE history.conversation AS c
        SET active_leaf_id = $3,
            message_count = c.message_count + 1,
            preview = $10,
            title = COALESCE(c.title, $11),
            title_source = CASE
                WHEN c.title IS NULL AND $11::text IS NOT NULL THEN 'first_line'
                ELSE c.title_source
            END,
            updated_at = message.created_at
        FROM message
        WHERE c.user_id = $1
            AND c.conversation_id = message.conversation_id
        RETURNING
            message.parent_id AS "parent_id?: MessageId",
            message.created_at AS "created_at!",
            1 + CASE
                WHEN message.parent_id IS NULL THEN (
                    SELECT count(*)
                    FROM history.message s
                    WHERE s.user_id = $1
                        AND s.conversation_id = $2
                        AND s.parent_id IS NULL
                )
                ELSE (
                    SELECT count(*)
                    FROM history.message s
                    WHERE s.user_id = $1
                        AND s.conversation_id = $2
                        AND s.parent_id = message.parent_id
                )
            END AS "siblings!"
        "#,
        user.0,
        new.conversation_id.0,
        id.0,
        parent,
        new.client_id.as_deref(),
        new.role.as_str(),
        new.content.as_str(),
        source::weight(&new.sources),
        new.metadata.as_str(),
        headline::preview(&new.content),
        title,
        root,
    )
    .fetch_optional(db)
    .await
}

/// These messages with their sources, in the order of the ids; unknown ones are left out.
pub(crate) async fn find(db: impl PgExecutor<'_>, user: UserId, ids: &[MessageId]) -> sqlx::Result<Vec<Message>> {
    let mut found = read(db, user, None, Some(ids), Length::Bounded(1)).await?;
    found.sort_by_key(|message| ids.iter().position(|id| *id == message.id));
    Ok(found)
}

/// The newest messages of the path that ends with `leaf`, or with the active leaf; newest first.
pub(crate) async fn path(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
    leaf: Option<MessageId>,
    length: Length,
) -> sqlx::Result<Vec<Message>> {
    read(db, user, Some(conversation), leaf.as_ref().map(std::slice::from_ref), length).await
}

/// The id behind a client's id.
pub(crate) async fn find_by_client_id(
    db: impl PgExecutor<'_>,
    user: UserId,
    client_id: &str,
) -> sqlx::Result<Option<MessageId>> {
    sqlx::query_scalar!(
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT m.message_id AS "id!: MessageId"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT message_id
            FROM history.message
            WHERE user_id = caller.user_id
                AND client_id = $2
            LIMIT 1
        ) m
        "#,
        user.to_string(),
        client_id,
    )
    .fetch_optional(db)
    .await
}

/// Whether there was such a message.
pub(crate) async fn set_feedback(
    db: &mut PgConnection,
    user: UserId,
    id: MessageId,
    rating: Option<Rating>,
    note: Option<&str>,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        r#"
        UPDATE history.message AS m
        SET feedback_rating = $3,
            feedback_note = $4,
            feedback_at = CASE WHEN $3::text IS NULL THEN NULL ELSE statement_timestamp() END
        WHERE m.user_id = $1
            AND m.message_id = $2
            AND EXISTS (
                SELECT
                FROM history.conversation c
                WHERE c.user_id = m.user_id
                    AND c.conversation_id = m.conversation_id
            )
        "#,
        user.0,
        id.0,
        rating.map(Rating::as_str),
        note.filter(|_| rating.is_some()),
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() > 0)
}
