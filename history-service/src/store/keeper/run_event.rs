//! `history.run_event`: what agents of many users say, who reads it elsewhere, and when it goes.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    id::RunId,
    run::{Batch, Place},
};

/// What became of batches.
#[derive(Debug)]
pub(crate) struct Appended {
    /// Runs that have ended, or were taken away from whoever sent a batch: it was left out.
    pub(crate) lost: Vec<Uuid>,
    /// Running runs that are to be stopped.
    pub(crate) cancelled: Vec<Uuid>,
}

/// A batch of somebody's run, or how far the run has come.
#[derive(Debug)]
pub(crate) struct Found {
    /// Which question it answers, from 1.
    pub(crate) question: i64,
    pub(crate) ended: bool,
    pub(crate) position: Option<i64>,
    pub(crate) count: Option<i32>,
    /// None where it is too much for once.
    pub(crate) payload: Option<Vec<u8>>,
}

/// Keeps batches of runs that are held under their fences, and renews leases.
///
/// Whoever ends a run waits for this, or this waits and then finds the run ended. Runs are held in the order of their ids
/// and nothing else is waited for, so that nobody waits in a circle: a message that somebody changes stays `pending`.
pub(crate) async fn append(db: &mut PgConnection, batches: &[Batch], lease: f64) -> sqlx::Result<Appended> {
    let runs: Vec<Uuid> = batches.iter().map(|batch| batch.run.0).collect();
    let users: Vec<Uuid> = batches.iter().map(|batch| batch.user.0).collect();
    let fences: Vec<i64> = batches.iter().map(|batch| batch.fence).collect();
    let renewals: Vec<bool> = batches.iter().map(|batch| batch.renew).collect();
    let events = || batches.iter().map(|batch| batch.events.as_ref());
    let positions: Vec<Option<i64>> = events().map(|events| events.map(|events| events.position)).collect();
    let counts: Vec<Option<i32>> = events().map(|events| events.map(|events| events.count)).collect();
    let payloads: Vec<Option<&[u8]>> = events().map(|events| events.map(|events| events.payload.as_slice())).collect();
    sqlx::query_as!(
        Appended,
        r#"
        WITH fenced AS MATERIALIZED (
            SELECT r.run_id, r.user_id, r.message_id, r.status, b.renew, b.position, b.count, b.payload
            FROM unnest(
                $1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::bigint[], $6::integer[], $7::bytea[]
            ) AS b (run_id, user_id, fence, renew, position, count, payload)
            JOIN history.run r
                ON r.user_id = b.user_id
                AND r.run_id = b.run_id
            WHERE r.fence = b.fence
            ORDER BY r.run_id
            FOR NO KEY UPDATE OF r
        ),
        held AS (
            SELECT run_id, user_id, message_id, renew, position, count, payload
            FROM fenced
            WHERE status = 'running'
        ),
        kept AS (
            INSERT INTO history.run_event AS e (run_id, user_id, position, count, payload)
            SELECT run_id, user_id, position, count, payload
            FROM held
            WHERE count IS NOT NULL
            ON CONFLICT ON CONSTRAINT run_event_pkey DO UPDATE
            SET count = excluded.count,
                payload = excluded.payload
            WHERE e.count < excluded.count
        ),
        renewed AS (
            UPDATE history.run AS r
            SET lease_expires_at = statement_timestamp() + make_interval(secs => $8)
            FROM held
            WHERE held.renew
                AND r.run_id = held.run_id
                AND r.user_id = held.user_id
        ),
        pending AS MATERIALIZED (
            SELECT m.message_id, m.user_id
            FROM held
            JOIN history.message m
                ON m.user_id = held.user_id
                AND m.message_id = held.message_id
            WHERE held.position = 0
                AND m.status = 'pending'
            FOR NO KEY UPDATE OF m SKIP LOCKED
        ),
        streaming AS (
            UPDATE history.message AS m
            SET status = 'streaming'
            FROM pending
            WHERE m.user_id = pending.user_id
                AND m.message_id = pending.message_id
        )
        SELECT
            ARRAY(
                SELECT run_id
                FROM unnest($1) AS b (run_id)
                WHERE run_id NOT IN (SELECT run_id FROM held)
            ) AS "lost!",
            ARRAY(
                SELECT run_id
                FROM history.run
                WHERE status = 'running'
                    AND cancel_requested_at IS NOT NULL
            ) AS "cancelled!"
        "#,
        &runs,
        &users,
        &fences,
        &renewals,
        &positions as _,
        &counts as _,
        &payloads as _,
        lease,
    )
    .fetch_one(db)
    .await
}

