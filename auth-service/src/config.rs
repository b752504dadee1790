//! The flags of this service, and what they amount to.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

mod sessions;

pub use self::sessions::SessionOptions;
pub use kit::config::ConfigError;
use kit::config::{AcceptedServices, Database};
use secrecy::SecretString;
use url::Url;

use crate::issuer::IssuerConfig;

/// The flags that only this service has.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Options {
    /// Where the auth service answers gRPC
    #[arg(id = "auth-listen", long, env = "AUTH_LISTEN", default_value = "127.0.0.1:50051", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Where the auth service answers probes and metrics
    #[arg(
        id = "auth-admin-listen",
        long,
        env = "AUTH_ADMIN_LISTEN",
        default_value = "127.0.0.1:9051",
        value_name = "ADDRESS"
    )]
    pub admin_listen: SocketAddr,

    /// PostgreSQL for the auth service [default: DATABASE_URL]
    #[arg(id = "auth-database-url", long, env = "AUTH_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<SecretString>,

    /// How many connections to PostgreSQL the auth service holds at most
    #[arg(
        id = "auth-max-connections",
        long,
        env = "AUTH_MAX_CONNECTIONS",
        default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(1..),
        value_name = "COUNT"
    )]
    pub max_connections: u32,

    /// Accept tokens of this Better Auth server: its URL with the path, as in `https://app.example.com/api/auth`
    #[arg(id = "better-auth-url", long, env = "BETTER_AUTH_URL", value_name = "URL")]
    pub better_auth_url: Option<Url>,

    /// Accept tokens of this Neon Auth branch: its Auth URL
    #[arg(id = "neon-auth-url", long, env = "NEON_AUTH_URL", value_name = "URL")]
    pub neon_auth_url: Option<Url>,

    /// Accept tokens of this OpenID provider, whose keys are found by discovery: the exact `iss`
    #[arg(id = "oidc-issuer", long, env = "OIDC_ISSUER", requires = "oidc-audience", value_name = "URL")]
    pub oidc_issuer: Option<String>,

    /// The `aud` of its tokens; any of several, separated by commas
    #[arg(
        id = "oidc-audience",
        long,
        env = "OIDC_AUDIENCE",
        requires = "oidc-issuer",
        value_delimiter = ',',
        value_name = "AUDIENCE,…"
    )]
    pub oidc_audience: Vec<String>,

    /// Accept tokens of the issuers in this TOML file
    #[arg(id = "auth-issuers-file", long, env = "AUTH_ISSUERS_FILE", value_name = "FILE")]
    pub issuers_file: Option<PathBuf>,

    /// Opaque sessions.
    #[command(flatten)]
    pub sessions: SessionOptions,

    /// How old the keys of an issuer may become: within this time a withdrawn key stops working
    #[arg(
        id = "jwks-max-age",
        long,
        env = "JWKS_MAX_AGE",
        default_value = "10m",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub jwks_max_age: Duration,

    /// How long an issuer is not asked about unknown keys after it did not know one
    #[arg(
        id = "jwks-cool-down",
        long,
        env = "JWKS_COOL_DOWN",
        default_value = "30s",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub jwks_cool_down: Duration,

    /// How old the last known keys may become while an issuer is down
    #[arg(
        id = "jwks-max-stale",
        long,
        env = "JWKS_MAX_STALE",
        default_value = "24h",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub jwks_max_stale: Duration,

    /// How many credentials from one address may be refused a minute before more are refused unread; 0 is no limit.
    /// Those that were accepted before go on, as do addresses nobody tells of
    #[arg(
        id = "auth-failures-per-minute",
        long,
        env = "AUTH_FAILURES_PER_MINUTE",
        default_value_t = 600,
        value_name = "COUNT"
    )]
    pub failures_per_minute: u32,

    /// Write clients' addresses into the audit log; without it, a hash that lasts as long as the process
    #[arg(id = "audit-addresses", long, env = "AUDIT_ADDRESSES")]
    pub audit_addresses: bool,

    /// Issuers that the program knows by itself, besides the configured ones.
    #[arg(skip)]
    pub extra_issuers: Vec<IssuerConfig>,
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
}

impl Config {
    /// The database, as the service.
    ///
    /// # Errors
    /// When none was given.
    pub fn service_url(&self) -> Result<&SecretString, ConfigError> {
        self.database.service_url(self.options.database_url.as_ref(), "AUTH_DATABASE_URL")
    }

    /// The database, as the owner of the tables.
    ///
    /// # Errors
    /// When none was given.
    pub fn owner_url(&self) -> Result<&SecretString, ConfigError> {
        self.database.owner_url(self.options.database_url.as_ref(), "AUTH_DATABASE_URL")
    }
}
