//! A replica that answers reads in the primary's place, and never with less than the primary would have.

use std::time::Duration;

use sqlx::{PgConnection, Row as _, postgres::PgRow};
use tokio::time::{Instant, sleep, timeout};

use self::{index::ReadIndex, rest::Rest};
use super::{
    executor::{Answer, Statement},
    pool::Pool,
};

mod index;
mod rest;

/// A wait for a connection, or for a position; one that takes longer is no help.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
/// A wait for what was committed a moment ago to arrive.
const LAG_PATIENCE: Duration = Duration::from_millis(100);
const LAG_PAUSE: Duration = Duration::from_millis(4);
/// A wait for the answer. The primary must still have time for its own.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

/// How far it has come, as a distance from the first position that there is. Nothing from a server that is no replica,
/// or to a role that no policy binds.
const REPLAYED: &str = r"
    SELECT CASE
        WHEN pg_catalog.pg_is_in_recovery()
                AND NOT EXISTS (
                    SELECT
                    FROM pg_catalog.pg_roles
                    WHERE rolname = current_user
                        AND (rolsuper OR rolbypassrls)
                )
            THEN (pg_catalog.pg_last_wal_replay_lsn() OPERATOR(pg_catalog.-) '0/0'::pg_lsn)::bigint
    END
";

/// A replica of the database, which may be used or not without anybody noticing.
///
/// Before it answers, the primary is asked how far it has come, at a moment after the read arrived; the replica answers
/// once it has come as far. So a read finds whatever was committed before it began, by whichever process. One question
/// to the primary serves all reads that wait for the next one. What the replica cannot do in time, the primary does.
#[derive(Debug)]
pub struct Replica {
    pool: Pool,
    index: ReadIndex,
    rest: Rest,
}

/// Why the primary has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    /// It is away, or too slow to be of use.
    Away,
    /// What was committed has not arrived yet.
    Lagging,
    /// It is a primary itself, and may have gone another way than ours; or our role is not bound there.
    NoReplica,
    /// The primary does not say how far it has come.
    Unknown,
}

impl Unfit {
    fn word(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Lagging => "lagging",
            Self::NoReplica => "no_replica",
            Self::Unknown => "primary_away",
        }
    }
}

impl From<sqlx::Error> for Unfit {
    fn from(error: sqlx::Error) -> Self {
        tracing::debug!(%error, "the read replica failed");
        Self::Away
    }
}

impl From<tokio::time::error::Elapsed> for Unfit {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Away
    }
}

impl Replica {
    /// A replica behind this pool.
    pub fn new(pool: Pool) -> Self {
        Self { pool, index: ReadIndex::default(), rest: Rest::new() }
    }

    /// The answer, if the replica has it. None when the primary is to be asked.
    pub(super) async fn answer(&self, primary: &Pool, statement: Statement) -> Option<Answer> {
        if self.rest.goes_on() {
            count("resting");
            return None;
        }
        match self.attempt(primary, statement).await {
            Ok(answer) => {
                count("answered");
                Some(answer)
            }
            Err(unfit) => {
                count(unfit.word());
                self.rest.after(unfit);
                None
            }
        }
    }

    async fn attempt(&self, primary: &Pool, statement: Statement) -> Result<Answer, Unfit> {
        if self.pool.pins_statements() {
            let (transaction, wanted) =
                tokio::join!(timeout(CONNECT_PATIENCE, self.pool.begin("")), self.index.learn(primary));
            let (mut transaction, wanted) = (transaction??, wanted.ok_or(Unfit::Unknown)?);
            let replayed = timeout(CONNECT_PATIENCE, replayed(&mut transaction)).await??;
            read(&mut transaction, statement, replayed, wanted).await
        } else {
            let held = async {
                let mut connection = self.pool.acquire().await?;
                let replayed = replayed(&mut connection).await?;
                Ok::<_, Unfit>((connection, replayed))
            };
            let (held, wanted) = tokio::join!(timeout(CONNECT_PATIENCE, held), self.index.learn(primary));
            let ((mut connection, replayed), wanted) = (held??, wanted.ok_or(Unfit::Unknown)?);
            read(&mut connection, statement, replayed, wanted).await
        }
    }
}

/// Waits until the replica has come as far as is `wanted`, and reads.
async fn read(
    connection: &mut PgConnection,
    statement: Statement,
    mut reached: i64,
    wanted: i64,
) -> Result<Answer, Unfit> {
    let give_up = Instant::now() + LAG_PATIENCE;
    while reached < wanted {
        if Instant::now() >= give_up {
            return Err(Unfit::Lagging);
        }
        sleep(LAG_PAUSE).await;
        reached = timeout(CONNECT_PATIENCE, replayed(connection)).await??;
    }
    Ok(timeout(ANSWER_PATIENCE, statement.run(connection)).await??)
}

async fn replayed(connection: &mut PgConnection) -> Result<i64, Unfit> {
    let answer = Statement::plain(REPLAYED).run(connection).await?;
    position(&answer)?.ok_or(Unfit::NoReplica)
}

/// The one value of an answer.
fn position(answer: &Answer) -> sqlx::Result<Option<i64>> {
    let row: Option<&PgRow> = answer.iter().find_map(|step| step.as_ref().right());
    row.map_or(Err(sqlx::Error::RowNotFound), |row| row.try_get(0))
}

fn count(outcome: &'static str) {
    metrics::counter!("database_replica_reads_total", "outcome" => outcome).increment(1);
}
