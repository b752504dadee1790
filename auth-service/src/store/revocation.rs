//! The moments before which credentials were issued too early: of a user, and of one session in
//! `auth.revoked_session`. They never move back.

use chrono::{DateTime, Utc};
use kit::{caller::UserId, database::Pool};

/// How many sessions of one user are kept apart. Sessions can be made up, even by the user themself.
const MOST_SESSIONS: i64 = 1_000;

/// Revokes everything of a user; the moment, or None when there is no such user. It covers their sessions too.
pub(crate) async fn of_user(pool: &Pool, id: UserId) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"
        WITH covered AS (DELETE FROM auth.revoked_session WHERE user_id = $1 AND not_before <= now())
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

/// Revokes one session of a user; the moment, or None when there is no such user or no place for another session.
pub(crate) async fn of_session(pool: &Pool, id: UserId, session_id: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"
        INSERT INTO auth.revoked_session AS s (user_id, session_id, not_before)
        SELECT u.user_id, $2, now()
        FROM auth.user AS u
        WHERE u.user_id = $1
            AND (SELECT count(*) FROM auth.revoked_session WHERE user_id = $1 AND session_id <> $2) < $3
        ON CONFLICT ON CONSTRAINT revoked_session_pkey DO UPDATE
        SET not_before = GREATEST(s.not_before, excluded.not_before)
        RETURNING not_before
        "#,
        id.0,
        session_id,
        MOST_SESSIONS,
    )
    .fetch_optional(pool)
    .await
}
