//! `history.run_event`, as the user of the run.

use kit::caller::UserId;
use sqlx::PgConnection;

use crate::{id::RunId, run::Events};

/// What the agent said, batch by batch.
pub(crate) async fn events(db: &mut PgConnection, user: UserId, run: RunId) -> sqlx::Result<Vec<Events>> {
    sqlx::query_as!(
        Events,
        r#"
        SELECT position, count, payload
        FROM history.run_event
        WHERE user_id = $1
            AND run_id = $2
        ORDER BY position
        "#,
        user.0,
        run.0,
    )
    .fetch_all(db)
    .await
}
