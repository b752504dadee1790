//! The statements that list conversations, one for each direction.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use kit::caller::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    conversation::{Conversation, Filter},
    id::{ConversationId, MessageId},
    page_token::ListPosition,
    word::{Rating, TitleSource},
};

/// At most `limit` conversations in the order of lists, from a place on; where given only of those.
///
/// What is cited and judged is asked for each conversation by itself, by LIMIT: for the few of a page an index of
/// everybody's messages must never be read as a whole.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    user: UserId,
    filter: &Filter,
    only: Option<&[Uuid]>,
    after: Option<ListPosition>,
    limit: usize,
) -> sqlx::Result<Vec<Conversation>> {
    // Always a bound, so that one generic plan begins each page where it starts.
    let first = ListPosition { pinned: true, updated_at: end_of_time(), id: ConversationId(Uuid::max()), unseen: None };
    let after = after.unwrap_or(first);
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
            FROM history.conversation l
            WHERE user_id = caller.user_id
                AND archived = $2
                AND (pinned, updated_at, conversation_id) < ($3, $4, $5)
                AND ($6::boolean IS NULL OR pinned = $6)
                AND ($7::text IS NULL OR agent = $7)
                AND ($8::timestamptz IS NULL OR updated_at >= $8)
                AND ($9::timestamptz IS NULL OR updated_at < $9)
                AND ($10::boolean IS NULL OR $10 = COALESCE((
                    SELECT true
                    FROM history.message m
                    WHERE m.user_id = l.user_id
                        AND m.conversation_id = l.conversation_id
                        AND m.source_bytes > 0
                    LIMIT 1
                ), false))
                AND ($11::text IS NULL OR (
                    SELECT true
                    FROM history.message m
                    WHERE m.user_id = l.user_id
                        AND m.conversation_id = l.conversation_id
                        AND m.feedback_rating = $11
                    LIMIT 1
                ))
                AND ($13::uuid[] IS NULL OR conversation_id = ANY($13))
            ORDER BY pinned DESC, updated_at DESC, conversation_id DESC
            LIMIT $12
        ) c
        ORDER BY c.pinned DESC, c.updated_at DESC, c.conversation_id DESC
        "#,
        user.to_string(),
        filter.archived,
        after.pinned,
        after.updated_at,
        after.id.0,
        filter.pinned,
        filter.agent.as_deref(),
        filter.updated_from,
        filter.updated_to,
        filter.has_sources,
        filter.feedback.map(Rating::as_str),
        i64::try_from(limit).unwrap_or(i64::MAX),
        only,
    )
    .fetch_all(db)
    .await
}

/// The same from a place back: the nearest comes first.
pub(crate) async fn list_before(
    db: impl PgExecutor<'_>,
    user: UserId,
    filter: &Filter,
    only: Option<&[Uuid]>,
    before: ListPosition,
    limit: usize,
) -> sqlx::Result<Vec<Conversation>> {
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
            FROM history.conversation l
            WHERE user_id = caller.user_id
                AND archived = $2
                AND (pinned, updated_at, conversation_id) > ($3, $4, $5)
                AND ($6::boolean IS NULL OR pinned = $6)
                AND ($7::text IS NULL OR agent = $7)
                AND ($8::timestamptz IS NULL OR updated_at >= $8)
                AND ($9::timestamptz IS NULL OR updated_at < $9)
                AND ($10::boolean IS NULL OR $10 = COALESCE((
                    SELECT true
                    FROM history.message m
                    WHERE m.user_id = l.user_id
                        AND m.conversation_id = l.conversation_id
                        AND m.source_bytes > 0
                    LIMIT 1
                ), false))
                AND ($11::text IS NULL OR (
                    SELECT true
                    FROM history.message m
                    WHERE m.user_id = l.user_id
                        AND m.conversation_id = l.conversation_id
                        AND m.feedback_rating = $11
                    LIMIT 1
                ))
                AND ($13::uuid[] IS NULL OR conversation_id = ANY($13))
            ORDER BY pinned, updated_at, conversation_id
            LIMIT $12
        ) c
        ORDER BY c.pinned, c.updated_at, c.conversation_id
        "#,
        user.to_string(),
        filter.archived,
        before.pinned,
        before.updated_at,
        before.id.0,
        filter.pinned,
        filter.agent.as_deref(),
        filter.updated_from,
        filter.updated_to,
        filter.has_sources,
        filter.feedback.map(Rating::as_str),
        i64::try_from(limit).unwrap_or(i64::MAX),
        only,
    )
    .fetch_all(db)
    .await
}

fn end_of_time() -> DateTime<Utc> {
    let date = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");
    NaiveDateTime::new(date, NaiveTime::MIN).and_utc()
}
