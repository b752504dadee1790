//! Puts the service together, and runs it.

use std::sync::Arc;

use kit::{
    admin::Readiness,
    caller::{Authenticator, RemoteVerifier},
    client,
    database::{self, Pool},
    erasures::ErasuresFile,
    server::{Guarded, Listeners},
};
use secrecy::SecretString;
use sqlx::migrate::Migrator;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, ConfigError},
    erasure::Erasures,
    grpc,
    keeper::Keeper,
    run, search,
    store::Store,
};

const SCHEMA: &str = "history";
const PROCESS: &str = "history-service";
const REPLICA_READER: &str = "history-service reads";

/// Brings the tables up to date and serves until `stop`.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot be right; else when the database stays away, its role is not
/// fit, or a listener fails.
pub async fn serve(config: Config, listeners: Listeners, stop: CancellationToken) -> anyhow::Result<()> {
    let store = open(&config)?;
    let keeper = keeper(&config, store.clone())?;
    let services = assemble(&config, store.clone(), None, stop.clone())?;
    let prepared = database::prepare(config.service_url()?, &config.database, SCHEMA, migrations());
    tokio::select! {
        prepared = prepared => prepared?,
        () = stop.cancelled() => return Ok(()),
    }
    let served = stop.child_token();
    let indexing = Box::pin(search::keep_indexed(store.clone(), served.clone()));
    let sweeping = served.run_until_cancelled(Box::pin(run::keep_swept(&store)));
    let serving = async {
        let outcome = services.serve(listeners, Readiness::default(), stop).await;
        served.cancel();
        outcome
    };
    let keeping = served.run_until_cancelled(Box::pin(keeper.run()));
    tokio::join!(serving, indexing, keeping, sweeping).0
}

/// Does the background work once, or until `stop`: applies erasures again, deletes conversations whose time is over, and
/// ends runs that nobody holds.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot be right; else when the database stays away.
pub async fn tidy(config: &Config, stop: &CancellationToken) -> anyhow::Result<()> {
    let store = open(config)?;
    let keeper = keeper(config, store.clone())?;
    let round = async {
        keeper.first_round().await?;
        run::sweep(&store).await
    };
    Ok(stop.run_until_cancelled(round).await.unwrap_or(Ok(()))?)
}

/// The services behind their caller layer, over a database that is up to date already. `auth`, where given, is a
/// transport to the auth service that is used instead of `AUTH_URL`.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot be right.
pub fn services(config: &Config, auth: Option<client::Transport>) -> anyhow::Result<Guarded> {
    assemble(config, open(config)?, auth, CancellationToken::new())
}

/// Brings the tables up to date, as their owner.
///
/// # Errors
/// When the database stays away or a migration fails.
pub async fn migrate(owner_url: &SecretString) -> anyhow::Result<()> {
    database::migrate(owner_url, SCHEMA, migrations()).await
}

fn migrations() -> Migrator {
    sqlx::migrate!("../migrations/history")
}

fn open(config: &Config) -> Result<Store, ConfigError> {
    let (most, cache) = (config.options.max_connections, config.database.statement_cache);
    let primary = Pool::open(config.service_url()?, PROCESS, most, cache)?;
    let replica = config.options.read_database_url.as_ref();
    let replica = replica.map(|url| Pool::open(url, REPLICA_READER, most, cache)).transpose()?;
    Ok(Store::new(primary, replica))
}

fn erasures(config: &Config, store: Store) -> anyhow::Result<Erasures> {
    Ok(Erasures::new(store, ErasuresFile::open(&config.database, SCHEMA)?))
}

fn keeper(config: &Config, store: Store) -> anyhow::Result<Keeper> {
    let erasures = erasures(config, store.clone())?;
    Ok(Keeper { store, erasures, retention: config.options.retention })
}

fn assemble(
    config: &Config,
    store: Store,
    auth: Option<client::Transport>,
    stop: CancellationToken,
) -> anyhow::Result<Guarded> {
    let auth = match auth {
        Some(transport) => transport,
        None => client::connect(&config.auth.auth_url, &config.own_key()?)?,
    };
    let verifier = RemoteVerifier::new(auth, &config.token_cache);
    let authenticator = Authenticator::new(Arc::new(verifier), &config.accepted)?;
    let erasures = erasures(config, store.clone())?;
    Ok(grpc::services(PROCESS, store, erasures, stop).guarded_by(authenticator))
}
