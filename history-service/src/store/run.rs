//! `history.run`.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::{PgConnection, PgExecutor};

pub(crate) use self::{
    again::{answer_again, is_question},
    context::context,
    ending::{request_cancel, take_abandoned},
    event::events,
    finish::finish,
    turn::{Begun, Turn, begin},
};
use crate::{
    id::{ConversationId, MessageId, RunId},
    message::{RunError, Usage},
    run::Run,
    word::RunStatus,
};

mod again;
mod context;
mod ending;
mod event;
mod finish;
mod turn;

struct RunRow {
    id: RunId,
    conversation_id: ConversationId,
    user_message_id: MessageId,
    message_id: MessageId,
    agent: String,
    status: RunStatus,
    fence: i64,
    lease_expires_at: DateTime<Utc>,
    error_code: Option<String>,
    error_message: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    total_tokens: Option<i64>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        Self {
            id: row.id,
            conversation_id: row.conversation_id,
            user_message_id: row.user_message_id,
            message_id: row.message_id,
            agent: row.agent,
            status: row.status,
            fence: row.fence,
            lease_expires_at: row.lease_expires_at,
            error: row.error_code.zip(row.error_message).map(|(code, message)| RunError { code, message }),
            usage: Usage { input: row.input_tokens, output: row.output_tokens, total: row.total_tokens },
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// Who claimed an idempotency key, and for what.
pub(crate) struct Claim {
    pub(crate) id: RunId,
    pub(crate) fingerprint: Vec<u8>,
    /// Whether the run goes on though its lease has run out, by the database's clock.
    pub(crate) expired: bool,
    /// Whether its conversation is there no more, though its rows are.
    pub(crate) gone: bool,
}

/// The running run of a conversation.
pub(crate) struct Running {
    pub(crate) id: RunId,
    /// Whether its lease has run out, by the database's clock.
    pub(crate) expired: bool,
}

pub(crate) async fn find(db: impl PgExecutor<'_>, user: UserId, id: RunId) -> sqlx::Result<Option<Run>> {
    let row = sqlx::query_as!(
        RunRow,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            r.run_id AS "id!: RunId", r.conversation_id AS "conversation_id!: ConversationId",
            r.user_message_id AS "user_message_id!: MessageId", r.message_id AS "message_id!: MessageId",
            r.agent AS "agent!", r.status AS "status!: RunStatus", r.fence AS "fence!",
            r.lease_expires_at AS "lease_expires_at!", r.error_code AS "error_code?",
            r.error_message AS "error_message?", r.input_tokens AS "input_tokens?",
            r.output_tokens AS "output_tokens?", r.total_tokens AS "total_tokens?", r.created_at AS "created_at!",
            r.finished_at AS "finished_at?"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                run_id, conversation_id, user_message_id, message_id, agent, status, fence, lease_expires_at,
                error_code, error_message, input_tokens, output_tokens, total_tokens, created_at, finished_at
            FROM history.run o
            WHERE user_id = caller.user_id
                AND run_id = $2
                AND EXISTS (
                    SELECT
                    FROM history.conversation c
                    WHERE c.user_id = o.user_id
                        AND c.conversation_id = o.conversation_id
                )
            LIMIT 1
        ) r
        "#,
        user.to_string(),
        id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Run::from))
}

/// The run that goes on in a conversation, or else the one that wrote its active leaf.
pub(crate) async fn find_latest(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: Option<ConversationId>,
    client_id: Option<&str>,
) -> sqlx::Result<Option<RunId>> {
    sqlx::query_scalar!(
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT latest.run_id AS "id!: RunId"
        FROM caller
        CROSS JOIN LATERAL (
            WITH wanted AS MATERIALIZED (
                SELECT COALESCE($2, (
                    SELECT conversation_id
                    FROM history.conversation
                    WHERE user_id = caller.user_id
                        AND client_id = $3
                )) AS conversation_id
            )
            SELECT r.run_id
            FROM wanted
            JOIN history.conversation c ON c.conversation_id = wanted.conversation_id
            CROSS JOIN LATERAL (
                SELECT run_id, 1 AS place
                FROM history.run
                WHERE user_id = c.user_id
                    AND conversation_id = c.conversation_id
                    AND status = 'running'
                UNION ALL
                SELECT run_id, 2
                FROM history.run
                WHERE user_id = c.user_id
                    AND conversation_id = c.conversation_id
                    AND message_id = c.active_leaf_id
            ) r
            WHERE c.user_id = caller.user_id
            ORDER BY r.place
            LIMIT 1
        ) latest
        "#,
        user.to_string(),
        conversation.map(|id| id.0),
        client_id,
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_claim(db: impl PgExecutor<'_>, user: UserId, request_id: &str) -> sqlx::Result<Option<Claim>> {
    sqlx::query_as!(
        Claim,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT r.run_id AS "id!: RunId", r.fingerprint AS "fingerprint!", r.expired AS "expired!", r.gone AS "gone!"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                run_id, fingerprint,
                status = 'running' AND lease_expires_at <= statement_timestamp() AS expired,
                NOT EXISTS (
                    SELECT
                    FROM history.conversation c
                    WHERE c.user_id = o.user_id
                        AND c.conversation_id = o.conversation_id
                ) AS gone
            FROM history.run o
            WHERE user_id = caller.user_id
                AND request_id = $2
            LIMIT 1
        ) r
        "#,
        user.to_string(),
        request_id,
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_running(
    db: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
) -> sqlx::Result<Option<Running>> {
    sqlx::query_as!(
        Running,
        r#"
        SELECT run_id AS "id: RunId", lease_expires_at <= statement_timestamp() AS "expired!"
        FROM history.run
        WHERE user_id = $1
            AND conversation_id = $2
            AND status = 'running'
        "#,
        user.0,
        conversation.0,
    )
    .fetch_optional(db)
    .await
}
