//! What an export reads, page by page. Each statement stands alone: nothing is held between two of them.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    conversation::Conversation,
    export::{Bone, ExportedRun},
    id::{ConversationId, MessageId, RunId},
    message::{RunError, Usage},
    run::Run,
    word::{RunStatus, TitleSource},
};

/// The next conversations by id. A sort over the user's own is cheaper than an index that every append would pay for;
/// the inner LIMIT keeps the planner from walking through everybody's in the order of ids instead.
pub(crate) async fn conversation_ids(
    db: impl PgExecutor<'_>,
    user: UserId,
    after: ConversationId,
    limit: i64,
) -> sqlx::Result<Vec<ConversationId>> {
    sqlx::query_scalar!(
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT c.conversation_id AS "id!: ConversationId"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT conversation_id
            FROM history.conversation
            WHERE user_id = caller.user_id
                AND conversation_id > $2
            LIMIT 2147483647
        ) c
        ORDER BY c.conversation_id
        LIMIT $3
        "#,
        user.to_string(),
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// These conversations by id, as far as they are still there.
pub(crate) async fn conversations(
    db: impl PgExecutor<'_>,
    user: UserId,
    ids: &[ConversationId],
) -> sqlx::Result<Vec<Conversation>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
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
        CROSS JOIN unnest($2::uuid[]) AS wanted (conversation_id)
        CROSS JOIN LATERAL (
            SELECT
                conversation_id, client_id, title, title_source, pinned, archived, agent, active_leaf_id,
                message_count, preview, metadata::text AS metadata, created_at, updated_at, expires_at
            FROM history.conversation
            WHERE user_id = caller.user_id
                AND conversation_id = wanted.conversation_id
            LIMIT 1
        ) c
        ORDER BY c.conversation_id
        "#,
        user.to_string(),
        &ids,
    )
    .fetch_all(db)
    .await
}

/// The next messages of a conversation by id: where they stand and what they weigh, without what they say.
pub(crate) async fn bones(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
    after: MessageId,
    limit: i64,
) -> sqlx::Result<Vec<Bone>> {
    sqlx::query_as!(
        Bone,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT m.message_id AS "id!: MessageId", m.parent_id AS "parent_id?: MessageId", m.bytes AS "bytes!"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                message_id, parent_id,
                octet_length(content) + COALESCE(octet_length(parts::text), 0) + octet_length(metadata::text)
                    + source_bytes AS bytes
            FROM history.message
            WHERE user_id = caller.user_id
                AND conversation_id = $2
                AND message_id > $3
            ORDER BY message_id
            LIMIT $4
        ) m
        ORDER BY m.message_id
        "#,
        user.to_string(),
        conversation.0,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The runs that wrote these messages.
pub(crate) async fn runs(
    db: impl PgExecutor<'_>,
    user: UserId,
    messages: &[MessageId],
) -> sqlx::Result<Vec<ExportedRun>> {
    let messages: Vec<Uuid> = messages.iter().map(|message| message.0).collect();
    let rows = sqlx::query_as!(
        RunRow,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            r.run_id AS "id!: RunId", r.conversation_id AS "conversation_id!: ConversationId",
            r.user_message_id AS "user_message_id!: MessageId", r.message_id AS "message_id!: MessageId",
            r.agent AS "agent!", r.status AS "status!: RunStatus", r.fence AS "fence!",
            r.lease_expires_at AS "lease_expires_at!", r.request_id AS "request_id?",
            r.error_code AS "error_code?", r.error_message AS "error_message?", r.input_tokens AS "input_tokens?",
            r.output_tokens AS "output_tokens?", r.total_tokens AS "total_tokens?", r.created_at AS "created_at!",
            r.finished_at AS "finished_at?"
        FROM caller
        CROSS JOIN unnest($2::uuid[]) WITH ORDINALITY AS answer (message_id, place)
        CROSS JOIN LATERAL (
            SELECT
                run_id, conversation_id, user_message_id, message_id, agent, status, fence, lease_expires_at,
                request_id, error_code, error_message, input_tokens, output_tokens, total_tokens, created_at,
                finished_at
            FROM history.run
            WHERE user_id = caller.user_id
                AND message_id = answer.message_id
            LIMIT 1
        ) r
        ORDER BY answer.place
        "#,
        user.to_string(),
        &messages,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(ExportedRun::from).collect())
}

struct RunRow {
    id: RunId,
    conversation_id: ConversationId,
    user_message_id: MessageId,
    message_id: MessageId,
    agent: String,
    status: RunStatus,
    fence: i64,
    lease_expires_at: DateTime<Utc>,
    request_id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    total_tokens: Option<i64>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<RunRow> for ExportedRun {
    fn from(row: RunRow) -> Self {
        let run = Run {
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
        };
        Self { run, request_id: row.request_id }
    }
}
