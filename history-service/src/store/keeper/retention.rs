//! What finds conversations whose time is over. Several may look at once: what one holds, the others pass by.

use sqlx::PgConnection;

use crate::{deletion::Doomed, id::ConversationId};

/// Conversations that have expired, by the database's clock.
pub(crate) async fn expired(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Doomed>> {
    sqlx::query_as!(
        Doomed,
        r#"
        SELECT user_id, conversation_id AS "conversation_id: ConversationId", message_count
        FROM history.conversation
        WHERE expires_at <= statement_timestamp()
        ORDER BY expires_at
        LIMIT $1
        FOR UPDATE SKIP LOCKED
        "#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Conversations that nobody changed for so many seconds, and nobody pinned.
pub(crate) async fn unchanged(db: &mut PgConnection, seconds: f64, limit: i64) -> sqlx::Result<Vec<Doomed>> {
    sqlx::query_as!(
        Doomed,
        r#"
        SELECT user_id, conversation_id AS "conversation_id: ConversationId", message_count
        FROM history.conversation
        WHERE NOT pinned
            AND updated_at < statement_timestamp() - make_interval(secs => $1)
        ORDER BY updated_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        "#,
        seconds,
        limit,
    )
    .fetch_all(db)
    .await
}
