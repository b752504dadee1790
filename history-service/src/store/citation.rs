//! Citations: `history.source` with the messages and conversations around it.
//!
//! Two statements, so that each has one plan that begins with its index.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgExecutor;

use crate::{
    citation::Citation,
    headline,
    id::{ConversationId, MessageId, SourceId},
    message::Source,
    page_token::CitationPosition,
    word::SourceKind,
};

/// So many characters of a message are enough for its preview.
const BEGINNING: i32 = 1_000;

struct Row {
    message_id: MessageId,
    conversation_id: ConversationId,
    conversation_title: Option<String>,
    created_at: DateTime<Utc>,
    beginning: String,
    source_id: SourceId,
    ordinal: i16,
    kind: SourceKind,
    title: Option<String>,
    url: Option<String>,
    snippet: Option<String>,
    score: Option<f64>,
    span_start: Option<i32>,
    span_end: Option<i32>,
    content_hash: Option<String>,
    metadata: String,
}

impl From<Row> for Citation {
    fn from(row: Row) -> Self {
        Self {
            message_id: row.message_id,
            conversation_id: row.conversation_id,
            conversation_title: row.conversation_title,
            created_at: row.created_at,
            preview: headline::preview(&row.beginning),
            source: Source {
                id: row.source_id,
                ordinal: row.ordinal,
                kind: row.kind,
                title: row.title,
                url: row.url,
                snippet: row.snippet,
                score: row.score,
                span_start: row.span_start,
                span_end: row.span_end,
                content_hash: row.content_hash,
                metadata: row.metadata,
            },
        }
    }
}

/// At most `limit` citations of an address, newest message first, after a place.
pub(crate) async fn of_url(
    db: impl PgExecutor<'_>,
    user: UserId,
    url: &str,
    after: CitationPosition,
    limit: usize,
) -> sqlx::Result<Vec<Citation>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            cited.message_id AS "message_id!: MessageId", cited.conversation_id AS "conversation_id!: ConversationId",
            cited.conversation_title AS "conversation_title?", cited.created_at AS "created_at!",
            cited.beginning AS "beginning!", cited.source_id AS "source_id!: SourceId", cited.ordinal AS "ordinal!",
            cited.kind AS "kind!: SourceKind", cited.title AS "title?", cited.url AS "url?",
            cited.snippet AS "snippet?", cited.score AS "score?", cited.span_start AS "span_start?",
            cited.span_end AS "span_end?", cited.content_hash AS "content_hash?", cited.metadata AS "metadata!"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                s.message_id, m.conversation_id, c.title AS conversation_title, m.created_at,
                left(m.content, $6) AS beginning, s.source_id, s.ordinal, s.kind, s.title, s.url, s.snippet, s.score,
                s.span_start, s.span_end, s.content_hash, s.metadata::text AS metadata
            FROM history.source s
            CROSS JOIN LATERAL (
                SELECT user_id, conversation_id, content, created_at
                FROM history.message
                WHERE user_id = s.user_id
                    AND message_id = s.message_id
                LIMIT 1
            ) m
            CROSS JOIN LATERAL (
                SELECT title
                FROM history.conversation
                WHERE user_id = m.user_id
                    AND conversation_id = m.conversation_id
                LIMIT 1
            ) c
            WHERE s.user_id = caller.user_id
                AND s.url_key = hashtextextended($2, 0)
                AND s.url = $2
                AND (s.message_id, s.ordinal) < ($3, $4)
            ORDER BY s.message_id DESC, s.ordinal DESC
            LIMIT $5
        ) cited
        ORDER BY cited.message_id DESC, cited.ordinal DESC
        "#,
        user.to_string(),
        url,
        after.message.0,
        after.ordinal,
        i64::try_from(limit).unwrap_or(i64::MAX),
        BEGINNING,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Citation::from).collect())
}

/// At most `limit` citations of a document with this hash, newest message first, after a place.
pub(crate) async fn of_content_hash(
    db: impl PgExecutor<'_>,
    user: UserId,
    hash: &str,
    after: CitationPosition,
    limit: usize,
) -> sqlx::Result<Vec<Citation>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            cited.message_id AS "message_id!: MessageId", cited.conversation_id AS "conversation_id!: ConversationId",
            cited.conversation_title AS "conversation_title?", cited.created_at AS "created_at!",
            cited.beginning AS "beginning!", cited.source_id AS "source_id!: SourceId", cited.ordinal AS "ordinal!",
            cited.kind AS "kind!: SourceKind", cited.title AS "title?", cited.url AS "url?",
            cited.snippet AS "snippet?", cited.score AS "score?", cited.span_start AS "span_start?",
            cited.span_end AS "span_end?", cited.content_hash AS "content_hash?", cited.metadata AS "metadata!"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                s.message_id, m.conversation_id, c.title AS conversation_title, m.created_at,
                left(m.content, $6) AS beginning, s.source_id, s.ordinal, s.kind, s.title, s.url, s.snippet, s.score,
                s.span_start, s.span_end, s.content_hash, s.metadata::text AS metadata
            FROM history.source s
            CROSS JOIN LATERAL (
                SELECT user_id, conversation_id, content, created_at
                FROM history.message
                WHERE user_id = s.user_id
                    AND message_id = s.message_id
                LIMIT 1
            ) m
            CROSS JOIN LATERAL (
                SELECT title
                FROM history.conversation
                WHERE user_id = m.user_id
                    AND conversation_id = m.conversation_id
                LIMIT 1
            ) c
            WHERE s.user_id = caller.user_id
                AND s.content_hash_key = hashtextextended($2, 0)
                AND s.content_hash = $2
                AND (s.message_id, s.ordinal) < ($3, $4)
            ORDER BY s.message_id DESC, s.ordinal DESC
            LIMIT $5
        ) cited
        ORDER BY cited.message_id DESC, cited.ordinal DESC
        "#,
        user.to_string(),
        hash,
        after.message.0,
        after.ordinal,
        i64::try_from(limit).unwrap_or(i64::MAX),
        BEGINNING,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Citation::from).collect())
}
