//! Why a cluster could not be had.

use std::{io, path::PathBuf};

/// Every message stands alone on a line, except that a log may follow it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action}")]
    Io {
        /// What was tried, as it follows "cannot".
        action: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Neither installed nor downloadable.
    #[error(
        "no {wanted} on this machine, and the download failed ({reason}): install it \
         (apt-get install {package}) or set PG_BIN to the directory of its initdb and postgres"
    )]
    NoBinaries {
        /// The versions that would do.
        wanted: String,
        /// What Debian and others call it.
        package: String,
        /// What became of the download.
        reason: String,
    },
    /// `PG_BIN` names a directory that cannot be used.
    #[error("PG_BIN {} {reason}", dir.display())]
    UnusableBinaries {
        /// The directory that was named.
        dir: PathBuf,
        /// What is wrong with it, as it follows the path.
        reason: String,
    },
    /// Another process owns the cluster.
    #[error("{} is in use by another process{}", dir.display(), pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    InUse {
        /// The cluster's directory.
        dir: PathBuf,
        /// The owner, when it could be read.
        pid: Option<u32>,
    },
    /// The cluster was made by somebody else, often by root in an earlier run.
    #[error("{} belongs to user {owner}: run as that user or as root, or use another data directory", dir.display())]
    ForeignOwner {
        /// The cluster's directory.
        dir: PathBuf,
        /// The owner's numeric user id.
        owner: u32,
    },
    /// PostgreSQL refuses root, and there is nobody else.
    #[error("PostgreSQL does not run as root, and neither user postgres nor user nobody exists in /etc/passwd")]
    NoAccount,
    /// `initdb` failed.
    #[error("creating the database cluster failed:\n{log}")]
    Create {
        /// The end of its output.
        log: String,
    },
    /// The wanted port is taken.
    #[error("port {port} of 127.0.0.1 is already in use")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The server ended while it started.
    #[error("PostgreSQL did not start:\n{log}")]
    NotStarted {
        /// The end of its log.
        log: String,
    },
    /// The server ended although nobody asked it to.
    #[error("PostgreSQL ended unexpectedly:\n{log}")]
    Ended {
        /// The end of its log.
        log: String,
    },
    /// Something took longer than it ever should.
    #[error("{what} took longer than {seconds} s:\n{log}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
        /// The end of the server's log.
        log: String,
    },
    /// A server of this cluster survives every signal.
    #[error("PostgreSQL (pid {pid}) cannot be stopped")]
    Unstoppable {
        /// Its process id.
        pid: u32,
    },
}

impl Error {
    /// For `map_err`: names what was tried.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}
