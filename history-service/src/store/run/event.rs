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

/// Adds the last batch where others were written before, and so somebody may follow. Whether there are batches.
pub(crate) async fn append_rest(
    db: &mut PgConnection,
    user: UserId,
    run: RunId,
    rest: Option<&Events>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        WITH before AS MATERIALIZED (
            SELECT EXISTS (
                SELECT
                FROM history.run_event
                WHERE user_id = $1
                    AND run_id = $2
            ) AS written
        ),
        rest AS (
            INSERT INTO history.run_event AS e (run_id, user_id, position, count, payload)
            SELECT $2, $1, $3::bigint, $4::integer, $5::bytea
            FROM before
            WHERE before.written
                AND $3 IS NOT NULL
            ON CONFLICT ON CONSTRAINT run_event_pkey DO UPDATE
            SET count = excluded.count,
                payload = excluded.payload
            WHERE e.count < excluded.count
        )
        SELECT written AS "written!"
        FROM before
        "#,
        user.0,
        run.0,
        rest.map(|rest| rest.position),
        rest.map(|rest| rest.count),
        rest.map(|rest| rest.payload.as_slice()),
    )
    .fetch_one(db)
    .await
}
