//! `history.source`.

use kit::caller::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    id::{MessageId, SourceId},
    message::Source,
    word::SourceKind,
};

/// What sources weigh in a page: their texts, and what each has besides.
pub(super) fn weight(sources: &[Source]) -> i32 {
    const OVERHEAD: usize = 128;
    let one = |source: &Source| {
        let texts = [&source.title, &source.url, &source.snippet, &source.content_hash];
        OVERHEAD + source.metadata.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    };
    // A request is bounded far below.
    i32::try_from(sources.iter().map(one).sum::<usize>()).unwrap_or(i32::MAX / 2)
}

/// Sources as columns, for one statement however many there are.
pub(super) struct Columns<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) ordinals: Vec<i16>,
    pub(super) kinds: Vec<&'a str>,
    pub(super) titles: Vec<Option<&'a str>>,
    pub(super) urls: Vec<Option<&'a str>>,
    pub(super) snippets: Vec<Option<&'a str>>,
    pub(super) scores: Vec<Option<f64>>,
    pub(super) starts: Vec<Option<i32>>,
    pub(super) ends: Vec<Option<i32>>,
    pub(super) hashes: Vec<Option<&'a str>>,
    pub(super) metadata: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(sources: &'a [Source]) -> Self {
        Self {
            ids: sources.iter().map(|source| source.id.0).collect(),
            ordinals: sources.iter().map(|source| source.ordinal).collect(),
            kinds: sources.iter().map(|source| source.kind.as_str()).collect(),
            titles: sources.iter().map(|source| source.title.as_deref()).collect(),
            urls: sources.iter().map(|source| source.url.as_deref()).collect(),
            snippets: sources.iter().map(|source| source.snippet.as_deref()).collect(),
            scores: sources.iter().map(|source| source.score).collect(),
            starts: sources.iter().map(|source| source.span_start).collect(),
            ends: sources.iter().map(|source| source.span_end).collect(),
            hashes: sources.iter().map(|source| source.content_hash.as_deref()).collect(),
            metadata: sources.iter().map(|source| source.metadata.as_str()).collect(),
        }
    }
}

/// The sources of one message in order. None without the message.
pub(crate) async fn of_message(
    db: impl PgExecutor<'_>,
    user: UserId,
    message: MessageId,
) -> sqlx::Result<Option<Vec<Source>>> {
    let rows = sqlx::query!(
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            cited.source_id AS "id?: SourceId", cited.ordinal AS "ordinal?", cited.kind AS "kind?: SourceKind",
            cited.title AS "title?", cited.url AS "url?", cited.snippet AS "snippet?", cited.score AS "score?",
            cited.span_start AS "span_start?", cited.span_end AS "span_end?",
            cited.content_hash AS "content_hash?", cited.metadata AS "metadata?"
        FROM caller
        CROSS JOIN LATERAL (
            SELECT
                s.source_id, s.ordinal, s.kind, s.title, s.url, s.snippet, s.score, s.span_start, s.span_end,
                s.content_hash, s.metadata::text AS metadata
            FROM history.message m
            JOIN history.conversation c
                ON c.user_id = m.user_id
                AND c.conversation_id = m.conversation_id
            LEFT JOIN history.source s
                ON s.user_id = m.user_id
                AND s.message_id = m.message_id
            WHERE m.user_id = caller.user_id
                AND m.message_id = $2
            ORDER BY s.ordinal
            LIMIT 32767
        ) cited
        ORDER BY cited.ordinal
        "#,
        user.to_string(),
        message.0,
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let sources = rows.into_iter().filter_map(|row| {
        Some(Source {
            id: row.id?,
            ordinal: row.ordinal?,
            kind: row.kind?,
            title: row.title,
            url: row.url,
            snippet: row.snippet,
            score: row.score,
            span_start: row.span_start,
            span_end: row.span_end,
            content_hash: row.content_hash,
            metadata: row.metadata?,
        })
    });
    Ok(Some(sources.collect()))
}
