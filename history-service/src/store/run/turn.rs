//! The statement that begins a run.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgConnection;

use crate::{
    conversation::Conversation,
    headline,
    id::{ConversationId, MessageId, RunId},
    message::{Message, Siblings, Usage},
    run::{NewRun, Question, Run},
    word::{MessageStatus, Role, RunStatus, TitleSource},
};

/// The ids of what a turn writes.
pub(crate) struct Turn {
    pub(crate) run: RunId,
    pub(crate) question: MessageId,
    pub(crate) answer: MessageId,
}

/// What a turn has written.
pub(crate) struct Begun {
    pub(crate) run: Run,
    pub(crate) conversation: Conversation,
    pub(crate) user_message: Message,
    pub(crate) message: Message,
}

struct Row {
    client_id: Option<String>,
    title: Option<String>,
    title_source: Option<TitleSource>,
    pinned: bool,
    archived: bool,
    message_count: i32,
    preview: String,
    metadata: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    parent_id: Option<MessageId>,
    siblings: i64,
    begun_at: DateTime<Utc>,
    lease_expires_at: DateTime<Utc>,
}

/// Writes question, pending answer and run into a conversation that is held. None without the conversation.
#[expect(clippy::too_many_lines, reason = "it is one statement")]
pub(crate) async fn insert_turn(
    db: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
    ids: &Turn,
    new: &NewRun,
    question: &Question,
) -> sqlx::Result<Option<Begun>> {
    let (parent, root) = question.parent.columns();
    let row = sqlx::query_as!(
        Row,
        r#"
        WITH conversation AS (
            SELECT conversation_id, active_leaf_id, title
            FROM history.conversation
            WHERE user_id = $1
                AND conversation_id = $2
        ),
        question AS (
            INSERT INTO history.message (
                message_id, user_id, conversation_id, parent_id, client_id, role, status, content, metadata,
                created_at, completed_at
            )
            SELECT
                $4, $1, conversation_id, CASE WHEN $15 THEN NULL ELSE COALESCE($6, active_leaf_id) END,
                $16, 'user', 'completed', $7, $8::text::json, statement_timestamp(), statement_timestamp()
            FROM conversation
            RETURNING conversation_id, message_id, parent_id
        ),
        answer AS (
            INSERT INTO history.message (
                message_id, user_id, conversation_id, parent_id, role, status, content, agent, metadata, created_at
            )
            SELECT
                $5, $1, conversation_id, message_id, 'assistant', 'pending', '', $9::text, '{}',
                statement_timestamp()
            FROM question
            RETURNING conversation_id, message_id, parent_id
        ),
        run AS (
            INSERT INTO history.run (
                run_id, user_id, conversation_id, user_message_id, message_id, agent, status, fence,
                lease_expires_at, request_id, fingerprint, created_at
            )
            SELECT
                $3, $1, conversation_id, parent_id, message_id, $9, 'running', 1,
                statement_timestamp() + make_interval(secs => $10), $11, $12, statement_timestamp()
            FROM answer
            RETURNING lease_expires_at, created_at
        ),
        entry AS (
            INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
            SELECT $4, $1, conversation_id, octet_length($7)
            FROM question
            UNION ALL
            SELECT conversation_id, $1, conversation_id, octet_length($14)
            FROM conversation
            WHERE title IS NULL
                AND $14::text IS NOT NULL
            ON CONFLICT ON CONSTRAINT search_entry_pkey DO UPDATE
            SET length = excluded.length,
                grams = NULL
        )
        UPDATE history.conversation AS c
        SET active_leaf_id = $5,
            agent = $9,
            message_count = c.message_count + 2,
            preview = $13,
            title = COALESCE(c.title, $14),
            title_source = CASE
                WHEN c.title IS NULL AND $14::text IS NOT NULL THEN 'first_line'
                ELSE c.title_source
            END,
            updated_at = run.created_at
        FROM question
        CROSS JOIN run
        WHERE c.user_id = $1
            AND c.conversation_id = question.conversation_id
        RETURNING
            c.client_id, c.title, c.title_source AS "title_source: TitleSource", c.pinned, c.archived,
            c.message_count, c.preview, c.metadata::text AS "metadata!", c.created_at, c.expires_at,
            question.parent_id AS "parent_id?: MessageId", run.created_at AS "begun_at!",
            run.lease_expires_at AS "lease_expires_at!",
            1 + CASE
                WHEN question.parent_id IS NULL THEN (
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
                        AND s.parent_id = question.parent_id
                )
            END AS "siblings!"
        "#,
        user.0,
        conversation.0,
        ids.run.0,
        ids.question.0,
        ids.answer.0,
        parent,
        question.content.as_str(),
        question.metadata.as_str(),
        new.agent.as_str(),
        new.lease.as_secs_f64(),
        new.request_id.as_deref(),
        new.fingerprint.as_slice(),
        headline::preview(&question.content),
        headline::title(&question.content),
        root,
        question.client_id.as_deref(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| begun(row, conversation, ids, new, question)))
}

fn begun(row: Row, conversation_id: ConversationId, ids: &Turn, new: &NewRun, asked: &Question) -> Begun {
    let question = Message {
        id: ids.question,
        conversation_id,
        parent_id: row.parent_id,
        role: Role::User,
        status: MessageStatus::Completed,
        content: asked.content.clone(),
        parts: None,
        sources: Vec::new(),
        agent: None,
        model: None,
        usage: Usage::default(),
        error: None,
        feedback: None,
        siblings: Siblings { index: row.siblings, count: row.siblings },
        client_id: asked.client_id.clone(),
        metadata: asked.metadata.clone(),
        created_at: row.begun_at,
        completed_at: Some(row.begun_at),
        finish_reason: None,
        run_id: None,
    };
    let answer = Message {
        id: ids.answer,
        conversation_id,
        parent_id: Some(ids.question),
        role: Role::Assistant,
        status: MessageStatus::Pending,
        content: String::new(),
        parts: None,
        sources: Vec::new(),
        agent: Some(new.agent.clone()),
        model: None,
        usage: Usage::default(),
        error: None,
        feedback: None,
        siblings: Siblings { index: 1, count: 1 },
        client_id: None,
        metadata: "{}".to_owned(),
        created_at: row.begun_at,
        completed_at: None,
        finish_reason: None,
        run_id: Some(ids.run),
    };
    let run = Run {
        id: ids.run,
        conversation_id,
        user_message_id: ids.question,
        message_id: ids.answer,
        agent: new.agent.clone(),
        status: RunStatus::Running,
        fence: 1,
        lease_expires_at: row.lease_expires_at,
        error: None,
        usage: Usage::default(),
        created_at: row.begun_at,
        finished_at: None,
    };
    let conversation = Conversation {
        id: conversation_id,
        client_id: row.client_id,
        title: row.title,
        title_source: row.title_source,
        pinned: row.pinned,
        archived: row.archived,
        agent: Some(new.agent.clone()),
        active_leaf_id: Some(ids.answer),
        message_count: row.message_count,
        preview: row.preview,
        metadata: row.metadata,
        created_at: row.created_at,
        updated_at: row.begun_at,
        expires_at: row.expires_at,
    };
    Begun { run, conversation, user_message: question, message: answer }
}
