//! The statements that answer a question again.

use kit::caller::UserId;
use sqlx::PgConnection;

use super::Turn;
use crate::{
    id::{ConversationId, MessageId},
    run::NewRun,
};

/// Whether a message of a conversation is a user's. None without the message.
pub(crate) async fn is_question(
    db: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
    message: MessageId,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"
        SELECT m.role = 'user' AS "is_question!"
        FROM history.message m
        JOIN history.conversation c
            ON c.user_id = m.user_id
            AND c.conversation_id = m.conversation_id
        WHERE m.user_id = $1
            AND m.conversation_id = $2
            AND m.message_id = $3
        "#,
        user.0,
        conversation.0,
        message.0,
    )
    .fetch_optional(db)
    .await
}

/// Writes a pending answer below a question that is there, and the run, into a conversation that is held.
pub(crate) async fn answer_again(
    db: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
    ids: &Turn,
    new: &NewRun,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        WITH answer AS (
            INSERT INTO history.message (
                message_id, user_id, conversation_id, parent_id, role, status, content, agent, metadata, created_at
            )
            VALUES ($5, $1, $2, $4::uuid, 'assistant', 'pending', '', $6::text, '{}', statement_timestamp())
            RETURNING conversation_id, message_id, parent_id
        ),
        run AS (
            INSERT INTO history.run (
                run_id, user_id, conversation_id, user_message_id, message_id, agent, status, fence,
                lease_expires_at, request_id, fingerprint, created_at
            )
            SELECT
                $3, $1, conversation_id, parent_id, message_id, $6, 'running', 1,
                statement_timestamp() + make_interval(secs => $7), $8, $9, statement_timestamp()
            FROM answer
            RETURNING created_at
        )
        UPDATE history.conversation AS c
        SET active_leaf_id = $5,
            agent = $6,
            message_count = c.message_count + 1,
            updated_at = run.created_at
        FROM run
        WHERE c.user_id = $1
            AND c.conversation_id = $2
        "#,
        user.0,
        conversation.0,
        ids.run.0,
        ids.question.0,
        ids.answer.0,
        new.agent.as_str(),
        new.lease.as_secs_f64(),
        new.request_id.as_deref(),
        new.fingerprint.as_slice(),
    )
    .execute(db)
    .await?;
    Ok(())
}
