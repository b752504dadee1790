//! How far the primary has come.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::{sync::Mutex, time::timeout};

use super::{CONNECT_PATIENCE, position};
use crate::database::{executor::Statement, pool::Pool};

/// Whatever was acknowledged lies before this position. A commit is acknowledged when it is flushed, or, where that is
/// switched off, when it is written to memory; the replica gets it after its flush in any case.
const COMMITTED: &str = r"
    SELECT (
        CASE
            WHEN pg_catalog.current_setting('synchronous_commit') = 'off' THEN pg_catalog.pg_current_wal_insert_lsn()
            ELSE pg_catalog.pg_current_wal_flush_lsn()
        END OPERATOR(pg_catalog.-) '0/0'::pg_lsn
    )::bigint
";

/// Asks the primary in rounds, one at a time. A round serves those who came before it began.
#[derive(Debug, Default)]
pub(super) struct ReadIndex {
    begun: AtomicU64,
    last: Mutex<Round>,
}

#[derive(Debug, Default)]
struct Round {
    number: u64,
    position: Option<i64>,
}

impl ReadIndex {
    /// Where the primary stood at some moment after this was called. None when it does not say.
    pub(super) async fn learn(&self, primary: &Pool) -> Option<i64> {
        let arrived = self.begun.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if last.number <= arrived {
            // Counted first: whoever comes from now on waits for the next, also when this one is given up.
            let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            // Who cannot be served so has still to ask the primary itself.
            let answer = timeout(CONNECT_PATIENCE, primary.run(Statement::plain(COMMITTED))).await;
            let position = answer.ok().and_then(|answer| position(&answer.ok()?).ok()?);
            *last = Round { number, position };
        }
        last.position
    }
}