/// What there is of runs from these places on: at most so many batches each, and in all so many bytes but for the batch
/// that is too much. Nothing for a run that is not there, or not for its user any more.
pub(crate) async fn tails(
    db: &mut PgConnection,
    places: &[Place],
    batches: i64,
    bytes: i64,
) -> sqlx::Result<Vec<Found>> {
    let runs: Vec<Uuid> = places.iter().map(|place| place.run.0).collect();
    let users: Vec<Uuid> = places.iter().map(|place| place.user.0).collect();
    let positions: Vec<i64> = places.iter().map(|place| place.position).collect();
    sqlx::query_as!(
        Found,
        r#"
        WITH found AS (
            SELECT
                asked.question, r.ended, e.position, e.count, e.payload,
                sum(octet_length(e.payload)) OVER (ORDER BY asked.question, e.position) - octet_length(e.payload)
                    AS bytes_before
            FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
                WITH ORDINALITY AS asked (run_id, user_id, position, question)
            CROSS JOIN LATERAL (
                SELECT o.run_id, o.user_id, o.status <> 'running' AS ended
                FROM history.run o
                JOIN history.conversation c
                    ON c.user_id = o.user_id
                    AND c.conversation_id = o.conversation_id
                WHERE o.user_id = asked.user_id
                    AND o.run_id = asked.run_id
                    AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
                LIMIT 1
            ) r
            LEFT JOIN LATERAL (
                SELECT position, count, payload
                FROM history.run_event
                WHERE user_id = r.user_id
                    AND run_id = r.run_id
                    AND position >= COALESCE((
                        SELECT max(b.position)
                        FROM history.run_event b
                        WHERE b.user_id = r.user_id
                            AND b.run_id = r.run_id
                            AND b.position <= asked.position
                    ), 0)
                    AND position + count > asked.position
                ORDER BY position
                LIMIT $4
            ) e ON true
        )
        SELECT
            question AS "question!", ended AS "ended!", position AS "position?", count AS "count?",
            CASE WHEN bytes_before < $5 THEN payload END AS "payload?"
        FROM found
        ORDER BY question, position
        "#,
        &runs,
        &users,
        &positions,
        batches,
        bytes,
    )
    .fetch_all(db)
    .await
}

/// Forgets the batches of at most so many runs that ended so many seconds ago. How many there were.
///
/// It jumps from run to run, however many batches each has. What somebody else is taking away is left to them.
pub(crate) async fn forget(db: &mut PgConnection, seconds: f64, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"
        WITH RECURSIVE present AS (
            (
                SELECT run_id, user_id
                FROM history.run_event
                ORDER BY run_id
                LIMIT 1
            )
            UNION ALL
            SELECT next.run_id, next.user_id
            FROM present
            CROSS JOIN LATERAL (
                SELECT run_id, user_id
                FROM history.run_event
                WHERE run_id > present.run_id
                ORDER BY run_id
                LIMIT 1
            ) next
        ),
        ended AS MATERIALIZED (
            SELECT r.run_id, r.user_id
            FROM present
            JOIN history.run r
                ON r.user_id = present.user_id
                AND r.run_id = present.run_id
            WHERE r.finished_at <= statement_timestamp() - make_interval(secs => $1)
            LIMIT $2
            FOR NO KEY UPDATE OF r SKIP LOCKED
        ),
        forgotten AS (
            DELETE FROM history.run_event AS e
            USING ended
            WHERE e.user_id = ended.user_id
                AND e.run_id = ended.run_id
        )
        SELECT count(*) AS "count!"
        FROM ended
        "#,
        seconds,
        limit,
    )
    .fetch_one(db)
    .await
}

/// A running run, and how long somebody holds it yet.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) run: RunId,
    pub(crate) user: Uuid,
    /// By the database's clock; the lease has run out when it is not positive.
    pub(crate) seconds: f64,
}

/// The running runs whose leases run out first. Those of conversations that have expired go with these.
pub(crate) async fn running(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Held>> {
    sqlx::query_as!(
        Held,
        r#"
        WITH running AS MATERIALIZED (
            SELECT run_id, user_id, conversation_id, lease_expires_at
            FROM history.run
            WHERE status = 'running'
        )
        SELECT
            r.run_id AS "run: RunId", r.user_id AS "user",
            EXTRACT(EPOCH FROM r.lease_expires_at - statement_timestamp())::double precision AS "seconds!"
        FROM running r
        CROSS JOIN LATERAL (
            SELECT
            FROM history.conversation
            WHERE user_id = r.user_id
                AND conversation_id = r.conversation_id
                AND (expires_at IS NULL OR expires_at > statement_timestamp())
            LIMIT 1
        ) c
        ORDER BY r.lease_expires_at
        LIMIT $1
        "#,
        limit,
    )
    .fetch_all(db)
    .await
}
