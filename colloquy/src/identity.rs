//! The identity server of a stack: a process in Node that is started again when it ends, and ends with the stack,
//! however that one ends.

use std::{
    ffi::OsString,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::fd::OwnedFd,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    process::{Child, ChildStdin},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{node, screen};

/// The socket takes the place of standard output until Node runs: it is bound before, so that nobody else has the port.
const HAND_OVER: &str = "exec 3<&1 1>&2; exec \"$@\"";
/// A little more than it gives itself.
const STOP: Duration = Duration::from_secs(12);
const READY: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What it is started with.
#[derive(Debug)]
pub(crate) struct Launch {
    /// The built program.
    pub(crate) script: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) variables: Vec<(&'static str, OsString)>,
}

/// An identity server that is to run at this address.
#[derive(Debug)]
pub(crate) struct Identity {
    launch: Launch,
    address: SocketAddr,
    listener: Option<TcpListener>,
    failed: Arc<AtomicBool>,
}

/// Looks whether it answers.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    address: SocketAddr,
    failed: Arc<AtomicBool>,
}

impl Identity {
    /// Takes a port of this machine.
    pub(crate) fn bind(launch: Launch) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("taking a port for identity")?;
        let address = listener.local_addr()?;
        Ok(Self { launch, address, listener: Some(listener), failed: Arc::default() })
    }

    /// Where it answers, for this machine only.
    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.address).parse().expect("an address makes a URL")
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch { address: self.address, failed: Arc::clone(&self.failed) }
    }

    /// Runs it until `stop`. Whenever it ends by itself, that is told, and it is started again a little later.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            let why = match self.spawn() {
                Ok((mut child, life)) => tokio::select! {
                    ended = child.wait() => self.reason(ended.ok()),
                    () = stop.cancelled() => {
                        drop(life);
                        end(child).await;
                        return Ok(());
                    }
                },
                Err(error) => format!("{error:#}"),
            };
            self.failed.store(true, Ordering::Relaxed);
            if began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            screen::progress(&format!("identity ended, and is started again in {} s: {why}", pause.as_secs()));
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return Ok(());
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The process, and what it lives by: it ends when that is dropped, which waiting for a `Child` would do at once.
    fn spawn(&mut self) -> anyhow::Result<(Child, Option<ChildStdin>)> {
        // While it is down nobody listens, so that whoever asks is told so at once.
        let listener = match self.listener.take() {
            Some(listener) => listener,
            None => TcpListener::bind(self.address).context("taking its port again")?,
        };
        let log = File::options().create(true).append(true).open(&self.launch.log);
        let log = log.with_context(|| format!("opening {}", self.launch.log.display()))?;
        let mut command = node::command("/bin/sh");
        command.args(["-c", HAND_OVER, "sh", "node"]).arg(&self.launch.script);
        command.envs(self.launch.variables.iter().map(|(name, value)| (name, value)));
        command.env("IDENTITY_LISTEN", "fd:3").env("IDENTITY_OWNED", "true").env("NODE_ENV", "production");
        // The pipe ends when this process does, even by `kill -9`. A Ctrl-C of the terminal is for this process alone.
        command.stdin(Stdio::piped()).stdout(OwnedFd::from(listener)).stderr(log).process_group(0);
        let mut child = command.spawn().context("starting Node.js")?;
        let life = child.stdin.take();
        Ok((child, life))
    }

    /// Its last words.
    fn reason(&self, ended: Option<ExitStatus>) -> String {
        let log = fs::read(&self.launch.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let words = log.lines().next_back().and_then(|line| line.split_once("identity: ")).map(|(_, words)| words);
        let ended = ended.map_or_else(|| "it was lost".to_owned(), |status| status.to_string());
        format!("{} ({ended}; {})", words.unwrap_or("it did not say why"), self.launch.log.display())
    }
}

/// Lets it end what it is doing.
async fn end(mut child: Child) {
    if timeout(STOP, child.wait()).await.is_err() {
        tracing::warn!("identity did not end in time");
        let _ = child.kill().await;
    }
}

impl Watch {
    /// Waits until it may be asked. `false`: it ended instead, or took too long.
    pub(crate) async fn ready(&self) -> bool {
        let Ok(client) = reqwest::Client::builder().timeout(Duration::from_secs(2)).no_proxy().build() else {
            return false;
        };
        let url = format!("http://{}/readyz", self.address);
        let looking = async {
            while !self.failed.load(Ordering::Relaxed) {
                if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    return true;
                }
                sleep(Duration::from_millis(50)).await;
            }
            false
        };
        timeout(READY, looking).await.unwrap_or(false)
    }
}
