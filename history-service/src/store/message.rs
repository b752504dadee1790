//! `history.message`.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::{PgConnection, PgExecutor};

use self::read::read;
pub(crate) use self::{
    read::Length,
    siblings::siblings,
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
mod siblings;
mod stretch;

/// What an appended message has become.
pub(crate) struct Appended {
    pub(crate) parent_id: Option<MessageId>,
    pub(crate) siblings: i64,
    pub(crate) created_at: DateTime<Utc>,
}

/// Appends a message with its sources, and makes it the active leaf: in one statement, which holds the conversation for
/// no longer than it runs. None without the conversation.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: MessageId,
    new: &NewMessage,
) -> sqlx::Result<Option<Appended>> {
    let (parent, root) = new.parent.columns();
    let title = (new.role == Role::User).then(|| headline::title(&new.content)).flatten();
    let cited = source::Columns::of(&new.sources);
    sqlx::query_as!(
        Appended,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id),
        appended AS MATERIALIZED (
            SELECT caller.user_id, a.appended_to, a.among, a.appended_at
            FROM caller
            CROSS JOIN LATERAL history.append_message(
                for_user => caller.user_id,
                in_conversation => $2,
                new_id => $3,
                after_message => $4,
                as_root => $5,
                new_client_id => $6,
                new_role => $7,
                new_content => $8,
                new_source_bytes => $9,
                new_metadata => $10::text::json,
                new_preview => $11,
                new_title => $12
            ) a
        ),
        cited AS (
            INSERT INTO history.source (
                user_id, message_id, source_id, ordinal, kind, title, url, snippet, score, span_start, span_end,
                content_hash, metadata
            )
            SELECT
                appended.user_id, $3, s.source_id, s.ordinal, s.kind, s.title, s.url, s.snippet, s.score, s.span_start,
                s.span_end, s.content_hash, s.metadata::json
            FROM appended
            CROSS JOIN unnest(
                $13::uuid[], $14::smallint[], $15::text[], $16::text[], $17::text[], $18::text[],
                $19::double precision[], $20::integer[], $21::integer[], $22::text[], $23::text[]
            ) AS s (
                source_id, ordinal, kind, title, url, snippet, score, span_start, span_end, content_hash, metadata
            )
        )
        SELECT
            appended_to AS "parent_id?: MessageId", among AS "siblings!", appended_at AS "created_at!"
        FROM appended
        "#,
        user.to_string(),
        new.conversation_id.0,
        id.0,
        parent,
        root,
        new.client_id.as_deref(),
        new.role.as_str(),
        new.content.as_str(),
        source::weight(&new.sources),
        new.metadata.as_str(),
        headline::preview(&new.content),
        title,
        &cited.ids,
        &cited.ordinals,
        &cited.kinds as _,
        &cited.titles as _,
        &cited.urls as _,
        &cited.snippets as _,
        &cited.scores as _,
        &cited.starts as _,
        &cited.ends as _,
        &cited.hashes as _,
        &cited.metadata as _,
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
