//! The identity server of a stack: a process in Node that is started again when it ends, and ends with the stack,
//! however that one ends.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    net::TcpSocket,
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
const READY: Duration = Duration::from_mins(1);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// What it ends with when it cannot run as it is configured: another time it would not either.
const WRONG_CONFIGURATION: i32 = 64;
/// Of its log, where its last words are.
const TAIL: u64 = 16 * 1024;
const BACKLOG: u32 = 1024;

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
    /// Never listens. It keeps the port from everybody else while the server is down: the auth service takes keys from
    /// whoever answers there.
    _place: TcpSocket,
    listener: Option<TcpListener>,
    /// Where in the log the words of this run begin.
    began_at: u64,
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
        let place = shared_socket((Ipv4Addr::LOCALHOST, 0).into()).context("taking a port for identity")?;
        let address = place.local_addr()?;
        let listener = Some(listen(address).context("listening for identity")?);
        Ok(Self { launch, address, _place: place, listener, began_at: 0, failed: Arc::default() })
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
                    ended = child.wait() => {
                        let ended = ended.ok();
                        if ended.and_then(|status| status.code()) == Some(WRONG_CONFIGURATION) {
                            self.failed.store(true, Ordering::Relaxed);
                            let problems = self.words().join("\n    ");
                            screen::progress(&format!("identity does not run as it is configured:\n    {problems}"));
                            stop.cancelled().await;
                            return Ok(());
                        }
                        self.reason(ended)
                    }
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
            None => listen(self.address).context("listening again")?,
        };
        let log = File::options().create(true).append(true).open(&self.launch.log);
        let log = log.with_context(|| format!("opening {}", self.launch.log.display()))?;
        self.began_at = log.metadata().map_or(0, |log| log.len());
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

    /// Why it ended, by its last words.
    fn reason(&self, ended: Option<ExitStatus>) -> String {
        let words = self.words().pop().unwrap_or_else(|| "it did not say why".to_owned());
        let ended = ended.map_or_else(|| "it was lost".to_owned(), |status| status.to_string());
        format!("{words} ({ended}; {})", self.launch.log.display())
    }

    /// What it said in this run, a line each, as far as it stands at the end of its log.
    fn words(&self) -> Vec<String> {
        let tail = tail(&self.launch.log, self.began_at).unwrap_or_default();
        let lines = tail.lines().filter_map(|line| line.split_once("identity: "));
        lines.map(|(_, words)| words.to_owned()).collect()
    }
}

fn tail(log: &Path, from: u64) -> io::Result<String> {
    let mut log = File::open(log)?;
    let from = from.max(log.metadata()?.len().saturating_sub(TAIL));
    log.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    log.take(TAIL).read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).into_owned())
}

/// A socket that shares its port with others of this user, and with nobody else.
fn shared_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    shared_socket(address)?.listen(BACKLOG)?.into_std()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(folder: &Path, script: &str) -> Launch {
        let path = folder.join("main.js");
        std::fs::write(&path, script).unwrap();
        Launch { script: path, log: folder.join("log"), variables: Vec::new() }
    }

    #[tokio::test]
    async fn nobody_else_gets_the_port_while_it_is_down_and_it_gets_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut identity = Identity::bind(launch(folder.path(), "")).unwrap();
        drop(identity.listener.take());
        let taken = TcpListener::bind(identity.address).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        let refused = std::net::TcpStream::connect(identity.address).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let listener = listen(identity.address).unwrap();
        std::net::TcpStream::connect(identity.address).unwrap();
        drop(listener);
        drop(identity);
    }

    #[tokio::test]
    async fn a_wrong_configuration_is_told_whole_and_not_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let script = "console.error('x identity: one'); console.error('x identity: two'); process.exitCode = 64";
        let launch = launch(folder.path(), script);
        let log = launch.log.clone();
        std::fs::write(&log, "x identity: of another run\n").unwrap();
        let mut identity = Identity::bind(launch).unwrap();
        let (mut child, _life) = identity.spawn().unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(WRONG_CONFIGURATION));
        assert_eq!(identity.words(), ["one", "two"]);

        let watch = identity.watch();
        let stop = CancellationToken::new();
        let mut running = std::pin::pin!(identity.run(stop.clone()));
        // By then it would be there again.
        assert!(timeout(FIRST_PAUSE * 2, &mut running).await.is_err(), "it waits for the end of the stack");
        assert!(!watch.ready().await);
        assert_eq!(std::fs::read_to_string(&log).unwrap().matches("one").count(), 2);
        stop.cancel();
        running.await.unwrap();
    }
}
