//! Connections as a database wants them that sleeps, moves and stands behind a pooler.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    AssertSqlSafe, Connection as _, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::shelf::{Shelf, TRUSTED};
use super::{
    loss::{Losses, given_up, is_lost},
    transaction::Transaction,
};
use crate::config::ConfigError;

mod listening;
mod shelf;

pub(super) use self::shelf::Lease;

/// A wait for a connection, long enough for a compute that wakes up.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(8);
/// A wait for a server that refuses or closes every connection, long enough for one that starts again.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(5);
/// The pool looks as often as that, so that a connection is idle for twice as long at most: below the 300 s after which
/// Neon suspends a compute, and ends whatever is connected.
const IDLE_TIMEOUT: Duration = Duration::from_secs(140);
const MAX_LIFETIME: Duration = Duration::from_mins(30);
/// So many connections are asked, after one was lost, before the next one is taken unasked.
const DOUBTED: usize = 3;
/// A connection that does not answer for so long is taken for dead.
const PING_PATIENCE: Duration = Duration::from_secs(2);

/// A pool that connects when first used and holds nothing while idle.
///
/// As an executor it takes single statements and sends each again, once, when its connection is lost: a statement that
/// is executed on a pool must be a read, or a write that changes nothing the second time.
#[derive(Debug, Clone)]
pub struct Pool {
    connections: sqlx::PgPool,
    shelf: Arc<Shelf>,
    losses: Arc<Losses>,
    prepares: bool,
}

impl Pool {
    /// `statement_cache` is how many prepared statements a connection keeps; with 0 nothing outlives a transaction, which
    /// is what poolers want that do not know prepared statements.
    ///
    /// # Errors
    /// When the URL cannot be parsed. It is never repeated in the error.
    pub fn open(
        url: &SecretString,
        application: &str,
        max_connections: u32,
        statement_cache: usize,
    ) -> Result<Self, ConfigError> {
        let losses = Arc::new(Losses::new());
        let seen = Arc::clone(&losses);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .min_connections(0)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(IDLE_TIMEOUT)
            .max_lifetime(MAX_LIFETIME)
            .test_before_acquire(false)
            .before_acquire(move |connection, past| {
                let doubtful = past.idle_for > TRUSTED || seen.since(past.idle_for);
                Box::pin(async move {
                    if !doubtful {
                        return Ok(true);
                    }
                    // A server that has gone without a word would keep us waiting.
                    let answer = timeout(PING_PATIENCE, connection.ping()).await;
                    answer.map(|answer| answer.is_ok()).map_err(|elapsed| sqlx::Error::Io(elapsed.into()))
                })
            });
        let options = options(url)?.application_name(application).statement_cache_capacity(statement_cache);
        let (connections, shelf) = (pool.connect_lazy_with(options), Shelf::new(max_connections));
        Ok(Self { connections, shelf, losses, prepares: statement_cache > 0 })
    }

    /// A connection that was alive a moment ago. Servers that wake or start again are waited for.
    pub(super) async fn acquire(&self) -> sqlx::Result<Lease> {
        let place = self.shelf.place(ACQUIRE_TIMEOUT).await?;
        match self.shelf.take(place, |idle_for| self.losses.since(idle_for)) {
            Ok(lease) => Ok(lease),
            Err(place) => Ok(self.shelf.lease(place, Box::pin(self.connect()).await?)),
        }
    }

