//! A PostgreSQL that is as careful as one with real data, and what its CPU time is.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use private_postgres::{Cluster, Options};
use secrecy::SecretString;

const PASSWORD: &str = "measured";
const TICK: Duration = Duration::from_millis(10);

/// The server. It goes with the value.
pub(super) struct Server {
    cluster: Cluster,
    postmaster: u32,
}

impl Server {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let directory = std::env::temp_dir().join(format!("colloquy-bench-{}", std::process::id()));
        let mut options = Options::temporary(&directory);
        let settings = [
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
            ("shared_buffers", "1GB"),
            ("max_wal_size", "4GB"),
        ];
        options.settings.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let cluster = Cluster::start(options).await?;
        let file = fs::read_to_string(directory.join("postgres/data/postmaster.pid"))?;
        let postmaster = file.lines().next().context("a process")?.trim().parse()?;
        Ok(Self { cluster, postmaster })
    }

    pub(super) fn superuser_url(&self, database: &str) -> String {
        self.cluster.superuser_url(database)
    }

    pub(super) fn url(&self, role: &str, database: &str) -> String {
        self.cluster.url(role, PASSWORD, database)
    }

    /// A database with both roles.
    pub(super) async fn provision(&self, database: &str) -> anyhow::Result<()> {
        let superuser = SecretString::from(self.superuser_url("postgres"));
        kit::database::provision(&superuser, database, PASSWORD, PASSWORD).await
    }

    /// A program of PostgreSQL's.
    pub(super) fn program(&self, name: &str) -> Command {
        let beside = self.cluster.bin().join(name);
        Command::new(if beside.exists() { beside } else { PathBuf::from(name) })
    }

    /// What a query answers, as text.
    pub(super) fn ask(&self, url: &str, query: &str) -> anyhow::Result<String> {
        let output = self.program("psql").args(["--no-psqlrc", "-qAt", "-d", url, "-c", query]).output()?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The CPU time of the server with all that it started, to a hundredth of a second.
    pub(super) fn cpu(&self) -> anyhow::Result<Duration> {
        // Its own, and of children that have ended; then of those that live.
        let mut ticks: u64 = numbers(&stat(self.postmaster)?)?[11..15].iter().sum();
        for entry in fs::read_dir("/proc")? {
            let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let Ok(stat) = stat(process) else { continue };
            let numbers = numbers(&stat)?;
            if numbers[1] == u64::from(self.postmaster) {
                ticks += numbers[11] + numbers[12];
            }
        }
        Ok(TICK * u32::try_from(ticks)?)
    }
}

fn stat(process: u32) -> std::io::Result<String> {
    fs::read_to_string(format!("/proc/{process}/stat"))
}

/// What follows the name (proc(5)): the state as 0, the parent, and so on.
fn numbers(stat: &str) -> anyhow::Result<Vec<u64>> {
    let (_, after) = stat.rsplit_once(')').context("a name in brackets")?;
    Ok(after.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}
