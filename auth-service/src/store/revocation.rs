//! The moments before which credentials were issued too early: of a user, and of one session in
//! `auth.revoked_session`. They never move back.

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use sqlx::PgPool;

const NO_SUCH_USER: &str = "revoked_session_user_id_fkey";

/// Revokes everything of a user; the moment, or None when there is no such user.
pub(crate) async fn of_user(pool: &PgPool, id: UserId) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"
        UPDATE auth.user
        SET tokens_not_before = GREATEST(tokens_not_before, now())
        WHERE user_id = $1
        RETURNING tokens_not_before AS "not_before!"
        "#,
        id.0,
    )
    .fetch_optional(pool)
    .await
}

/// Revokes one session of a user; the moment, or None when there is no such user.
pub(crate) async fn of_session(pool: &PgPool, id: UserId, session_id: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
    let revoked = sqlx::query_scalar!(
        r#"
        INSERT INTO auth.revoked_session AS s (user_id, session_id, not_before)
        VALUES ($1, $2, now())
        ON CONFLICT ON CONSTRAINT revoked_session_pkey DO UPDATE
        SET not_before = GREATEST(s.not_before, excluded.not_before)
        RETURNING not_before
        "#,
        id.0,
        session_id,
    )
    .fetch_one(pool)
    .await;
    match revoked {
        Ok(not_before) => Ok(Some(not_before)),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(NO_SUCH_USER) => Ok(None),
        Err(error) => Err(error),
    }
}
