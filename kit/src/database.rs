//! Pools and migrations as a PostgreSQL that sleeps, moves and pools connections wants them (Neon).

use std::{future::Future, str::FromStr as _, time::Duration};

use anyhow::{Context as _, bail};
use futures_util::FutureExt as _;
use proto::reason;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    Connection as _, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    config::{self, ConfigError},
    error::Error,
};

mod provision;

pub use self::provision::{OWNER_ROLE, SERVICE_ROLE, provision};

/// A wait for a connection, long enough for a compute that wakes up.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(8);
/// Below the 300 s after which Neon suspends, so that idle connections never keep it awake.
const IDLE_TIMEOUT: Duration = Duration::from_mins(4);
const MAX_LIFETIME: Duration = Duration::from_mins(30);
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Longer than the wait for a connection and any healthy statement, shorter than the deadline of callers.
const DEADLINE: Duration = Duration::from_secs(12);
const START_PATIENCE: Duration = Duration::from_mins(1);

/// A pool that connects when first used and holds nothing while idle.
///
/// # Errors
/// When the URL cannot be parsed. It is never repeated in the error.
pub fn pool(url: &SecretString, application: &str, max_connections: u32) -> Result<PgPool, ConfigError> {
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .min_connections(0)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .max_lifetime(MAX_LIFETIME);
    Ok(pool.connect_lazy_with(options(url)?.application_name(application)))
}

fn options(url: &SecretString) -> Result<PgConnectOptions, ConfigError> {
    // The parser's own message may quote the password.
    PgConnectOptions::from_str(url.expose_secret()).map_err(|_| ConfigError::new("the database URL cannot be parsed"))
}

/// Brings a schema up to date, as the owner of its tables. Waits a while for a database that is starting.
///
/// # Errors
/// When the database stays away, or a migration fails or was changed after it ran.
pub async fn migrate(url: &SecretString, schema: &'static str, mut migrator: Migrator) -> anyhow::Result<()> {
    migrator.dangerous_set_table_name(format!("{schema}._sqlx_migrations"));
    migrator.create_schema(schema);
    let mut connection = connect_patiently(&options(url)?).await.context("migrations need the database")?;
    // What `run` does, less a bound that would make this future impossible to spawn.
    let outcome = migrator.run_direct(None, &mut connection, false).await;
    outcome.with_context(|| format!("migrating schema {schema}"))?;
    connection.close().await?;
    Ok(())
}

async fn connect_patiently(options: &PgConnectOptions) -> anyhow::Result<PgConnection> {
    let give_up = tokio::time::Instant::now() + START_PATIENCE;
    let mut pause = Duration::from_millis(100);
    loop {
        let attempt = tokio::time::timeout_at(give_up, PgConnection::connect_with(options)).await;
        let error = match attempt {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) if is_outage(&error) => error,
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => bail!("no connection within {}", humantime::format_duration(START_PATIENCE)),
        };
        tracing::warn!(%error, "the database is away, trying again");
        tokio::time::timeout_at(give_up, tokio::time::sleep(pause)).await.map_err(|_| error)?;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// Sees to it that a service can work: its role is bound by row-level security, and its schema is there.
///
/// The role is looked at first, so that nothing is made as a role that is refused afterwards. Migrations run when
/// their owner is known; a deployment that migrates in a step of its own does not tell.
///
/// # Errors
/// When the role bypasses row-level security, the schema is missing, or the database stays away.
pub async fn prepare(
    service_url: &SecretString,
    database: &config::Database,
    schema: &'static str,
    migrator: Migrator,
) -> anyhow::Result<()> {
    if !database.allow_bypass {
        refuse_bypassing_role(service_url).await?;
    }
    match &database.direct_url {
        Some(owner_url) => migrate(owner_url, schema, migrator).await,
        None => require_schema(service_url, schema).await,
    }
}

async fn refuse_bypassing_role(service_url: &SecretString) -> anyhow::Result<()> {
    let mut connection = connect_patiently(&options(service_url)?).await.context("DATABASE_URL")?;
    let (role, bypasses): (String, bool) = sqlx::query_as(
        r"
        SELECT rolname::text, rolsuper OR rolbypassrls
        FROM pg_catalog.pg_roles
        WHERE rolname = current_user
        ",
    )
    .fetch_one(&mut connection)
    .await
    .context("asking the database about our role")?;
    connection.close().await?;
    if bypasses {
        bail!(
            "the database role `{role}` bypasses row-level security, which keeps users apart. Let DATABASE_URL \
             log in as {SERVICE_ROLE} (CREATE ROLE {SERVICE_ROLE} LOGIN NOINHERIT NOBYPASSRLS PASSWORD '…') and give \
             the owner in DATABASE_DIRECT_URL"
        );
    }
    Ok(())
}

async fn require_schema(service_url: &SecretString, schema: &str) -> anyhow::Result<()> {
    let mut connection = connect_patiently(&options(service_url)?).await.context("DATABASE_URL")?;
    let exists = "SELECT to_regnamespace($1) IS NOT NULL";
    let exists: bool = sqlx::query_scalar(exists).bind(schema).fetch_one(&mut connection).await?;
    connection.close().await?;
    if !exists {
        bail!(
            "the database has no schema `{schema}`: give the owner of the tables in DATABASE_DIRECT_URL, so that it is made"
        );
    }
    Ok(())
}

/// A use case on the database, within the deadline that every answer has.
pub fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> impl Future<Output = Result<T, Error>> {
    let late = |elapsed: tokio::time::error::Elapsed| Error::Unavailable {
        reason: reason::DATABASE_UNAVAILABLE,
        message: "the database did not answer in time",
        retry_after: RETRY_AFTER,
        source: Some(elapsed.into()),
    };
    // No `async fn`, which would keep room for `work` twice.
    tokio::time::timeout(DEADLINE, work).map(move |done| done.unwrap_or_else(|elapsed| Err(late(elapsed))))
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) {
            let source = Some(error.into());
            let (reason, message) = (reason::DATABASE_UNAVAILABLE, "the database is away");
            Self::Unavailable { reason, message, retry_after: RETRY_AFTER, source }
        } else {
            Self::internal(error)
        }
    }
}

/// Whether the server was not there, as opposed to having refused a statement.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection exceptions, too many connections, shutdown and start-up (PostgreSQL, appendix A).
            code.starts_with("08") || ["53300", "57P01", "57P02", "57P03"].contains(&&*code)
        }),
        _ => false,
    }
}