    async fn connect(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        let give_up = Instant::now() + REFUSAL_PATIENCE;
        let mut pause = Duration::from_millis(50);
        loop {
            let error = match self.connect_until(give_up).await {
                Err(error) if is_lost(&error) => error,
                done => return done,
            };
            // Proxies close connections to a compute that is not up yet.
            if Instant::now() + pause >= give_up {
                return Err(given_up(error));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// The same, and it has answered since: a server that ends its connections also ends those that are just being made.
    pub(super) async fn acquire_alive(&self) -> sqlx::Result<Lease> {
        for _ in 0..DOUBTED {
            let mut lease = self.acquire().await?;
            if timeout(PING_PATIENCE, lease.ping()).await.is_ok_and(|answer| answer.is_ok()) {
                return Ok(lease);
            }
            lease.close();
        }
        self.acquire().await
    }

    /// Waits beyond `give_up` for a server that is there and does not answer, but not for one that refuses.
    async fn connect_until(&self, give_up: Instant) -> sqlx::Result<PoolConnection<Postgres>> {
        let mut connecting = std::pin::pin!(self.connections.acquire());
        match timeout_at(give_up, &mut connecting).await {
            Ok(done) => done,
            Err(_) => match listening::refusal(&self.connections.connect_options()).await {
                Some(refusal) => Err(refusal.into()),
                None => connecting.await,
            },
        }
    }

    /// Opens a transaction with these statements, in one round trip. They must change nothing, for they are sent again
    /// when the connection turns out to be dead, and hold nothing that a user has typed.
    ///
    /// # Errors
    /// When the database is away or refuses them.
    pub async fn begin(&self, statements: &str) -> sqlx::Result<Transaction> {
        match self.begin_on(self.acquire().await?, statements).await {
            Err(error) if self.notices_loss(&error) => self.begin_on(self.acquire().await?, statements).await,
            done => done,
        }
    }

    pub(super) async fn begin_on(&self, lease: Lease, statements: &str) -> sqlx::Result<Transaction> {
        // Statements that wait for a lock must see what was committed meanwhile, whatever the database's default is.
        // Without a cache sqlx leaves its statements behind on the server. Behind a pooler that server may have been
        // another client's before, and then has statements of the same names.
        let forget = if self.prepares { "" } else { "DEALLOCATE ALL; " };
        let begin = AssertSqlSafe(format!("BEGIN ISOLATION LEVEL READ COMMITTED; {forget}{statements}"));
        Transaction::begin(lease, begin).await
    }

    /// Whether a statement must run in a transaction, so that a pooler sends all its parts to one server.
    pub(super) fn pins_statements(&self) -> bool {
        !self.prepares
    }

    /// Whether the connection was lost. From then on those that were idle before are looked at before use.
    pub(super) fn notices_loss(&self, error: &sqlx::Error) -> bool {
        let lost = is_lost(error);
        if lost {
            self.losses.note();
            metrics::counter!("database_connections_lost_total").increment(1);
            tracing::info!(%error, "a connection to the database was lost");
        }
        lost
    }
}

pub(super) fn options(url: &SecretString) -> Result<PgConnectOptions, ConfigError> {
    // The parser's own message may quote the password.
    let options = PgConnectOptions::from_str(url.expose_secret())
        .map_err(|_| ConfigError::new("the database URL cannot be parsed"))?;
    // Means nothing to us, and poolers refuse what they do not know.
    Ok(options.extra_float_digits(None))
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgSslMode;

    use super::*;

    fn mode(parameters: &str) -> PgSslMode {
        let url = format!("postgres://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech/neondb{parameters}");
        options(&url.into()).unwrap().get_ssl_mode()
    }

    #[tokio::test]
    async fn an_idle_pool_keeps_no_compute_awake() {
        let pool = Pool::open(&"postgres://u:p@localhost/d".into(), "test", 3, 100).unwrap();
        let options = pool.connections.options();
        assert_eq!((options.get_min_connections(), pool.connections.size()), (0, 0));
        assert!(options.get_idle_timeout().unwrap() * 2 < Duration::from_mins(5));
        assert!(options.get_acquire_timeout() < super::super::DEADLINE);
    }

    #[test]
    fn urls_are_taken_as_neon_gives_them() {
        assert!(matches!(mode("?sslmode=require&channel_binding=require"), PgSslMode::Require));
        assert!(matches!(mode("?sslmode=verify-full"), PgSslMode::VerifyFull));
        assert!(matches!(
            mode("?channel_binding=require&sslmode=verify-full&connect_timeout=10"),
            PgSslMode::VerifyFull
        ));
    }

    #[test]
    fn a_url_that_cannot_be_parsed_is_not_repeated() {
        for url in ["postgres://u:secret@host:port/d", "postgres://u:secret@h/d?sslmode=sometimes", "secret"] {
            let problem = options(&url.into()).unwrap_err().to_string();
            assert!(!problem.contains("secret") && !problem.contains("sometimes"), "{problem}");
        }
    }
}
