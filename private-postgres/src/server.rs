//! One run of `postgres`, from its start until it answers.

use std::{ffi::OsString, fs, net::TcpListener, path::Path, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    Error, Options, Step,
    binaries::Binaries,
    guard::{Guard, Job},
    layout::{Layout, Socket},
    log::Log,
};

/// Long, for it includes recovery after a crash.
const START_DEADLINE: Duration = Duration::from_mins(2);

/// How often another free port is tried when somebody took the one just chosen.
const PORT_ATTEMPTS: usize = 8;

const DEFAULTS: [(&str, &str); 6] = [
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_permissions", "0700"),
    ("password_encryption", "scram-sha-256"),
    ("max_connections", "100"),
    ("shared_buffers", "128MB"),
    ("autovacuum", "on"),
];

/// What a cluster can do without when it need not survive a crash.
const TEMPORARY: [(&str, &str); 3] = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];

/// A server that answers.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) guard: Guard,
    pub(crate) port: u16,
}

impl Server {
    /// Starts the server on the wanted port, or on a free one.
    pub(crate) async fn start(
        layout: &Layout,
        binaries: &Binaries,
        log: &Log,
        socket: Option<&Socket>,
        options: &Options,
    ) -> Result<Self, Error> {
        for _ in 1..PORT_ATTEMPTS {
            match Self::attempt(layout, binaries, log, socket, options).await {
                Err(Error::PortInUse { port }) if options.port == 0 => {
                    tracing::debug!(port, "a free port was taken before PostgreSQL had it; choosing another");
                }
                outcome => return outcome,
            }
        }
        Self::attempt(layout, binaries, log, socket, options).await
    }

    async fn attempt(
        layout: &Layout,
        binaries: &Binaries,
        log: &Log,
        socket: Option<&Socket>,
        options: &Options,
    ) -> Result<Self, Error> {
        let port = if options.port == 0 { free_port()? } else { options.port };
        (options.progress)(Step::Starting { major: binaries.major, port });
        let start = log.len();
        let job = Job {
            program: binaries.dir.join("postgres"),
            arguments: arguments(layout, socket, port, options),
            temporary: options.temporary,
            socket: socket.and_then(|socket| socket.outside.clone()),
        };
        let mut guard = Guard::spawn(layout, log, job)?;
        match ready(&mut guard, &layout.data(), || log.tail(start)).await {
            Ok(()) => Ok(Self { guard, port }),
            Err(Error::NotStarted { log }) if log.contains("Address already in use") => Err(Error::PortInUse { port }),
            Err(error) => {
                guard.stop().await;
                Err(error)
            }
        }
    }
}

fn arguments(layout: &Layout, socket: Option<&Socket>, port: u16, options: &Options) -> Vec<OsString> {
    let mut arguments = vec![
        OsString::from("-D"),
        layout.home_of_server().join("data").into(),
        OsString::from("-p"),
        port.to_string().into(),
    ];
    let mut set = |name: &str, value: &str| {
        arguments.push("-c".into());
        arguments.push(format!("{name}={value}").into());
    };
    // The value is a list: quotes keep a comma in a path from ending it.
    let directory = socket.map(|socket| format!("\"{}\"", socket.server.to_string_lossy().replace('"', "\"\"")));
    set("unix_socket_directories", &directory.unwrap_or_default());
    for (name, value) in DEFAULTS {
        set(name, value);
    }
    if options.temporary {
        for (name, value) in TEMPORARY {
            set(name, value);
        }
    }
    for (name, value) in &options.settings {
        set(name, value);
    }
    arguments
}

/// Waits for the word that `postmaster.pid` has in its eighth line once connections are accepted.
async fn ready(guard: &mut Guard, data: &Path, log: impl Fn() -> String) -> Result<(), Error> {
    let deadline = Instant::now() + START_DEADLINE;
    let mut pause = Duration::from_millis(5);
    loop {
        let status = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        if status.lines().nth(7).is_some_and(|status| status.trim() == "ready") {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::Timeout {
                what: "the start of PostgreSQL".to_owned(),
                seconds: START_DEADLINE.as_secs(),
                log: log(),
            });
        }
        tokio::select! {
            ended = guard.ended() => {
                ended?;
                return Err(Error::NotStarted { log: log() });
            }
            () = sleep(pause) => pause = (pause * 2).min(Duration::from_millis(100)),
        }
    }
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::io("find a free port"))
}
