//! Puts the service together, and runs it.

use std::sync::Arc;

use kit::{
    admin::{Detail, Readiness},
    caller::Authenticator,
    database::{self, Pool},
    erasures::ErasuresFile,
    reload::Reload,
    server::{Guarded, Listeners, Services},
};
use proto::auth::v1::{auth_service_server::AuthServiceServer, user_service_server::UserServiceServer};
use secrecy::SecretString;
use sqlx::migrate::Migrator;
use tokio_util::sync::CancellationToken;

use crate::{
    audit::Audit,
    config::{Config, ConfigError},
    failures::Failures,
    grpc::{AuthGrpc, LocalVerifier, UserGrpc},
    identity::Identities,
    issuer::Registry,
    session::Sessions,
    store::better_auth::Tables,
    token::Verifier,
    users::Users,
};

const SCHEMA: &str = "auth";
/// One short statement for each credential that callers do not remember.
const SESSION_CONNECTIONS: u32 = 4;

/// Brings the tables up to date and serves until `stop`. At each `reload` the files of issuers are read again.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot be right; else when the database stays away, its role is not
/// fit, or a listener fails.
pub async fn serve(
    config: Config,
    listeners: Listeners,
    reload: Reload,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let pool = pool(&config)?;
    let registry = Arc::new(Registry::open(&config.options)?);
    let users = users(&config, pool)?;
    let services = assemble(&config, users.clone(), Arc::clone(&registry))?;
    let prepared = database::prepare(config.service_url()?, &config.database, SCHEMA, migrations());
    tokio::select! {
        prepared = prepared => prepared?,
        () = stop.cancelled() => return Ok(()),
    }
    // Before anybody is let in: a backup may have brought back who was erased.
    users.reconcile().await?;
    let readiness = Readiness::default().with_detail(Arc::clone(&registry) as Arc<dyn Detail>);
    tokio::select! {
        served = services.serve(listeners, readiness, stop) => served,
        never = registry.follow(reload) => never,
    }
}

/// The services behind their caller layer, over a database that is up to date already.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot be right.
pub fn services(config: &Config) -> anyhow::Result<Guarded> {
    assemble(config, users(config, pool(config)?)?, Arc::new(Registry::open(&config.options)?))
}

/// Erases again whom a restored database has brought back, by `ERASURES_FILE`. [`serve`] does it before anybody is let in.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot be right; else when the file or the database cannot be had.
pub async fn reconcile(config: &Config) -> anyhow::Result<()> {
    Ok(users(config, pool(config)?)?.reconcile().await?)
}

/// Brings the tables up to date, as their owner.
///
/// # Errors
/// When the database stays away or a migration fails.
pub async fn migrate(owner_url: &SecretString) -> anyhow::Result<()> {
    database::migrate(owner_url, SCHEMA, migrations()).await
}

fn migrations() -> Migrator {
    sqlx::migrate!("../migrations/auth")
}

fn pool(config: &Config) -> Result<Pool, ConfigError> {
    let (most, cache) = (config.options.max_connections, config.database.statement_cache);
    Pool::open(config.service_url()?, "auth-service", most, cache)
}

/// Better Auth's own database, if it is configured.
fn session_tables(config: &Config) -> Result<Option<Tables>, ConfigError> {
    let options = &config.options.sessions;
    let cache = config.database.statement_cache;
    let pool = |url| Pool::open(url, "auth-service sessions", SESSION_CONNECTIONS, cache);
    let pool = options.database_url.as_ref().map(pool).transpose()?;
    Ok(pool.map(|pool| Tables::new(pool, options.schema.clone())))
}

fn users(config: &Config, pool: Pool) -> anyhow::Result<Users> {
    Ok(Users::new(pool, ErasuresFile::open(&config.database, SCHEMA)?))
}

fn assemble(config: &Config, users: Users, registry: Arc<Registry>) -> anyhow::Result<Guarded> {
    if config.accepted.service_keys.is_empty() {
        tracing::warn!("SERVICE_KEYS is empty: no other service can ask about tokens");
    }
    let failures = Failures::new(config.options.failures_per_minute);
    let audit = Audit::new(config.options.audit_addresses)?;
    let sessions = Sessions::new(&config.options.sessions, session_tables(config)?);
    let identities = Arc::new(Identities::new(Verifier::new(registry), sessions, users.clone(), failures, audit));
    let caller = LocalVerifier(Arc::clone(&identities));
    Ok(Services::new("auth-service")
        .with(AuthServiceServer::new(AuthGrpc(identities)))
        .with(UserServiceServer::new(UserGrpc(users)))
        .guarded_by(Authenticator::new(Arc::new(caller), &config.accepted)?))
}
