//! Flags that several programs share. Each stands here once, so that the one-machine binary can take them all.

use std::{fmt, path::PathBuf};

use secrecy::SecretString;
use url::Url;

mod permissions;
mod services;

pub use self::{
    permissions::{Permission, Permissions, ServicePermissions},
    services::{AcceptedService, AcceptedServices, ServiceKeys, ServiceKeysError},
};

/// Where the tables are.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Database {
    /// PostgreSQL for the services, as a role that does not bypass row-level security
    #[arg(id = "database-url", long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub url: Option<SecretString>,

    /// PostgreSQL for migrations, as the owner of the tables and past any pooler; without it none run at the start
    #[arg(id = "database-direct-url", long, env = "DATABASE_DIRECT_URL", hide_env_values = true, value_name = "URL")]
    pub direct_url: Option<SecretString>,

    /// Start although the role of DATABASE_URL bypasses row-level security, which keeps users apart
    #[arg(id = "database-allow-rls-bypass", long, env = "DATABASE_ALLOW_RLS_BYPASS")]
    pub allow_bypass: bool,

    /// How many prepared statements each connection keeps; 0 for a pooler that does not know them (`docs/database.md`)
    #[arg(
        id = "database-statement-cache",
        long,
        env = "DATABASE_STATEMENT_CACHE",
        default_value_t = STATEMENT_CACHE,
        value_name = "COUNT"
    )]
    pub statement_cache: usize,

    /// A file that remembers erasures beside the database, so that a restore from an older backup brings nobody back
    #[arg(id = "erasures-file", long, env = "ERASURES_FILE", value_name = "FILE")]
    pub erasures_file: Option<PathBuf>,
}

/// More than a service has statements.
const STATEMENT_CACHE: usize = 100;

impl Default for Database {
    fn default() -> Self {
        Self { url: None, direct_url: None, allow_bypass: false, statement_cache: STATEMENT_CACHE, erasures_file: None }
    }
}

impl Database {
    /// The database as a service: its own, given by the variable `own_name`, else the one that all share.
    ///
    /// # Errors
    /// When none was given.
    pub fn service_url<'a>(
        &'a self,
        own: Option<&'a SecretString>,
        own_name: &str,
    ) -> Result<&'a SecretString, ConfigError> {
        let url = own.or(self.url.as_ref());
        url.ok_or_else(|| ConfigError::new(format!("DATABASE_URL (or {own_name}) is missing")))
    }

    /// The database as the owner of the tables, if that is said; else as the service.
    ///
    /// # Errors
    /// When none was given.
    pub fn owner_url<'a>(
        &'a self,
        own: Option<&'a SecretString>,
        own_name: &str,
    ) -> Result<&'a SecretString, ConfigError> {
        self.direct_url.as_ref().map_or_else(|| self.service_url(own, own_name), Ok)
    }
}

/// Where the auth service answers.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct AuthEndpoint {
    /// The auth service
    #[arg(id = "auth-url", long, env = "AUTH_URL", default_value = "http://127.0.0.1:50051", value_name = "URL")]
    pub auth_url: Url,
}

/// Why a configuration cannot be right: every problem that was found. It repeats no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    /// One problem.
    pub fn new(problem: impl Into<String>) -> Self {
        Self(vec![problem.into()])
    }

    /// Each problem, for a log that wants them apart.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Succeeds with `value` when there are no problems.
    pub fn unless_empty<T>(problems: Vec<String>, value: T) -> Result<T, Self> {
        if problems.is_empty() { Ok(value) } else { Err(Self(problems)) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}
