//! The statement that ends a run.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgExecutor;

use crate::{
    conversation::Conversation,
    headline,
    id::{ConversationId, MessageId},
    message::{Feedback, Message, Siblings},
    run::{Finish, Finished, Run},
    store::source,
    word::{FinishReason, Rating, Role, TitleSource},
};

struct Row {
    conversation_id: ConversationId,
    client_id: Option<String>,
    title: Option<String>,
    title_source: Option<TitleSource>,
    pinned: bool,
    archived: bool,
    conversation_agent: Option<String>,
    active_leaf_id: Option<MessageId>,
    message_count: i32,
    preview: String,
    conversation_metadata: String,
    conversation_created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    user_message_id: MessageId,
    message_id: MessageId,
    agent: String,
    lease_expires_at: DateTime<Utc>,
    begun_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    left_events: bool,
    metadata: String,
    feedback_rating: Option<Rating>,
    feedback_note: Option<String>,
    feedback_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    sibling_index: i64,
    sibling_count: i64,
}

/// Ends a run that is running under this fence, with its answer and what that cites: in one statement, which holds the
/// conversation for no longer than it runs. None when there is no such run.
#[expect(clippy::too_many_lines, reason = "it is one statement")]
pub(crate) async fn finish(db: impl PgExecutor<'_>, user: UserId, finish: &Finish) -> sqlx::Result<Option<Finished>> {
    let preview = Some(headline::preview(&finish.content)).filter(|preview| !preview.is_empty());
    let cited = source::Columns::of(&finish.sources);
    let row = sqlx::query_as!(
        Row,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id),
        ended AS MATERIALIZED (
            SELECT
                caller.user_id, e.ended_conversation, e.ended_question, e.ended_answer, e.ended_agent, e.ended_lease,
                e.begun_at, e.ended_at, e.left_events, e.answer_metadata, e.answer_feedback_rating,
                e.answer_feedback_note, e.answer_feedback_at, e.answer_created_at, e.sibling_index, e.sibling_count,
                e.conversation_client_id, e.conversation_title, e.conversation_title_source, e.conversation_pinned,
                e.conversation_archived, e.conversation_agent, e.conversation_leaf, e.conversation_message_count,
                e.conversation_preview, e.conversation_metadata, e.conversation_created_at, e.conversation_expires_at
            FROM caller
            CROSS JOIN LATERAL history.finish_run(
                for_user => caller.user_id,
                ending => $2,
                under_fence => $3,
                new_run_status => $4,
                new_message_status => $5,
                new_input_tokens => $6,
                new_output_tokens => $7,
                new_total_tokens => $8,
                new_error_code => $9,
                new_error_message => $10,
                new_content => $11,
                new_parts => $12::text::json,
                new_model => $13,
                new_finish_reason => $14,
                new_source_bytes => $15,
                new_title => $16,
                new_preview => $17,
                rest_position => $18,
                rest_count => $19,
                rest_payload => $20
            ) e
        ),
        cited AS (
            INSERT INTO history.source (
                user_id, message_id, source_id, ordinal, kind, title, url, snippet, score, span_start, span_end,
                content_hash, metadata
            )
            SELECT
                ended.user_id, ended.ended_answer, s.source_id, s.ordinal, s.kind, s.title, s.url, s.snippet, s.score,
                s.span_start, s.span_end, s.content_hash, s.metadata::json
            FROM ended
            CROSS JOIN unnest(
                $21::uuid[], $22::smallint[], $23::text[], $24::text[], $25::text[], $26::text[],
                $27::double precision[], $28::integer[], $29::integer[], $30::text[], $31::text[]
            ) AS s (
                source_id, ordinal, kind, title, url, snippet, score, span_start, span_end, content_hash, metadata
            )
        )
        SELECT
            ended_conversation AS "conversation_id!: ConversationId", conversation_client_id AS "client_id?",
            conversation_title AS "title?", conversation_title_source AS "title_source?: TitleSource",
            conversation_pinned AS "pinned!", conversation_archived AS "archived!",
            conversation_agent AS "conversation_agent?", conversation_leaf AS "active_leaf_id?: MessageId",
            conversation_message_count AS "message_count!", conversation_preview AS "preview!",
            conversation_metadata::text AS "conversation_metadata!",
            conversation_created_at AS "conversation_created_at!", conversation_expires_at AS "expires_at?",
            ended_question AS "user_message_id!: MessageId", ended_answer AS "message_id!: MessageId",
            ended_agent AS "agent!", ended_lease AS "lease_expires_at!", begun_at AS "begun_at!",
            ended_at AS "finished_at!", left_events AS "left_events!", answer_metadata::text AS "metadata!",
            answer_feedback_rating AS "feedback_rating?: Rating", answer_feedback_note AS "feedback_note?",
            answer_feedback_at AS "feedback_at?", answer_created_at AS "created_at!",
            sibling_index AS "sibling_index!", sibling_count AS "sibling_count!"
        FROM ended
        "#,
        user.to_string(),
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
        finish.reason.map(FinishReason::as_str),
        source::weight(&finish.sources),
        finish.title.as_deref(),
        preview,
        finish.rest.as_ref().map(|rest| rest.position),
        finish.rest.as_ref().map(|rest| rest.count),
        finish.rest.as_ref().map(|rest| rest.payload.as_slice()),
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
    .await?;
    Ok(row.map(|row| finished(row, finish)))
}

fn finished(row: Row, finish: &Finish) -> Finished {
    let run = Run {
        id: finish.run_id,
        conversation_id: row.conversation_id,
        user_message_id: row.user_message_id,
        message_id: row.message_id,
        agent: row.agent.clone(),
        status: finish.outcome.run(),
        fence: finish.fence,
        lease_expires_at: row.lease_expires_at,
        error: finish.error.clone(),
        usage: finish.usage,
        created_at: row.begun_at,
        finished_at: Some(row.finished_at),
    };
    let message = Message {
        id: row.message_id,
        conversation_id: row.conversation_id,
        parent_id: Some(row.user_message_id),
        role: Role::Assistant,
        status: finish.outcome.message(),
        content: finish.content.clone(),
        parts: finish.parts.clone(),
        sources: finish.sources.clone(),
        agent: Some(row.agent),
        model: finish.model.clone(),
        usage: finish.usage,
        error: finish.error.clone(),
        feedback: row.feedback_rating.zip(row.feedback_at).map(|(rating, created_at)| Feedback {
            rating,
            note: row.feedback_note,
            created_at,
        }),
        siblings: Siblings { index: row.sibling_index, count: row.sibling_count },
        client_id: None,
        metadata: row.metadata,
        created_at: row.created_at,
        completed_at: Some(row.finished_at),
        finish_reason: finish.reason,
        run_id: None,
    };
    let conversation = Conversation {
        id: row.conversation_id,
        client_id: row.client_id,
        title: row.title,
        title_source: row.title_source,
        pinned: row.pinned,
        archived: row.archived,
        agent: row.conversation_agent,
        active_leaf_id: row.active_leaf_id,
        message_count: row.message_count,
        preview: row.preview,
        metadata: row.conversation_metadata,
        created_at: row.conversation_created_at,
        updated_at: row.finished_at,
        expires_at: row.expires_at,
    };
    Finished { run, message, conversation, left_events: row.left_events }
}
