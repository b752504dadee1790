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
    let mut connection = connect(superuser_url, [database, owner_password, service_password]).await?;
    let roles = [
        (OWNER_ROLE, "CREATEROLE NOINHERIT", owner_password),
        (SERVICE_ROLE, "NOCREATEROLE NOINHERIT NOBYPASSRLS", service_password),
    ];
    for (role, attributes, password) in roles {
        make_role(&mut connection, role, attributes, password).await?;
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

/// Makes a role that owns one schema of this database and nothing else, unless both are there, and sets its password.
///
/// # Errors
/// When a name or the password is not plain letters and digits, or the superuser cannot do it.
pub async fn provision_schema(
    superuser_url: &SecretString,
    schema: &str,
    role: &str,
    password: &str,
) -> anyhow::Result<()> {
    let mut connection = connect(superuser_url, [schema, role, password]).await?;
    make_role(&mut connection, role, "NOCREATEROLE NOINHERIT NOBYPASSRLS", password).await?;
    let statement = format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// These words become parts of statements.
async fn connect<const COUNT: usize>(url: &SecretString, words: [&str; COUNT]) -> anyhow::Result<PgConnection> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    anyhow::ensure!(words.into_iter().all(plain), "names and passwords must be letters, digits and underscores");
    // The statements hold passwords: none may reach a log.
    let options = options(url)?.disable_statement_logging();
    PgConnection::connect_with(&options).await.context("connecting as superuser")
}

async fn make_role(connection: &mut PgConnection, role: &str, attributes: &str, password: &str) -> anyhow::Result<()> {
    let exists = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)";
    let exists: bool = sqlx::query_scalar(exists).bind(role).fetch_one(&mut *connection).await?;
    let verb = if exists { "ALTER" } else { "CREATE" };
    let statement = format!("{verb} ROLE {role} LOGIN {attributes} PASSWORD '{password}'");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}
