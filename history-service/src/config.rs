//! The flags of this service, and what they amount to.

use std::{net::SocketAddr, time::Duration};

pub use kit::config::ConfigError;
use kit::{
    caller::CacheLimits,
    config::{AcceptedServices, AuthEndpoint, Database},
};
use secrecy::SecretString;

/// The flags that only this service has.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Options {
    /// Where the history service answers gRPC
    #[arg(
        id = "history-listen",
        long,
        env = "HISTORY_LISTEN",
        default_value = "127.0.0.1:50052",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,

    /// Where the history service answers probes and metrics
    #[arg(
        id = "history-admin-listen",
        long,
        env = "HISTORY_ADMIN_LISTEN",
        default_value = "127.0.0.1:9052",
        value_name = "ADDRESS"
    )]
    pub admin_listen: SocketAddr,

    /// PostgreSQL for the history service [default: DATABASE_URL]
    #[arg(id = "history-database-url", long, env = "HISTORY_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<SecretString>,

    /// A read replica of that database, for lists and search; it never shows less than the database itself would
    #[arg(
        id = "history-read-database-url",
        long,
        env = "HISTORY_READ_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub read_database_url: Option<SecretString>,

    /// How many connections to PostgreSQL the history service holds at most
    #[arg(
        id = "history-max-connections",
        long,
        env = "HISTORY_MAX_CONNECTIONS",
        default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(1..),
        value_name = "COUNT"
    )]
    pub max_connections: u32,

    /// Delete conversations that nobody changed for so long, as in `365d`; pinned ones stay [default: never]
    #[arg(
        id = "history-retention",
        long,
        env = "HISTORY_RETENTION",
        value_parser = retention,
        value_name = "DURATION"
    )]
    pub retention: Option<Duration>,
}

/// Shorter than a day is a slip of the pen that would cost somebody their history.
fn retention(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(retention) if retention < Duration::from_hours(24) => Err("it must be a day at least".to_owned()),
        parsed => parsed.map_err(|error| error.to_string()),
    }
}

/// Everything this service is told.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Its own flags.
    #[command(flatten)]
    pub options: Options,
    /// The database that the services share.
    #[command(flatten)]
    pub database: Database,
    /// Who may call.
    #[command(flatten)]
    pub accepted: AcceptedServices,
    /// Who knows the users behind tokens.
    #[command(flatten)]
    pub auth: AuthEndpoint,
    /// How long it is believed.
    #[command(flatten)]
    pub token_cache: CacheLimits,
}

impl Config {
    /// The database, as the service.
    ///
    /// # Errors
    /// When none was given.
    pub fn service_url(&self) -> Result<&SecretString, ConfigError> {
        self.database.service_url(self.options.database_url.as_ref(), "HISTORY_DATABASE_URL")
    }

    /// The database, as the owner of the tables.
    ///
    /// # Errors
    /// When none was given.
    pub fn owner_url(&self) -> Result<&SecretString, ConfigError> {
        self.database.owner_url(self.options.database_url.as_ref(), "HISTORY_DATABASE_URL")
    }

    /// What this service shows to the auth service.
    pub(crate) fn own_key(&self) -> Result<SecretString, ConfigError> {
        let key = self.accepted.service_keys.own_key("history");
        key.ok_or_else(|| ConfigError::new("SERVICE_KEYS is missing: without a key nobody's token can be checked"))
    }
}
