//! The statement that begins a run.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgExecutor;

use super::context::{CONTEXT_BYTES, Read};
use crate::{
    conversation::Conversation,
    headline,
    id::{ConversationId, MessageId, RunId},
    message::{Message, Siblings, Usage},
    run::{ContextMessage, Conversing, NewRun, Question, Run},
    word::{MessageStatus, Role, RunStatus, TitleSource},
};

/// The ids of what a turn writes.
pub(crate) struct Turn {
    pub(crate) run: RunId,
    pub(crate) question: MessageId,
    pub(crate) answer: MessageId,
}

/// What a turn has written, and what an agent is to read.
pub(crate) struct Begun {
    pub(crate) run: Run,
    pub(crate) conversation: Conversation,
    pub(crate) user_message: Message,
    pub(crate) message: Message,
    pub(crate) context: Vec<ContextMessage>,
}

struct Row {
    conversation_id: ConversationId,
    client_id: Option<String>,
    title: Option<String>,
    title_source: Option<TitleSource>,
    pinned: bool,
    archived: bool,
    message_count: i32,
    metadata: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    parent_id: Option<MessageId>,
    siblings: i64,
    begun_at: DateTime<Utc>,
    lease_expires_at: DateTime<Utc>,
    roles: Option<Vec<Role>>,
    contents: Option<Vec<String>>,
    instructions: Option<String>,
}

/// Writes question, pending answer and run, and the conversation where it is to be made: in one statement, which holds the
/// conversation for no longer than it runs. None without the conversation.
pub(crate) async fn begin(
    db: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
    ids: &Turn,
    new: &NewRun,
    question: &Question,
) -> sqlx::Result<Option<Begun>> {
    let (parent, root) = question.parent.columns();
    let (client_id, may_make) = match &new.conversing {
        Conversing::InNew => (None, true),
        Conversing::In(_) => (None, false),
        Conversing::InNamed(client_id) => (Some(client_id.as_str()), true),
    };
    let row = sqlx::query_as!(
        Row,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id),
        begun AS MATERIALIZED (
            SELECT
                caller.user_id, b.begun_in, b.asked_after, b.among, b.begun_at, b.held_until, b.conversation_client_id,
                b.conversation_title, b.conversation_title_source, b.conversation_pinned, b.conversation_archived,
                b.conversation_message_count, b.conversation_metadata, b.conversation_created_at,
                b.conversation_expires_at
            FROM caller
            CROSS JOIN LATERAL history.start_run(
                for_user => caller.user_id,
                in_conversation => $2,
                in_named => $3,
                may_make => $4,
                new_expires_at => $5,
                new_run => $6,
                new_question => $7,
                new_answer => $8,
                after_message => $9,
                as_root => $10,
                new_client_id => $11,
                new_content => $12,
                new_metadata => $13::text::json,
                new_preview => $14,
                new_title => $15,
                asked_agent => $16,
                lease_seconds => $17,
                new_request_id => $18,
                new_fingerprint => $19
            ) b
        )
        SELECT
            begun.begun_in AS "conversation_id!: ConversationId", begun.conversation_client_id AS "client_id?",
            begun.conversation_title AS "title?", begun.conversation_title_source AS "title_source?: TitleSource",
            begun.conversation_pinned AS "pinned!", begun.conversation_archived AS "archived!",
            begun.conversation_message_count AS "message_count!", begun.conversation_metadata::text AS "metadata!",
            begun.conversation_created_at AS "created_at!", begun.conversation_expires_at AS "expires_at?",
            begun.asked_after AS "parent_id?: MessageId", begun.among AS "siblings!", begun.begun_at AS "begun_at!",
            begun.held_until AS "lease_expires_at!", read.roles AS "roles?: Vec<Role>", read.contents AS "contents?",
            read.instructions AS "instructions?"
        FROM begun
        LEFT JOIN LATERAL history.run_context(
            for_user => begun.user_id,
            in_conversation => begun.begun_in,
            leaf => $7,
            most_messages => $20,
            most_bytes => $21,
            most_characters => $22
        ) read ON begun.conversation_message_count > 2 AND $20 > 0
        "#,
        user.to_string(),
        conversation.0,
        client_id,
        may_make,
        new.expires_at,
        ids.run.0,
        ids.question.0,
        ids.answer.0,
        parent,
        root,
        question.client_id.as_deref(),
        question.content.as_str(),
        question.metadata.as_str(),
        headline::preview(&question.content),
        headline::title(&question.content),
        new.agent.as_str(),
        new.lease.as_secs_f64(),
        new.request_id.as_deref(),
        new.fingerprint.as_slice(),
        i32::try_from(new.budget.messages).unwrap_or(i32::MAX),
        CONTEXT_BYTES,
        new.budget.characters,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| begun(row, ids, new, question)))
}

fn begun(row: Row, ids: &Turn, new: &NewRun, asked: &Question) -> Begun {
    let conversation_id = row.conversation_id;
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
        preview: headline::preview(&asked.content),
        metadata: row.metadata,
        created_at: row.created_at,
        updated_at: row.begun_at,
        expires_at: row.expires_at,
    };
    let context = match new.budget.messages {
        0 => Vec::new(),
        // Nothing comes before it.
        _ if row.message_count == 2 => vec![ContextMessage { role: Role::User, content: asked.content.clone() }],
        _ => Read { roles: row.roles, contents: row.contents, instructions: row.instructions }.in_order(),
    };
    Begun { run, conversation, user_message: question, message: answer, context }
}
