//! What takes conversations away, whole or piece by piece.
//!
//! Whoever deletes holds the conversation first, as all who write into one do. From then on it stands still, so that
//! what is counted is what goes.

use kit::caller::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    deletion::{Counts, Doomed},
    id::ConversationId,
};

/// The next conversations of a user, in no particular order.
pub(crate) async fn of_user(db: &mut PgConnection, user: UserId, limit: i64) -> sqlx::Result<Vec<Doomed>> {
    sqlx::query_as!(
        Doomed,
        r#"
        SELECT user_id, conversation_id AS "conversation_id: ConversationId", message_count
        FROM history.conversation
        WHERE user_id = $1
        LIMIT $2
        FOR UPDATE
        "#,
        user.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Hides a conversation as one that has expired, and takes the shown path away, so that its messages can go. It has
/// expired before any time there is: whoever waits for it compares with the time when they began, which is over.
pub(crate) async fn hide(db: &mut PgConnection, user: UserId, conversation: ConversationId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE history.conversation
        SET active_leaf_id = NULL,
            expires_at = '-infinity'
        WHERE user_id = $1
            AND conversation_id = $2
        "#,
        user.0,
        conversation.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the newest messages of a conversation that is held and hidden. What follows one of them becomes a root.
pub(crate) async fn delete_newest(
    db: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
    limit: i64,
) -> sqlx::Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"
        WITH newest AS (
            SELECT user_id, message_id
            FROM history.message
            WHERE user_id = $1
                AND conversation_id = $2
            ORDER BY message_id DESC
            LIMIT $3
        ),
        detached AS (
            UPDATE history.message AS m
            SET parent_id = NULL
            FROM newest
            WHERE m.user_id = newest.user_id
                AND m.parent_id = newest.message_id
                AND m.message_id NOT IN (SELECT message_id FROM newest)
        ),
        deleted AS (
            DELETE FROM history.message AS m
            USING newest
            WHERE m.user_id = newest.user_id
                AND m.message_id = newest.message_id
            RETURNING m.message_id
        )
        SELECT
            0::bigint AS "conversations!",
            (SELECT count(*) FROM deleted) AS "messages!",
            (
                SELECT count(*)
                FROM newest
                JOIN history.source s ON s.user_id = newest.user_id AND s.message_id = newest.message_id
            ) AS "sources!",
            (
                SELECT count(*)
                FROM newest
                JOIN history.run r ON r.user_id = newest.user_id AND r.message_id = newest.message_id
            ) AS "runs!"
        "#,
        user.0,
        conversation.0,
        limit,
    )
    .fetch_one(db)
    .await
}

/// Holds the running runs of conversations in the order in which a tick holds them, so that the two never wait for one
/// another.
pub(crate) async fn hold_runs(db: &mut PgConnection, doomed: &[Doomed]) -> sqlx::Result<()> {
    let users: Vec<Uuid> = doomed.iter().map(|doomed| doomed.user_id).collect();
    let conversations: Vec<Uuid> = doomed.iter().map(|doomed| doomed.conversation_id.0).collect();
    sqlx::query!(
        r#"
        SELECT r.run_id
        FROM unnest($1::uuid[], $2::uuid[]) AS d (user_id, conversation_id)
        JOIN history.run r
            ON r.user_id = d.user_id
            AND r.conversation_id = d.conversation_id
        WHERE r.status = 'running'
        ORDER BY r.run_id
        FOR UPDATE OF r
        "#,
        &users,
        &conversations,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Takes conversations that are held, with everything below them.
pub(crate) async fn delete(db: &mut PgConnection, doomed: &[Doomed]) -> sqlx::Result<Counts> {
    let users: Vec<Uuid> = doomed.iter().map(|doomed| doomed.user_id).collect();
    let conversations: Vec<Uuid> = doomed.iter().map(|doomed| doomed.conversation_id.0).collect();
    sqlx::query_as!(
        Counts,
        r#"
        WITH doomed AS (
            SELECT d.user_id, d.conversation_id
            FROM unnest($1::uuid[], $2::uuid[]) AS d (user_id, conversation_id)
        ),
        message AS (
            SELECT m.user_id, m.message_id
            FROM doomed
            JOIN history.message m ON m.user_id = doomed.user_id AND m.conversation_id = doomed.conversation_id
        ),
        deleted AS (
            DELETE FROM history.conversation AS c
            USING doomed
            WHERE c.user_id = doomed.user_id
                AND c.conversation_id = doomed.conversation_id
            RETURNING c.conversation_id
        )
        SELECT
            (SELECT count(*) FROM deleted) AS "conversations!",
            (SELECT count(*) FROM message) AS "messages!",
            (
                SELECT count(*)
                FROM message
                JOIN history.source s ON s.user_id = message.user_id AND s.message_id = message.message_id
            ) AS "sources!",
            (
                SELECT count(*)
                FROM message
                JOIN history.run r ON r.user_id = message.user_id AND r.message_id = message.message_id
            ) AS "runs!"
        "#,
        &users,
        &conversations,
    )
    .fetch_one(db)
    .await
}

/// Forgets in which blocks a user was indexed. They hang below no row that a cascade could take them with.
pub(crate) async fn forget_blocks(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM history.search_block
        WHERE user_id = $1
        "#,
        user.0,
    )
    .execute(db)
    .await?;
    Ok(())
}
