//! The database of a stack: the one that was given, else a private PostgreSQL in the data directory.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kit::{
    config,
    database::{OWNER_ROLE, SERVICE_ROLE, provision, provision_schema},
};
use private_postgres::Cluster;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{random, screen};

const DATABASE: &str = "colloquy";
/// Of the identity server: it sees its own tables and nothing else.
const IDENTITY_ROLE: &str = "colloquy_identity";
const IDENTITY_SCHEMA: &str = "identity";

/// How the private PostgreSQL is found and run.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Directory of `initdb` and `postgres` for the private PostgreSQL [default: searched for, else downloaded]
    #[arg(id = "pg-bin", long, env = "PG_BIN", value_name = "DIR")]
    bin: Option<PathBuf>,
    /// Port of the private PostgreSQL on 127.0.0.1; 0 chooses a free one
    #[arg(id = "pg-port", long, env = "PG_PORT", default_value_t = 0, value_name = "PORT")]
    port: u16,
}

/// A private PostgreSQL with both roles and the database.
pub(crate) struct PrivateDatabase {
    pub(crate) cluster: Cluster,
    pub(crate) urls: config::Database,
    pub(crate) identity_url: SecretString,
}

impl PrivateDatabase {
    /// Starts it. The roles get new passwords each time: nothing to keep, nothing to steal.
    pub(crate) async fn start(data_dir: &Path, options: &Options) -> anyhow::Result<Self> {
        let cluster = Cluster::start(private_postgres::Options {
            bin: options.bin.clone(),
            port: options.port,
            progress: std::sync::Arc::new(|step| screen::progress(&step.to_string())),
            ..private_postgres::Options::new(data_dir)
        })
        .await?;
        let (owner_password, service_password) = (random::secret(), random::secret());
        let superuser = SecretString::from(cluster.superuser_url("postgres"));
        provision(&superuser, DATABASE, owner_password.expose_secret(), service_password.expose_secret())
            .await
            .context("preparing the database")?;
        let url = |role, password: &SecretString| Some(cluster.url(role, password.expose_secret(), DATABASE).into());
        let urls = config::Database {
            url: url(SERVICE_ROLE, &service_password),
            direct_url: url(OWNER_ROLE, &owner_password),
            ..config::Database::default()
        };
        let identity_password = random::secret();
        let superuser = SecretString::from(cluster.superuser_url(DATABASE));
        provision_schema(&superuser, IDENTITY_SCHEMA, IDENTITY_ROLE, identity_password.expose_secret())
            .await
            .context("preparing the schema of identity")?;
        // By TCP: not every client knows sockets in a path with special characters.
        let identity_url = cluster.tcp_url(IDENTITY_ROLE, identity_password.expose_secret(), DATABASE).into();
        Ok(Self { cluster, urls, identity_url })
    }
}

/// Runs all migrations on the database that was given, else on the private one.
pub(crate) async fn migrate(data_dir: &Path, options: &Options, given: &config::Database) -> anyhow::Result<()> {
    if let Some(url) = given.direct_url.as_ref().or(given.url.as_ref()) {
        return migrate_all(url).await;
    }
    let private = PrivateDatabase::start(data_dir, options).await?;
    let owner = private.urls.direct_url.as_ref().context("a private database has an owner")?;
    let outcome = migrate_all(owner).await;
    outcome.and(private.cluster.stop().await.map_err(anyhow::Error::from))
}

async fn migrate_all(owner: &SecretString) -> anyhow::Result<()> {
    auth_service::migrate(owner).await?;
    history_service::migrate(owner).await?;
    screen::progress("the database is up to date");
    Ok(())
}
