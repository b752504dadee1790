//! What comes before the end of a run: that it is asked for, or that nobody holds the run any more.

use kit::caller::UserId;
use sqlx::PgConnection;

use crate::id::RunId;

/// Asks for the end of a running run. Whether its lease has run out, by the database's clock; none when there is no
/// such run.
pub(crate) async fn request_cancel(db: &mut PgConnection, user: UserId, id: RunId) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"
        UPDATE history.run AS r
        SET cancel_requested_at = COALESCE(r.cancel_requested_at, statement_timestamp())
        WHERE r.user_id = $1
            AND r.run_id = $2
            AND r.status = 'running'
            AND EXISTS (
                SELECT
                FROM history.conversation c
                WHERE c.user_id = r.user_id
                    AND c.conversation_id = r.conversation_id
            )
        RETURNING r.lease_expires_at <= statement_timestamp() AS "expired!"
        "#,
        user.0,
        id.0,
    )
    .fetch_optional(db)
    .await
}

/// Takes a run whose lease has run out away from whoever had it, or one that is `unheld` for certain. The fence under which
/// it is held now; none when there is no such run.
pub(crate) async fn take_abandoned(
    db: &mut PgConnection,
    user: UserId,
    id: RunId,
    unheld: bool,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"
        UPDATE history.run AS r
        SET fence = r.fence + 1
        WHERE r.user_id = $1
            AND r.run_id = $2
            AND r.status = 'running'
            AND ($3 OR r.lease_expires_at <= statement_timestamp())
            AND EXISTS (
                SELECT
                FROM history.conversation c
                WHERE c.user_id = r.user_id
                    AND c.conversation_id = r.conversation_id
            )
        RETURNING r.fence
        "#,
        user.0,
        id.0,
        unheld,
    )
    .fetch_optional(db)
    .await
}
