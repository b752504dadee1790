//! `auth.tombstone`, and the key that its digests are made with.

use chrono::{DateTime, Utc};
use kit::database::Pool;
use sqlx::PgConnection;

/// A keyed hash.
pub(crate) type Digest = [u8; 32];

/// The key of this database.
pub(crate) async fn key(pool: &Pool) -> sqlx::Result<Vec<u8>> {
    sqlx::query_scalar!(
        r#"
        SELECT key
        FROM auth.erasure_key
        "#
    )
    .fetch_one(pool)
    .await
}

/// When what has this digest was erased.
pub(crate) async fn find(db: &mut PgConnection, digest: &Digest) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"
        SELECT erased_at
        FROM auth.tombstone
        WHERE digest = $1
        "#,
        digest.as_ref(),
    )
    .fetch_optional(db)
    .await
}

/// Notes that these are erased; a note that is there stays as it is.
pub(crate) async fn insert(db: &mut PgConnection, digests: &[Digest]) -> sqlx::Result<()> {
    let digests = digests.iter().map(|digest| digest.to_vec()).collect::<Vec<_>>();
    sqlx::query!(
        r#"
        INSERT INTO auth.tombstone (digest)
        SELECT unnest($1::bytea[])
        ON CONFLICT ON CONSTRAINT tombstone_pkey DO NOTHING
        "#,
        &digests,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those of them that the database does not know.
pub(crate) async fn unknown(pool: &Pool, digests: &[Digest]) -> sqlx::Result<Vec<Digest>> {
    let digests = digests.iter().map(|digest| digest.to_vec()).collect::<Vec<_>>();
    let unknown = sqlx::query_scalar!(
        r#"
        SELECT noted.digest AS "digest!"
        FROM unnest($1::bytea[]) AS noted (digest)
        WHERE NOT EXISTS (SELECT FROM auth.tombstone t WHERE t.digest = noted.digest)
        "#,
        &digests,
    )
    .fetch_all(pool)
    .await?;
    Ok(unknown.into_iter().filter_map(|digest| digest.try_into().ok()).collect())
}

/// The next ones in their order.
pub(crate) async fn after(pool: &Pool, digest: &[u8], limit: i64) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        r#"
        SELECT digest
        FROM auth.tombstone
        WHERE digest > $1
        ORDER BY digest
        LIMIT $2
        "#,
        digest,
        limit,
    )
    .fetch_all(pool)
    .await
}
