//! A PostgreSQL that is as careful as one with real data, and what its CPU time is.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use private_postgres::{Cluster, Options};
use secrecy::SecretString;

const PASSWORD: &str = "measured";
const TICK: Duration = Duration::from_millis(10);

/// The server. It goes with the value.
pub(crate) struct Server {
    cluster: Cluster,
    postmaster: u32,
}

impl Server {
    pub(crate) async fn start() -> anyhow::Result<Self> {
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

    pub(crate) fn superuser_url(&self, database: &str) -> String {
        self.cluster.superuser_url(database)
    }

    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        self.cluster.url(role, PASSWORD, database)
    }

    /// A database with both roles.
    pub(crate) async fn provision(&self, database: &str) -> anyhow::Result<()> {
        let superuser = SecretString::from(self.superuser_url("postgres"));
        kit::database::provision(&superuser, database, PASSWORD, PASSWORD).await
    }

    /// A program of PostgreSQL's.
    pub(crate) fn program(&self, name: &str) -> Command {
        let beside = self.cluster.bin().join(name);
        Command::new(if beside.exists() { beside } else { PathBuf::from(name) })
    }

    /// Runs a file of statements as superuser, with values for its variables.
    pub(crate) fn execute(&self, database: &str, file: &str, values: &[String]) -> anyhow::Result<()> {
        let mut psql = self.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--dbname", &self.superuser_url(database), "--file", file]);
        psql.args(values.iter().map(|value| format!("--set={value}")));
        ensure!(psql.status()?.success(), "{file} failed");
        Ok(())
    }

    /// What a query answers, as text.
    pub(crate) fn ask(&self, url: &str, query: &str) -> anyhow::Result<String> {
        let output = self.program("psql").args(["--no-psqlrc", "-qAt", "-d", url, "-c", query]).output()?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The CPU time of the server with all that it started, to a hundredth of a second.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        family_cpu(self.postmaster)
    }
}

/// The CPU time of a process and all its children, to a hundredth of a second.
pub(crate) fn family_cpu(parent: u32) -> anyhow::Result<Duration> {
    // Its own, and of children that have ended; then of those that live.
    let mut ticks: u64 = numbers(&stat(parent)?)?[11..15].iter().sum();
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = stat(process) else { continue };
        let numbers = numbers(&stat)?;
        if numbers[1] == u64::from(parent) {
            ticks += numbers[11] + numbers[12];
        }
    }
    Ok(TICK * u32::try_from(ticks)?)
}

/// What the whole machine has worked so far.
pub(crate) fn machine_cpu() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().context("a line for all cores")?;
    let mut ticks = line.split_whitespace().skip(1).map(|field| field.parse::<u64>().unwrap_or(0));
    // user, nice, system; then idle and waiting; then interrupts.
    let working = ticks.by_ref().take(3).sum::<u64>() + ticks.skip(2).take(2).sum::<u64>();
    Ok(TICK * u32::try_from(working)?)
}

fn stat(process: u32) -> std::io::Result<String> {
    fs::read_to_string(format!("/proc/{process}/stat"))
}

/// What follows the name (proc(5)): the state as 0, the parent, and so on.
fn numbers(stat: &str) -> anyhow::Result<Vec<u64>> {
    let (_, after) = stat.rsplit_once(')').context("a name in brackets")?;
    Ok(after.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}
