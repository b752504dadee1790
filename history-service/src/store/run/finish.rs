//! The statement that ends a run.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgConnection;

use crate::{
    conversation::Conversation,
    headline,
    id::{ConversationId, MessageId},
    run::{Finish, Run},
    store::source,
    word::{FinishReason, TitleSource},
};

/// What the end has made of run and conversation.
pub(crate) struct Ended {
    pub(crate) run: Run,
    pub(crate) conversation: Conversation,
}

struct Row {
    id: ConversationId,
    client_id: Option<String>,
    title: Option<String>,
    title_source: Option<TitleSource>,
    pinned: bool,
    archived: bool,
    conversation_agent: Option<String>,
    active_leaf_id: Option<MessageId>,
    message_count: i32,
    preview: String,
    metadata: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    user_message_id: MessageId,
    message_id: MessageId,
    agent: String,
    lease_expires_at: DateTime<Utc>,
    begun_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
}

/// Ends a run that is running under this fence. None when there is no such run.
#[expect(clippy::too_many_lines, reason = "it is one statement")]
pub(crate) async fn finish(db: &mut PgConnection, user: UserId, finish: &Finish) -> sqlx::Result<Option<Ended>> {
    let preview = Some(headline::preview(&finish.content)).filter(|preview| !preview.is_empty());
    let row = sqlx::query_as!(
        Row,
        r#"
        WITH run AS (
            UPDATE history.run
            SET status = $4,
                input_tokens = $6,
                output_tokens = $7,
                total_tokens = $8,
                error_code = $9,
                error_message = $10,
                finished_at = statement_timestamp()
            WHERE user_id = $1
                AND run_id = $2
                AND fence = $3
                AND status = 'running'
            RETURNING
                conversation_id, user_message_id, message_id, agent, lease_expires_at, created_at, finished_at
        ),
        answer AS (
            UPDATE history.message AS m
            SET status = $5,
                content = $11,
                parts = $12::text::json,
                model = $13,
                input_tokens = $6,
                output_tokens = $7,
                total_tokens = $8,
                error_code = $9,
                error_message = $10,
                source_bytes = $14,
                finish_reason = $17,
                completed_at = run.finished_at
            FROM run
            WHERE m.user_id = $1
                AND m.message_id = run.message_id
        ),
        entry AS (
            INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
            SELECT message_id, $1, conversation_id, octet_length($11)
            FROM run
            WHERE $11::text <> ''
            UNION ALL
            SELECT conversation_id, $1, conversation_id, octet_length($15)
            FROM history.conversation
            WHERE user_id = $1
                AND conversation_id = (SELECT conversation_id FROM run)
                AND title_source IS DISTINCT FROM 'user'
                AND $15::text IS NOT NULL
            ON CONFLICT ON CONSTRAINT search_entry_pkey DO UPDATE
            SET length = excluded.length,
                grams = NULL
        )
        UPDATE history.conversation AS c
        SET title = CASE
                WHEN $15::text IS NULL OR c.title_source = 'user' THEN c.title
                ELSE $15
            END,
            title_source = CASE
                WHEN $15::text IS NULL OR c.title_source = 'user' THEN c.title_source
                ELSE 'agent'
            END,
            preview = CASE
                WHEN EXISTS (
                    SELECT
                    FROM history.message newer
                    WHERE newer.user_id = $1
                        AND newer.conversation_id = run.conversation_id
                        AND newer.message_id > run.message_id
                ) THEN c.preview
                ELSE COALESCE($16, c.preview)
            END,
            updated_at = run.finished_at
        FROM run
        WHERE c.user_id = $1
            AND c.conversation_id = run.conversation_id
        RETURNING
            c.conversation_id AS "id: ConversationId", c.client_id, c.title,
            c.title_source AS "title_source: TitleSource", c.pinned, c.archived, c.agent AS conversation_agent,
            c.active_leaf_id AS "active_leaf_id: MessageId", c.message_count, c.preview,
            c.metadata::text AS "metadata!", c.created_at, c.updated_at, c.expires_at,
            run.user_message_id AS "user_message_id!: MessageId", run.message_id AS "message_id!: MessageId",
            run.agent AS "agent!", run.lease_expires_at AS "lease_expires_at!", run.created_at AS "begun_at!",
            run.finished_at AS "finished_at!"
        "#,
        user.0,
        finish.run_id.0,
        finish.fence,
        finish.outcome.run().as_str(),
        finish.outcome.message().as_str(),
        finish.usage.input,
        finish.usage.output,
        finish.usage.total,
        finish.error.as_ref().map(|error| error.code.as_str()),
        finish.error.as_ref().map(|error| error.message.as_str()),
        finish.content.as_str(),
        finish.parts.as_deref(),
        finish.model.as_deref(),
        source::weight(&finish.sources),
        finish.title.as_deref(),
        preview,
        finish.reason.map(FinishReason::as_str),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| ended(row, finish)))
}

fn ended(row: Row, finish: &Finish) -> Ended {
    let run = Run {
        id: finish.run_id,
        conversation_id: row.id,
        user_message_id: row.user_message_id,
        message_id: row.message_id,
        agent: row.agent,
        status: finish.outcome.run(),
        fence: finish.fence,
        lease_expires_at: row.lease_expires_at,
        error: finish.error.clone(),
        usage: finish.usage,
        created_at: row.begun_at,
        finished_at: Some(row.finished_at),
    };
    let conversation = Conversation {
        id: row.id,
        client_id: row.client_id,
        title: row.title,
        title_source: row.title_source,
        pinned: row.pinned,
        archived: row.archived,
        agent: row.conversation_agent,
        active_leaf_id: row.active_leaf_id,
        message_count: row.message_count,
        preview: row.preview,
        metadata: row.metadata,
        created_at: row.created_at,
        updated_at: row.updated_at,
        expires_at: row.expires_at,
    };
    Ended { run, conversation }
}
