//! A real PostgreSQL, private to the test binary, and a fresh, migrated database for each test.

use std::{
    collections::HashSet,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use kit::database::{OWNER_ROLE, SERVICE_ROLE, provision};
use private_postgres::{Cluster, Options};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Of the roles that the migrations and the services log in as.
pub(crate) const PASSWORD: &str = "test";

/// A database of one test. It goes with the cluster, when the test binary ends.
#[derive(Debug)]
pub struct TestDatabase {
    /// For the service: the plain role.
    pub service_url: SecretString,
    /// For migrations: the owner of the tables.
    pub owner_url: SecretString,
    /// For what only a superuser may do.
    pub superuser_url: SecretString,
    name: String,
}

impl TestDatabase {
    /// A database as `migrate` leaves it. `kind` names the set of migrations: it runs once, then is copied.
    ///
    /// # Panics
    /// When PostgreSQL cannot be had or the migrations fail.
    pub async fn create<F>(kind: &str, migrate: impl FnOnce(SecretString) -> F) -> Self
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        static MIGRATED: Mutex<Option<HashSet<String>>> = Mutex::const_new(None);

        let template = format!("template_{kind}");
        let mut migrated = MIGRATED.lock().await;
        if migrated.get_or_insert_default().insert(kind.to_owned()) {
            provision(&url("postgres", "postgres"), &template, PASSWORD, PASSWORD)
                .await
                .expect("two roles and a database");
            migrate(url(OWNER_ROLE, &template)).await.expect("migrations that succeed");
        }
        let copy = Self::of_template(&template).await;
        drop(migrated);
        copy
    }

    /// A copy as it stands now. Whoever is connected to the original is cut off, and may come back.
    ///
    /// # Panics
    /// When PostgreSQL does not do it.
    pub async fn copy(&self) -> Self {
        let sever = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname";
        execute(&format!("{sever} = '{}'", self.name)).await;
        Self::of_template(&self.name).await
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    async fn of_template(template: &str) -> Self {
        static CREATED: AtomicUsize = AtomicUsize::new(0);

        let name = format!("test_{}", CREATED.fetch_add(1, Ordering::Relaxed));
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER_ROLE}");
        execute(&statement).await;
        Self {
            service_url: url(SERVICE_ROLE, &name),
            owner_url: url(OWNER_ROLE, &name),
            superuser_url: url("postgres", &name),
            name,
        }
    }
}

/// Where it listens on this machine.
pub(crate) fn server_port() -> u16 {
    cluster().port()
}

async fn execute(statement: &str) {
    use secrecy::ExposeSecret as _;

    let url = url("postgres", "postgres");
    let mut superuser = PgConnection::connect(url.expose_secret()).await.expect("a superuser");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut superuser).await.expect("a statement that succeeds");
    superuser.close().await.expect("an orderly end");
}

fn url(role: &str, database: &str) -> SecretString {
    let cluster = cluster();
    let url = if role == "postgres" { cluster.superuser_url(database) } else { cluster.url(role, PASSWORD, database) };
    SecretString::from(url)
}

/// The cluster of this process. It lives on a thread of its own, beyond any test's runtime, and ends with the process.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                // Made by the cluster and gone with it.
                let directory = std::env::temp_dir().join(format!("colloquy-test-{}", Uuid::new_v4().simple()));
                let mut options = Options::temporary(directory);
                options.settings.push(("max_connections".to_owned(), "400".to_owned()));
                sender.send(Cluster::start(options).await.expect("PostgreSQL")).expect("a waiting test");
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().expect("a cluster")
    })
}
