//! A PostgreSQL with a standby that follows it.

use kit::database::{OWNER_ROLE, SERVICE_ROLE, provision};
use private_postgres::{Cluster, Options};
use secrecy::SecretString;
use uuid::Uuid;

use crate::postgres::PASSWORD;

const DATABASE: &str = "colloquy";

/// A primary and its standby. They end with the value.
#[derive(Debug)]
pub struct Replicated {
    primary: Cluster,
    standby: Option<Cluster>,
}

impl Replicated {
    /// An empty database that commits before it says so, and its copy.
    ///
    /// # Panics
    /// When PostgreSQL cannot be had.
    pub async fn start() -> Self {
        let primary = Cluster::start(options()).await.expect("PostgreSQL");
        let superuser = primary.superuser_url("postgres").into();
        provision(&superuser, DATABASE, PASSWORD, PASSWORD).await.expect("two roles and a database");
        let standby = primary.start_standby(options()).await.expect("a standby");
        Self { primary, standby: Some(standby) }
    }

    /// For the service.
    pub fn service_url(&self) -> SecretString {
        self.primary.url(SERVICE_ROLE, PASSWORD, DATABASE).into()
    }

    /// For migrations.
    pub fn owner_url(&self) -> SecretString {
        self.primary.url(OWNER_ROLE, PASSWORD, DATABASE).into()
    }

    /// The standby, for the service.
    ///
    /// # Panics
    /// When it was stopped.
    pub fn read_url(&self) -> SecretString {
        self.standby().url(SERVICE_ROLE, PASSWORD, DATABASE).into()
    }

    /// The standby, for its superuser.
    ///
    /// # Panics
    /// When it was stopped.
    pub fn standby_superuser_url(&self) -> SecretString {
        self.standby().superuser_url(DATABASE).into()
    }

    /// Stops the standby for good.
    ///
    /// # Panics
    /// When it does not stop.
    pub async fn stop_standby(&mut self) {
        if let Some(standby) = self.standby.take() {
            standby.stop().await.expect("an end");
        }
    }

    fn standby(&self) -> &Cluster {
        self.standby.as_ref().expect("a standby that was not stopped")
    }
}

fn options() -> Options {
    let directory = std::env::temp_dir().join(format!("colloquy-test-{}", Uuid::new_v4().simple()));
    let mut options = Options::temporary(directory);
    // As a database does that people rely on.
    options.settings.push(("synchronous_commit".to_owned(), "on".to_owned()));
    options
}
