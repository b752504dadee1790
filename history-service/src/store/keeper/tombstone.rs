//! `history.tombstone`: who was erased, and whose erasure is not finished.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    deletion::Counts,
    erasure::{Owner, Receipt},
};

/// What the tombstone of a user is found by.
pub(crate) async fn digest(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<u8>> {
    sqlx::query_scalar!(r#"SELECT history.erasure_digest($1) AS "digest!""#, user.0).fetch_one(db).await
}

/// Notes that these are erased; a note that is there stays as it is. How many there were not.
pub(crate) async fn insert(db: &mut PgConnection, digests: &[Vec<u8>]) -> sqlx::Result<u64> {
    let inserted = sqlx::query!(
        r#"
        INSERT INTO history.tombstone (digest)
        SELECT unnest($1::bytea[])
        ON CONFLICT ON CONSTRAINT tombstone_pkey DO NOTHING
        "#,
        digests,
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected())
}

/// Adds to the receipt what was removed.
pub(crate) async fn add(db: &mut PgConnection, user: UserId, counts: &Counts) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE history.tombstone
        SET conversations = conversations + $2,
            messages = messages + $3,
            sources = sources + $4,
            runs = runs + $5
        WHERE digest = history.erasure_digest($1)
        "#,
        user.0,
        counts.conversations,
        counts.messages,
        counts.sources,
        counts.runs,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that nothing is left of a user who was erased.
pub(crate) async fn finish(db: &mut PgConnection, user: UserId) -> sqlx::Result<Receipt> {
    let row = sqlx::query!(
        r#"
        UPDATE history.tombstone
        SET finished_at = COALESCE(finished_at, statement_timestamp())
        WHERE digest = history.erasure_digest($1)
        RETURNING digest, erased_at, finished_at AS "finished_at!", conversations, messages, sources, runs
        "#,
        user.0,
    )
    .fetch_one(db)
    .await?;
    let counts =
        Counts { conversations: row.conversations, messages: row.messages, sources: row.sources, runs: row.runs };
    Ok(Receipt { digest: row.digest, erased_at: row.erased_at, finished_at: row.finished_at, counts })
}

/// The same of all who were erased before a look at every user began.
pub(crate) async fn finish_before(db: &mut PgConnection, looked_at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE history.tombstone
        SET finished_at = statement_timestamp()
        WHERE finished_at IS NULL
            AND erased_at < $1
        "#,
        looked_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether there are tombstones at all, or, if asked so, whether there are some whose erasure is not finished; and the
/// time of this look.
pub(crate) async fn are_there(db: &mut PgConnection, unfinished: bool) -> sqlx::Result<(bool, DateTime<Utc>)> {
    let row = sqlx::query!(
        r#"
        SELECT
            CASE
                WHEN $1 THEN EXISTS (SELECT FROM history.tombstone WHERE finished_at IS NULL)
                ELSE EXISTS (SELECT FROM history.tombstone)
            END AS "found!",
            statement_timestamp() AS "now!"
        "#,
        unfinished,
    )
    .fetch_one(db)
    .await?;
    Ok((row.found, row.now))
}

/// The next tombstones in the order of their digests.
pub(crate) async fn after(db: &mut PgConnection, digest: &[u8], limit: i64) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        r#"
        SELECT digest
        FROM history.tombstone
        WHERE digest > $1
        ORDER BY digest
        LIMIT $2
        "#,
        digest,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The next users who have conversations or blocks of an index, and whether they should not. It jumps from user to user,
/// however many each has.
pub(crate) async fn owners(db: &mut PgConnection, after: UserId, limit: i64) -> sqlx::Result<Vec<Owner>> {
    sqlx::query_as!(
        Owner,
        r#"
        WITH RECURSIVE owner AS (
            SELECT $1::uuid AS user_id, 0 AS place
            UNION ALL
            SELECT
                LEAST(
                    (
                        SELECT c.user_id
                        FROM history.conversation c
                        WHERE c.user_id > owner.user_id
                        ORDER BY c.user_id
                        LIMIT 1
                    ),
                    (
                        SELECT b.user_id
                        FROM history.search_block b
                        WHERE b.user_id > owner.user_id
                        ORDER BY b.user_id
                        LIMIT 1
                    )
                ),
                owner.place + 1
            FROM owner
            WHERE owner.user_id IS NOT NULL
                AND owner.place < $2
        )
        SELECT
            user_id AS "user_id!: Uuid",
            EXISTS (
                SELECT
                FROM history.tombstone t
                WHERE t.digest = history.erasure_digest(owner.user_id)
            ) AS "erased!"
        FROM owner
        WHERE place > 0
            AND user_id IS NOT NULL
        ORDER BY place
        "#,
        after.0,
        i32::try_from(limit).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await
}
