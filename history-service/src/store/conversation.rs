//! `history.conversation`.

use kit::caller::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::{
    conversation::{Changes, Conversation, Expiry, NewConversation, NewTitle},
    id::{ConversationId, MessageId},
    word::TitleSource,
};

mod list;

pub(crate) use self::list::{list, list_before};

/// Writes a conversation, or returns the one with the same client id.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConversationId,
    new: &NewConversation,
) -> sqlx::Result<Conversation> {
    sqlx::query_as!(
        Conversation,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id),
        created AS (
            INSERT INTO history.conversation AS c (
                conversation_id, user_id, client_id, title, title_source, metadata, expires_at
            )
            SELECT $2::uuid, caller.user_id, $3::text, $4::text, $5::text, $6::text::json, $7::timestamptz
            FROM caller
            ON CONFLICT ON CONSTRAINT conversation_client_key DO UPDATE
            SET client_id = excluded.client_id
            RETURNING
                conversation_id, user_id, client_id, title, title_source, pinned, archived, agent, active_leaf_id,
                message_count, preview, metadata::text AS metadata, created_at, updated_at, expires_at
        ),
        entry AS (
            INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
            SELECT conversation_id, user_id, conversation_id, octet_length(title)
            FROM created
            WHERE conversation_id = $2
                AND title IS NOT NULL
            ON CONFLICT ON CONSTRAINT search_entry_pkey DO NOTHING
        )
        SELECT
            conversation_id AS "id!: ConversationId", client_id AS "client_id?", title AS "title?",
            title_source AS "title_source?: TitleSource", pinned AS "pinned!", archived AS "archived!",
            agent AS "agent?", active_leaf_id AS "active_leaf_id?: MessageId", message_count AS "message_count!",
            preview AS "preview!", metadata AS "metadata!", created_at AS "created_at!",
            updated_at AS "updated_at!", expires_at AS "expires_at?"
        FROM created
        "#,
        user.to_string(),
        id.0,
        new.client_id.as_deref(),
        new.title.as_deref(),
        new.title.as_ref().map(|_| TitleSource::User.as_str()),
        new.metadata.as_str(),
        new.expires_at,
    )
    .fetch_one(db)
    .await
}

/// Holds the conversation of a client's id, if there is one.
pub(crate) async fn hold_named(
    db: &mut PgConnection,
    user: UserId,
    client_id: &str,
) -> sqlx::Result<Option<ConversationId>> {
    sqlx::query_scalar!(
        r#"
        SELECT conversation_id AS "id: ConversationId"
        FROM history.conversation
        WHERE user_id = $1
            AND client_id = $2
        FOR NO KEY UPDATE
        "#,
        user.0,
        client_id,
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: ConversationId,
) -> sqlx::Result<Option<Conversation>> {
    sqlx::query_as!(
        Conversation,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            c.conversation_id AS "id!: ConversationId", c.client_id AS "client_id?", c.title AS "title?",
            c.title_source AS "title_source?: TitleSource", c.pinned AS "pinned!", c.archived AS "archived!",
            c.agent AS "agent?", c.active_leaf_id AS "active_leaf_id?: MessageId",
            c.message_count AS "message_count!", c.preview AS "preview!", c.metadata AS "metadata!",
            c.created_at AS "created_at!", c.updated_at AS "updated_at!", c.expires_at AS "expires_at?"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                conversation_id, client_id, title, title_source, pinned, archived, agent, active_leaf_id,
                message_count, preview, metadata::text AS metadata, created_at, updated_at, expires_at
            FROM history.conversation
            WHERE user_id = caller.user_id
                AND conversation_id = $2
            LIMIT 1
        ) c
        "#,
        user.to_string(),
        id.0,
    )
    .fetch_optional(db)
    .await
}

/// Changes what is named. Showing another branch is no change that moves a conversation to the top.
pub(crate) async fn update(
    db: &mut PgConnection,
    user: UserId,
    id: ConversationId,
    changes: &Changes,
) -> sqlx::Result<Option<Conversation>> {
    let Changes { title, pinned, archived, active_leaf_id, metadata, expiry } = changes;
    let new_title = match title {
        Some(NewTitle::Given(title)) => Some(title.as_str()),
        Some(NewTitle::TakenBack) | None => None,
    };
    let expires_at = match expiry {
        Some(Expiry::At(end)) => Some(*end),
        Some(Expiry::Never) | None => None,
    };
    let only_branch =
        title.is_none() && pinned.is_none() && archived.is_none() && metadata.is_none() && expiry.is_none();
    sqlx::query_as!(
        Conversation,
        r#"
        WITH changed AS (
            UPDATE history.conversation AS c
            SET title = CASE WHEN $3 THEN $4 ELSE c.title END,
                title_source = CASE WHEN $3 THEN $5 ELSE c.title_source END,
                pinned = COALESCE($6, c.pinned),
                archived = COALESCE($7, c.archived),
                active_leaf_id = COALESCE($8, c.active_leaf_id),
                metadata = COALESCE($9::text::json, c.metadata),
                expires_at = CASE WHEN $11 THEN $12 ELSE c.expires_at END,
                updated_at = CASE WHEN $10 THEN c.updated_at ELSE statement_timestamp() END
            WHERE c.user_id = $1
                AND c.conversation_id = $2
            RETURNING
                conversation_id, user_id, client_id, title, title_source, pinned, archived, agent, active_leaf_id,
                message_count, preview, metadata::text AS metadata, created_at, updated_at, expires_at
        ),
        entry AS (
            INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
            SELECT conversation_id, user_id, conversation_id, octet_length(COALESCE(title, ''))
            FROM changed
            WHERE $3
            ON CONFLICT ON CONSTRAINT search_entry_pkey DO UPDATE
            SET length = excluded.length,
                grams = NULL
        )
        SELECT
            conversation_id AS "id!: ConversationId", client_id AS "client_id?", title AS "title?",
            title_source AS "title_source?: TitleSource", pinned AS "pinned!", archived AS "archived!",
            agent AS "agent?", active_leaf_id AS "active_leaf_id?: MessageId", message_count AS "message_count!",
            preview AS "preview!", metadata AS "metadata!", created_at AS "created_at!",
            updated_at AS "updated_at!", expires_at AS "expires_at?"
        FROM changed
        "#,
        user.0,
        id.0,
        title.is_some(),
        new_title,
        new_title.map(|_| TitleSource::User.as_str()),
        *pinned,
        *archived,
        active_leaf_id.map(|leaf| leaf.0),
        metadata.as_deref(),
        only_branch,
        expiry.is_some(),
        expires_at,
    )
    .fetch_optional(db)
    .await
}

/// Whether there was one. What it holds goes with it.
pub(crate) async fn delete(db: &mut PgConnection, user: UserId, id: ConversationId) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM history.conversation
        WHERE user_id = $1
            AND conversation_id = $2
        "#,
        user.0,
        id.0,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected() > 0)
}
