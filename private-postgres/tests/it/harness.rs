//! Queries through `psql`, processes through `/proc`, and an owner in a process of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use private_postgres::{Cluster, Options};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::{interval, timeout},
};

const DEADLINE: Duration = Duration::from_mins(1);

/// Keeps its data, without the cost of writing it through to the disk.
pub(crate) fn kept(dir: &Path) -> Options {
    Options { settings: vec![("fsync".to_owned(), "off".to_owned())], ..Options::new(dir) }
}

pub(crate) async fn query(cluster: &Cluster, sql: &str) -> anyhow::Result<String> {
    psql(cluster.bin(), &cluster.superuser_url("postgres"), sql).await
}

pub(crate) async fn psql(bin: &Path, url: &str, sql: &str) -> anyhow::Result<String> {
    let mut command = Command::new(bin.join("psql"));
    command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).kill_on_drop(true);
    let output = timeout(DEADLINE, command.output()).await.context("psql took too long")??;
    ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) -> anyhow::Result<()> {
    let mut ticks = interval(Duration::from_millis(20));
    let wait = async {
        while !condition() {
            ticks.tick().await;
        }
    };
    timeout(DEADLINE, wait).await.with_context(|| format!("never happened: {what}"))
}

pub(crate) fn data(dir: &Path) -> PathBuf {
    dir.join("postgres/data")
}

/// All processes that work in the cluster's data directory, whatever they are called.
pub(crate) fn servers(dir: &Path) -> Vec<u32> {
    let data = data(dir);
    processes().filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == data)).collect()
}

/// The shell that watches over the server.
pub(crate) fn guard(postmaster: u32) -> anyhow::Result<u32> {
    let status = fs::read_to_string(format!("/proc/{postmaster}/status"))?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).context("no parent")?;
    Ok(parent.trim().parse()?)
}

pub(crate) fn postmaster(dir: &Path) -> anyhow::Result<u32> {
    let text = fs::read_to_string(data(dir).join("postmaster.pid"))?;
    Ok(text.lines().next().context("empty postmaster.pid")?.trim().parse()?)
}

pub(crate) fn kill(pid: u32) -> anyhow::Result<()> {
    let pid = Pid::from_raw(i32::try_from(pid)?).context("pid 0")?;
    Ok(kill_process(pid, Signal::KILL)?)
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("these tests need /proc");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// A process that owns a cluster, to be killed.
pub(crate) struct Owner {
    child: Child,
    pub(crate) url: String,
}

const OWNER_DIR: &str = "PRIVATE_POSTGRES_TEST_DIR";
const OWNER_TEMPORARY: &str = "PRIVATE_POSTGRES_TEST_TEMPORARY";

impl Owner {
    /// This test binary again, running nothing but [`owner_process`].
    pub(crate) async fn start(dir: &Path, temporary: bool) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["--exact", "harness::owner_process", "--ignored", "--nocapture"])
            .env(OWNER_DIR, dir)
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if temporary {
            command.env(OWNER_TEMPORARY, "yes");
        }
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let url = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.strip_prefix("ready ") {
                    return Ok(url.to_owned());
                }
            }
            bail!("the owner ended before its cluster was ready")
        };
        let url = timeout(DEADLINE, url).await.context("the owner took too long")??;
        Ok(Self { child, url })
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

#[tokio::test]
#[ignore = "the other tests run it in a process of its own, and kill it"]
async fn owner_process() -> anyhow::Result<()> {
    use std::io::Write as _;

    let Some(dir) = std::env::var_os(OWNER_DIR).map(PathBuf::from) else {
        return Ok(());
    };
    let temporary = std::env::var_os(OWNER_TEMPORARY).is_some();
    let mut cluster = Cluster::start(if temporary { Options::temporary(&dir) } else { kept(&dir) }).await?;
    writeln!(std::io::stdout(), "\nready {}", cluster.superuser_url("postgres"))?;
    bail!(cluster.ended().await)
}
