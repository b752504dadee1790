//! The peers of `bench/peer`, under uvicorn in an environment of their own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use testkit::free_address;
use tokio::time::Instant;
use url::Url;

use super::{kind::Kind, world::World};
use crate::{history::server::family_cpu, http::Connection};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peer");
/// One for each core.
const WORKERS: &str = "2";
const PATIENCE: Duration = Duration::from_secs(30);

/// A running peer. It ends with the value.
pub(super) struct Peer {
    child: Child,
    pub(super) url: Url,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Its workers end with it only when it is asked kindly.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Peer {
    pub(super) async fn start(module: &str, world: &World) -> anyhow::Result<Self> {
        let programs = environment()?;
        let address = free_address();
        let child = Command::new(programs.join("python"))
            .args(["-m", "uvicorn", &format!("{module}:app"), "--app-dir", SOURCES, "--workers", WORKERS])
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string(), "--backlog", "4096"])
            .args(["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("DATABASE_URL", world.data.service_url())
            .env("KEYS_URL", world.issuer.jwks_url())
            .env("ISSUER", world.issuer.origin())
            .env("AGENT_URL", world.agent.url.as_str())
            .stdout(Stdio::null())
            .spawn()?;
        let mut peer = Self { child, url: format!("http://{address}").parse()? };
        let give_up = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            if let Some(status) = peer.child.try_wait()? {
                anyhow::bail!("{module} ended with {status}");
            }
            if let Ok(mut connection) = Connection::open(&peer.url).await
                && connection.ask(&Kind::List.request(&world.targets[0], 0)).await.is_ok()
            {
                return Ok(peer);
            }
            ensure!(Instant::now() < give_up, "{module} is not ready within {PATIENCE:?}");
        }
    }

    pub(super) fn cpu(&self) -> anyhow::Result<Duration> {
        family_cpu(self.child.id())
    }
}

/// The programs of an environment with the pinned packages, below `target/`; made at the first use.
fn environment() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("a directory above")?;
    let (directory, requirements) = (target.join("bench-peer"), Path::new(SOURCES).join("requirements.txt"));
    let (wanted, there) = (fs::read(&requirements)?, directory.join("requirements.txt"));
    let programs = directory.join("bin");
    if fs::read(&there).is_ok_and(|there| there == wanted) {
        return Ok(programs);
    }
    let made = Command::new("python3").args(["-m", "venv"]).arg(&directory).status()?;
    ensure!(made.success(), "python3 makes no environment: its module venv is needed");
    let installed = Command::new(programs.join("python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .status()?;
    ensure!(installed.success(), "pip does not install {}", requirements.display());
    fs::write(there, wanted)?;
    Ok(programs)
}
