//! Pools and migrations as a PostgreSQL that sleeps, moves and pools connections wants them (Neon).

use std::{future::Future, time::Duration};

use anyhow::{Context as _, bail};
use futures_util::FutureExt as _;
use proto::reason;
use secrecy::SecretString;
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, Row as _, migrate::Migrator, postgres::PgConnectOptions, raw_sql,
};

use self::{loss::is_outage, pool::options};
use crate::{config, error::Error};

mod again;
mod executor;
mod loss;
mod pool;
mod provision;
mod replica;
mod transaction;

use self::provision::{KEEPER_ROLE, PLAN_ONCE};
pub use self::{
    again::again_when_lost,
    executor::Anywhere,
    pool::Pool,
    provision::{OWNER_ROLE, SERVICE_ROLE, provision, provision_schema},
    replica::Replica,
    transaction::Transaction,
};

const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Longer than the wait for a connection and any healthy statement, shorter than the deadline of callers.
const DEADLINE: Duration = Duration::from_secs(12);
const START_PATIENCE: Duration = Duration::from_mins(1);

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
        refuse_unfit_role(service_url).await?;
    }
    match &database.direct_url {
        Some(owner_url) => migrate(owner_url, schema, migrator).await?,
        None => require_schema(service_url, schema).await?,
    }
    // A migration may have made the role from which ours must not inherit.
    if database.allow_bypass { Ok(()) } else { refuse_unfit_role(service_url).await }?;
    advise(service_url).await
}

/// Tells of what works, and would work better.
async fn advise(service_url: &SecretString) -> anyhow::Result<()> {
    let mut connection = connect_patiently(&options(service_url)?).await.context("DATABASE_URL")?;
    let row = raw_sql("SELECT current_user::text, current_setting('plan_cache_mode')");
    let row = row.fetch_one(&mut connection).await.context("asking the database about our role")?;
    connection.close().await?;
    let (role, mode): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    if mode != PLAN_ONCE {
        tracing::warn!(
            "the database plans many statements each time, which costs more than to run them; \
             ALTER ROLE {role} SET plan_cache_mode = '{PLAN_ONCE}' makes it plan them once"
        );
    }
    Ok(())
}

async fn refuse_unfit_role(service_url: &SecretString) -> anyhow::Result<()> {
    let mut connection = connect_patiently(&options(service_url)?).await.context("DATABASE_URL")?;
    // One message: a pooler in between could send the parts of a prepared statement to different servers.
    let row = raw_sql(AssertSqlSafe(format!(
        r"
        SELECT
            own.rolname::text, own.rolsuper OR own.rolbypassrls,
            keeper.oid IS NOT NULL AND pg_has_role(own.oid, keeper.oid, 'USAGE')
        FROM pg_catalog.pg_roles own
        LEFT JOIN pg_catalog.pg_roles keeper ON keeper.rolname = '{KEEPER_ROLE}'
        WHERE own.rolname = current_user
        "
    )))
    .fetch_one(&mut connection)
    .await
    .context("asking the database about our role")?;
    connection.close().await?;
    let (role, bypasses, inherits): (String, bool, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if bypasses {
        bail!(
            "the database role `{role}` bypasses row-level security, which keeps users apart. Let DATABASE_URL \
             log in as {SERVICE_ROLE} (CREATE ROLE {SERVICE_ROLE} LOGIN NOINHERIT NOBYPASSRLS PASSWORD '…') and give \
             the owner in DATABASE_DIRECT_URL"
        );
    }
    if inherits {
        bail!(
            "the database role `{role}` inherits from {KEEPER_ROLE}, for which no policy keeps users apart: \
             ALTER ROLE {SERVICE_ROLE} NOINHERIT, and from PostgreSQL 16 on \
             GRANT {KEEPER_ROLE} TO {SERVICE_ROLE} WITH INHERIT FALSE"
        );
    }
    Ok(())
}

async fn require_schema(service_url: &SecretString, schema: &'static str) -> anyhow::Result<()> {
    let mut connection = connect_patiently(&options(service_url)?).await.context("DATABASE_URL")?;
    let exists = AssertSqlSafe(format!("SELECT to_regnamespace('{schema}') IS NOT NULL"));
    let exists: bool = raw_sql(exists).fetch_one(&mut connection).await?.try_get(0)?;
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
            let message = match error {
                sqlx::Error::PoolTimedOut => "no connection to the database became free in time",
                _ => "the database is away",
            };
            let source = Some(error.into());
            let reason = reason::DATABASE_UNAVAILABLE;
            Self::Unavailable { reason, message, retry_after: RETRY_AFTER, source }
        } else {
            Self::internal(error)
        }
    }
}
