//! The real programs, each a process of its own, over a private PostgreSQL and an issuer in this process.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use proto::auth::v1::auth_service_client::AuthServiceClient;
use secrecy::ExposeSecret as _;
use testkit::{TestDatabase, free_address, issuer::Issuer};
use tokio::time::Instant;
use tonic_health::pb::health_client::HealthClient;
use url::Url;

use crate::http::Connection;

pub(crate) const SERVICE_KEY: &str = "a-key-only-for-measuring";
const PATIENCE: Duration = Duration::from_secs(30);

/// What asks the auth service, as the gateway does.
pub(crate) type Client = AuthServiceClient<kit::client::Transport>;

/// The gateway and the auth service. They end with the value.
pub(crate) struct Stack {
    pub(crate) issuer: Issuer,
    pub(crate) gateway: Program,
    pub(crate) auth: Program,
    _database: TestDatabase,
}

impl Stack {
    /// Starts both, with these flags for the auth service.
    pub(crate) async fn start(flags: &[String]) -> anyhow::Result<Self> {
        let issuer = Issuer::start().await;
        let migrate = |owner| async move { auth_service::migrate(&owner).await };
        let database = TestDatabase::create("auth", migrate).await;
        let auth = Program::start("auth-service", "auth", |command| {
            command.args(flags).args(["--better-auth-url", &issuer.base_url()]);
            command.env("DATABASE_URL", database.service_url.expose_secret());
            command.env("SERVICE_KEYS", format!("gateway:{SERVICE_KEY}"));
        })
        .await?;
        let gateway = Program::start("gateway", "gateway", |command| {
            command.args(["--auth-url", auth.url.as_str()]).env("SERVICE_KEY", SERVICE_KEY);
        })
        .await?;
        Ok(Self { issuer, gateway, auth, _database: database })
    }

    /// A client with a connection of its own.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Ok(self.clients()?.0)
    }

    /// The same, and one that checks the health of the service over this connection.
    pub(crate) fn clients(&self) -> anyhow::Result<(Client, HealthClient<kit::client::Transport>)> {
        let transport = kit::client::connect(&self.auth.url, &SERVICE_KEY.into())?;
        Ok((AuthServiceClient::new(transport.clone()), HealthClient::new(transport)))
    }
}

/// A running program.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: Url,
    admin: Url,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    pub(crate) async fn start(name: &str, prefix: &str, configure: impl FnOnce(&mut Command)) -> anyhow::Result<Self> {
        let program = beside(name)?;
        let (listen, admin) = (free_address(), free_address());
        let mut command = Command::new(program);
        command.env_clear().env("RUST_LOG", "warn,audit=info").stdout(Stdio::null()).stderr(Stdio::null());
        command.arg(format!("--{prefix}-listen={listen}")).arg(format!("--{prefix}-admin-listen={admin}"));
        configure(&mut command);
        let child = command.spawn()?;
        let url = |address| format!("http://{address}").parse::<Url>();
        let mut program = Self { child, url: url(listen)?, admin: url(admin)? };
        let give_up = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        loop {
            ticks.tick().await;
            if let Some(status) = program.child.try_wait()? {
                anyhow::bail!("{name} ended with {status}");
            }
            let answer = Connection::read(&program.admin, "/readyz").await;
            if answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return Ok(program);
            }
            ensure!(Instant::now() < give_up, "{name} is not ready within {PATIENCE:?}");
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The CPU time of all its threads so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu(self.child.id())
    }

    /// The sum of all counters whose line begins like this.
    pub(crate) async fn counted(&self, series: &str) -> anyhow::Result<f64> {
        let metrics = Connection::read(&self.admin, "/metrics").await?;
        let lines = metrics.lines().filter(|line| line.starts_with(series));
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }
}

/// The CPU time of this process so far.
pub(crate) fn own_cpu() -> anyhow::Result<Duration> {
    cpu(std::process::id())
}

fn cpu(process: u32) -> anyhow::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += text.split(' ').next().context("a time")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// The program of this name that was built together with this one.
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(path.exists(), "{} is missing: build it with `cargo build --profile measure -p {name}`", path.display());
    Ok(path)
}
