//! The two roles and the database that the services want, made on a cluster of our own.

use anyhow::Context as _;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use super::options;

/// Owns the tables and runs migrations.
pub const OWNER_ROLE: &str = "colloquy_owner";
/// What the services log in as: it owns nothing, and row-level security holds for it.
pub const SERVICE_ROLE: &str = "colloquy_service";
/// What the history service becomes for a transaction that spans users. Nobody may inherit from it.
pub(super) const KEEPER_ROLE: &str = "colloquy_keeper";
/// How statements are planned: once, whatever their parameters are.
pub(super) const PLAN_ONCE: &str = "force_generic_plan";

/// Makes the roles and the database unless they are there, and sets the passwords.
///
/// # Errors
/// When a password is not plain letters and digits, or the superuser cannot do it.
pub async fn provision(
    superuser_url: &SecretString,
    database: &str,
    owner_password: &str,
    service_password: &str,
) -> anyhow::Result<()> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    anyhow::ensure!(
        [database, owner_password, service_password].into_iter().all(plain),
        "names and passwords must be letters, digits and underscores"
    );
    // The statements hold passwords: none may reach a log.
    let options = options(superuser_url)?.disable_statement_logging();
    let mut connection = PgConnection::connect_with(&options).await.context("connecting as superuser")?;
    let roles = [
        (OWNER_ROLE, "CREATEROLE NOINHERIT", owner_password),
        (SERVICE_ROLE, "NOCREATEROLE NOINHERIT NOBYPASSRLS", service_password),
    ];
    for (role, attributes, password) in roles {
        let exists = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)";
        let exists: bool = sqlx::query_scalar(exists).bind(role).fetch_one(&mut connection).await?;
        let verb = if exists { "ALTER" } else { "CREATE" };
        let statement = format!("{verb} ROLE {role} LOGIN {attributes} PASSWORD '{password}'");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    // Statements are prepared once and planned once: with optional filters in them, PostgreSQL would plan them each time,
    // which costs more than to run them.
    let plan_once = format!("ALTER ROLE {SERVICE_ROLE} SET plan_cache_mode = '{PLAN_ONCE}'");
    sqlx::raw_sql(AssertSqlSafe(plan_once)).execute(&mut connection).await?;
    let exists = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)";
    let exists: bool = sqlx::query_scalar(exists).bind(database).fetch_one(&mut connection).await?;
    if !exists {
        let statement = format!("CREATE DATABASE {database} OWNER {OWNER_ROLE}");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}
