//! `history.search_entry` across the policies: what the index proposes, and what the indexer does.
//!
//! Row-level security lets a condition use an index only when its operator cannot leak, and `@>` on arrays is not among
//! those. So candidates are found as the keeper, for one user, and are nothing but ids; their texts are read as the
//! user.

use kit::caller::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    id::ConversationId,
    search::Probe,
    store::{Store, Transaction},
};

/// An entry that may match.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) entry_id: Uuid,
    /// Bytes of its text.
    pub(crate) length: i32,
}

/// Which entries are proposed.
#[derive(Debug)]
pub(crate) struct Bounds<'a> {
    pub(crate) newest: Uuid,
    pub(crate) oldest: Uuid,
    /// Only of these conversations.
    pub(crate) within: Option<&'a [Uuid]>,
    pub(crate) archived: Option<bool>,
    pub(crate) pinned: Option<bool>,
    pub(crate) agent: Option<&'a str>,
}

/// An entry that waits for its grams.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) entry_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) conversation_id: ConversationId,
    pub(crate) length: i32,
}

impl Store {
    /// Opens a transaction of the keeper for [`candidates`]: whatever the planner believes about arrays, they are
    /// looked up.
    pub(crate) async fn begin_to_search(&self) -> sqlx::Result<Transaction> {
        self.primary.begin("SET LOCAL ROLE colloquy_keeper; SET LOCAL enable_seqscan = off").await
    }
}

/// The newest entries that may match, indexed or not yet, newest first.
///
/// Bounds and order are written so that no index serves them: the grams choose, whatever the planner believes.
pub(crate) async fn candidates(
    db: &mut PgConnection,
    user: UserId,
    probe: &Probe,
    bounds: &Bounds<'_>,
    limit: usize,
) -> sqlx::Result<Vec<Candidate>> {
    let (all, any) = match probe {
        Probe::All(grams) => (Some(grams.as_slice()), None),
        Probe::Any(grams) => (None, Some(grams.as_slice())),
    };
    sqlx::query_as!(
        Candidate,
        r#"
        SELECT e.entry_id AS "entry_id!", e.length AS "length!"
        FROM (
            SELECT entry_id, conversation_id, length
            FROM history.search_entry
            WHERE user_id = $1
                AND $2::integer[] IS NOT NULL
                AND grams @> $2
            UNION ALL
            SELECT entry_id, conversation_id, length
            FROM history.search_entry
            WHERE user_id = $1
                AND $3::integer[] IS NOT NULL
                AND grams && $3
            UNION ALL
            SELECT entry_id, conversation_id, length
            FROM history.search_entry
            WHERE user_id = $1
                AND grams IS NULL
        ) e
        WHERE GREATEST(e.entry_id, $4) = $4
            AND LEAST(e.entry_id, $5) = $5
            AND ($6::uuid[] IS NULL OR e.conversation_id = ANY($6))
            AND (
                ($7::boolean IS NULL AND $8::boolean IS NULL AND $9::text IS NULL)
                OR e.conversation_id IN (
                    SELECT c.conversation_id
                    FROM history.conversation c
                    WHERE c.user_id = $1
                        AND ($7 IS NULL OR c.archived = $7)
                        AND ($8 IS NULL OR c.pinned = $8)
                        AND ($9 IS NULL OR c.agent = $9)
                )
            )
        ORDER BY GREATEST(e.entry_id, $5) DESC
        LIMIT $10
        "#,
        user.0,
        all,
        any,
        bounds.newest,
        bounds.oldest,
        bounds.within,
        bounds.archived,
        bounds.pinned,
        bounds.agent,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await
}

/// The conversations of all entries that may match.
pub(crate) async fn candidate_conversations(
    db: &mut PgConnection,
    user: UserId,
    probe: &Probe,
) -> sqlx::Result<Vec<Uuid>> {
    let (all, any) = match probe {
        Probe::All(grams) => (Some(grams.as_slice()), None),
        Probe::Any(grams) => (None, Some(grams.as_slice())),
    };
    sqlx::query_scalar!(
        r#"
        SELECT conversation_id AS "conversation_id!"
        FROM history.search_entry
        WHERE user_id = $1
            AND $2::integer[] IS NOT NULL
            AND grams @> $2
        UNION
        SELECT conversation_id
        FROM history.search_entry
        WHERE user_id = $1
            AND $3::integer[] IS NOT NULL
            AND grams && $3
        UNION
        SELECT conversation_id
        FROM history.search_entry
        WHERE user_id = $1
            AND grams IS NULL
        "#,
        user.0,
        all,
        any,
    )
    .fetch_all(db)
    .await
}

/// Takes entries that wait, and holds them; what another replica holds is left to it.
pub(crate) async fn take_waiting(db: &mut PgConnection, avoided: &[Uuid], limit: i64) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"
        SELECT entry_id, user_id, conversation_id AS "conversation_id: ConversationId", length
        FROM history.search_entry
        WHERE grams IS NULL
            AND entry_id <> ALL($1)
        ORDER BY user_id, entry_id
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        "#,
        avoided,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The searched part of a text.
#[derive(Debug)]
pub(crate) struct EntryText {
    pub(crate) entry_id: Uuid,
    pub(crate) text: String,
}

/// The texts of entries, messages and titles alike; none for what is gone.
pub(crate) async fn waiting_texts(
    db: &mut PgConnection,
    messages: &[Uuid],
    conversations: &[Uuid],
    longest: i32,
) -> sqlx::Result<Vec<EntryText>> {
    sqlx::query_as!(
        EntryText,
        r#"
        SELECT message_id AS "entry_id!", left(content, $3) AS "text!"
        FROM history.message
        WHERE message_id = ANY($1)
        UNION ALL
        SELECT conversation_id, title
        FROM history.conversation
        WHERE conversation_id = ANY($2)
            AND title IS NOT NULL
        "#,
        messages,
        conversations,
        longest,
    )
    .fetch_all(db)
    .await
}

/// Writes the grams of entries that are held: those of one entry behind those of the other.
pub(crate) async fn write_grams(
    db: &mut PgConnection,
    entries: &[Uuid],
    users: &[Uuid],
    counts: &[i32],
    grams: &[i32],
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE history.search_entry e
        SET grams = ($4::integer[])[w.last - w.count + 1 : w.last]
        FROM (
            SELECT entry_id, user_id, count, sum(count) OVER (ORDER BY place)::integer AS last
            FROM unnest($1::uuid[], $2::uuid[], $3::integer[])
                WITH ORDINALITY AS t (entry_id, user_id, count, place)
        ) w
        WHERE e.entry_id = w.entry_id
            AND e.user_id = w.user_id
        "#,
        entries,
        users,
        counts,
        grams,
    )
    .execute(db)
    .await?;
    Ok(())
}
