//! Runs `initdb` and `postgres` so that they never outlive this process.
//!
//! Each runs under a small shell in a process group of its own, out of reach of the terminal's Ctrl-C. The
//! shell waits for the end of a pipe that only we hold: the kernel closes it even after `kill -9`.

use std::{
    ffi::OsString,
    io::{PipeWriter, Write as _},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::{Error, account::Account, layout::Layout, log::Log};

const SCRIPT: &str = include_str!("guard.sh");

/// Beyond the 10 s that the script allows each of its three signals.
const STOP_DEADLINE: Duration = Duration::from_secs(35);

/// What to run.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Remove the cluster afterwards.
    pub(crate) temporary: bool,
    /// Remove this directory afterwards.
    pub(crate) socket: Option<PathBuf>,
}

/// A running job; dropping it ends the job, without waiting.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    life: Option<PipeWriter>,
}

impl Guard {
    /// Starts `job` as the user of `layout`, with almost no environment: secrets are none of its business.
    pub(crate) fn spawn(layout: &Layout, log: &Log, job: Job) -> Result<Self, Error> {
        let (reader, mut life) = std::io::pipe().map_err(Error::io("make a pipe"))?;
        // The script fits into the pipe, and so need not show up in every list of processes.
        life.write_all(SCRIPT.as_bytes()).map_err(Error::io("write to a pipe"))?;
        let inherited = match layout.descriptor() {
            Some(home) => Stdio::from(home.try_clone().map_err(Error::io("duplicate a descriptor"))?),
            None => Stdio::null(),
        };
        let mut shell = Command::new("/bin/sh");
        shell.args(["-s", "--"]);
        if job.temporary {
            shell
                .arg(layout.home_of_server())
                .arg(&layout.home)
                .arg(layout.created.as_deref().unwrap_or(Path::new("")));
        } else {
            shell.args(["", "", ""]);
        }
        shell
            .arg(job.socket.unwrap_or_default())
            .arg(&job.program)
            .args(&job.arguments)
            .env_clear()
            .env("PATH", search_path())
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(reader)
            .stdout(inherited)
            .stderr(log.writer()?);
        let mut action = format!("run {}", job.program.display());
        if let Account::Unprivileged { uid, gid } = layout.account {
            shell.uid(uid).gid(gid);
            action = format!("{action} as user {uid}");
        }
        let child = shell.spawn().map_err(Error::io(action))?;
        Ok(Self { child, life: Some(life) })
    }

    /// Waits until the job ends by itself.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, Error> {
        self.child.wait().await.map_err(Error::io("wait for the guard of PostgreSQL"))
    }

    /// Ends the job and waits until it is gone. `false`: the guard did not answer.
    pub(crate) async fn stop(&mut self) -> bool {
        self.life = None;
        match timeout(STOP_DEADLINE, self.child.wait()).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the guard of PostgreSQL was lost");
                false
            }
            Err(_) => false,
        }
    }
}

/// For `sleep` and `rm`, which every system has, if not in the same place.
fn search_path() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/bin:/bin");
    path
}
