//! What the index proposes to a search.
//!
//! Row-level security lets a condition use an index only when its operator cannot leak, and `@>` on arrays is not among
//! those. So candidates are found as the keeper, for one user, and are nothing but ids; their texts are read as the
//! user.

use kit::caller::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    id::ConversationId,
    store::{Store, Transaction},
};

/// An entry that may match.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) entry_id: Uuid,
    pub(crate) conversation_id: ConversationId,
    /// Bytes of its text.
    pub(crate) length: i32,
}

impl Candidate {
    /// Whether it is the title of its conversation.
    pub(crate) fn is_title(&self) -> bool {
        self.entry_id == self.conversation_id.0
    }
}

/// A part of a user's entries that is indexed together.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) number: i32,
    pub(crate) oldest: Uuid,
    pub(crate) newest: Uuid,
}

/// In which conversations candidates are looked for.
#[derive(Debug, Default)]
pub(crate) struct Within<'a> {
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) archived: Option<bool>,
    pub(crate) pinned: Option<bool>,
    pub(crate) agent: Option<&'a str>,
}

/// The grams that blocks are asked for: those of one block behind those of the other.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Whether an entry needs all the grams of its block, or any of them.
    pub(crate) all: bool,
    pub(crate) counts: Vec<i32>,
    pub(crate) grams: Vec<i32>,
}

impl Store {
    /// Opens a transaction of the keeper for [`indexed`]: whatever the planner believes about arrays, they are looked
    /// up. It believes in so much that it would plan anew each time, and compile the plan, which takes longer than all
    /// look-ups.
    pub(crate) async fn begin_to_search(&self) -> sqlx::Result<Transaction> {
        let settings = "\
            SET LOCAL ROLE colloquy_keeper; SET LOCAL enable_seqscan = off; SET LOCAL jit = off; \
            SET LOCAL plan_cache_mode = force_generic_plan";
        self.primary.begin(settings).await
    }
}

/// The newest of the user's entries that are not indexed yet.
pub(crate) async fn not_indexed(
    db: &mut PgConnection,
    user: UserId,
    newest: Uuid,
    within: &Within<'_>,
    limit: usize,
) -> sqlx::Result<Vec<Candidate>> {
    sqlx::query_as!(
        Candidate,
        r#"
        SELECT entry_id, conversation_id AS "conversation_id: ConversationId", length
        FROM history.search_entry
        WHERE user_id = $1
            AND grams IS NULL
            AND entry_id <= $2
            AND ($3::uuid IS NULL OR conversation_id = $3)
            AND (
                ($4::boolean IS NULL AND $5::boolean IS NULL AND $6::text IS NULL)
                OR conversation_id IN (
                    SELECT c.conversation_id
                    FROM history.conversation c
                    WHERE c.user_id = $1
                        AND ($4 IS NULL OR c.archived = $4)
                        AND ($5 IS NULL OR c.pinned = $5)
                        AND ($6 IS NULL OR c.agent = $6)
                )
            )
        ORDER BY entry_id DESC
        LIMIT $7
        "#,
        user.0,
        newest,
        within.conversation.map(|id| id.0),
        within.archived,
        within.pinned,
        within.agent,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await
}

/// The blocks of a user's index.
pub(crate) async fn blocks(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Block>> {
    sqlx::query_as!(
        Block,
        r#"
        SELECT block AS number, oldest, newest
        FROM history.search_block
        WHERE user_id = $1
        "#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// All entries of blocks that have what these are asked for, in no order.
pub(crate) async fn indexed(
    db: &mut PgConnection,
    user: UserId,
    asked: &Asked,
    within: &Within<'_>,
) -> sqlx::Result<Vec<Candidate>> {
    sqlx::query_as!(
        Candidate,
        r#"
        SELECT
            e.entry_id AS "entry_id!", e.conversation_id AS "conversation_id!: ConversationId", e.length AS "length!"
        FROM (
            SELECT count, sum(count) OVER (ORDER BY place)::integer AS last
            FROM unnest($2::integer[]) WITH ORDINALITY AS t (count, place)
        ) b
        CROSS JOIN LATERAL (
            SELECT entry_id, conversation_id, length
            FROM history.search_entry
            WHERE $4::boolean
                AND user_id = $1
                AND grams @> ($3::integer[])[b.last - b.count + 1 : b.last]
            UNION ALL
            SELECT entry_id, conversation_id, length
            FROM history.search_entry
            WHERE NOT $4::boolean
                AND user_id = $1
                AND grams && ($3::integer[])[b.last - b.count + 1 : b.last]
        ) e
        WHERE ($5::uuid IS NULL OR e.conversation_id = $5)
            AND (
                ($6::boolean IS NULL AND $7::boolean IS NULL AND $8::text IS NULL)
                OR e.conversation_id IN (
                    SELECT c.conversation_id
                    FROM history.conversation c
                    WHERE c.user_id = $1
                        AND ($6 IS NULL OR c.archived = $6)
                        AND ($7 IS NULL OR c.pinned = $7)
                        AND ($8 IS NULL OR c.agent = $8)
                )
            )
        "#,
        user.0,
        &asked.counts,
        &asked.grams,
        asked.all,
        within.conversation.map(|id| id.0),
        within.archived,
        within.pinned,
        within.agent,
    )
    .fetch_all(db)
    .await
}
