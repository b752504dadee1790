//! What the indexer does: it takes entries of all users, reads their texts, and writes their grams.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::id::ConversationId;

/// An entry that waits for its grams.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) entry_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) conversation_id: ConversationId,
    pub(crate) length: i32,
}

/// How full the newest block of a user is.
#[derive(Debug)]
pub(crate) struct Filling {
    pub(crate) user_id: Uuid,
    pub(crate) block: i32,
    pub(crate) entries: i32,
}

/// Entries that are added to a block.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) user_id: Uuid,
    pub(crate) block: i32,
    pub(crate) entries: i32,
    pub(crate) oldest: Uuid,
    pub(crate) newest: Uuid,
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

/// The newest blocks of these users.
pub(crate) async fn filling(db: &mut PgConnection, users: &[Uuid]) -> sqlx::Result<Vec<Filling>> {
    sqlx::query_as!(
        Filling,
        r#"
        SELECT DISTINCT ON (user_id) user_id, block, entries
        FROM history.search_block
        WHERE user_id = ANY($1)
        ORDER BY user_id, block DESC
        "#,
        users,
    )
    .fetch_all(db)
    .await
}

/// Tells what blocks hold now. Given in their order, so that two replicas never wait for one another.
pub(crate) async fn fill(db: &mut PgConnection, added: &[Added]) -> sqlx::Result<()> {
    let users: Vec<Uuid> = added.iter().map(|added| added.user_id).collect();
    let blocks: Vec<i32> = added.iter().map(|added| added.block).collect();
    let entries: Vec<i32> = added.iter().map(|added| added.entries).collect();
    let oldest: Vec<Uuid> = added.iter().map(|added| added.oldest).collect();
    let newest: Vec<Uuid> = added.iter().map(|added| added.newest).collect();
    sqlx::query!(
        r#"
        INSERT INTO history.search_block AS b (user_id, block, entries, oldest, newest)
        SELECT user_id, block, entries, oldest, newest
        FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::uuid[], $5::uuid[])
            AS t (user_id, block, entries, oldest, newest)
        ON CONFLICT ON CONSTRAINT search_block_pkey DO UPDATE
        SET entries = b.entries + excluded.entries,
            oldest = LEAST(b.oldest, excluded.oldest),
            newest = GREATEST(b.newest, excluded.newest)
        "#,
        &users,
        &blocks,
        &entries,
        &oldest,
        &newest,
    )
    .execute(db)
    .await?;
    Ok(())
}
