//! What a caller decides about a cluster, and what it hears while it waits.

use std::{fmt, path::PathBuf, sync::Arc};

/// Told about each step that a person may have to wait for.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// How a cluster is to be found, made and run.
#[derive(Clone)]
pub struct Options {
    /// The data directory; the cluster lives in `postgres` beneath it. Created when it is missing.
    pub dir: PathBuf,
    /// The directory of `initdb` and `postgres` (`PG_BIN`); searched for when `None`.
    pub bin: Option<PathBuf>,
    /// Where a downloaded PostgreSQL is kept; `postgres-binaries` in `dir` when `None`.
    pub downloads: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 chooses a free one at every start.
    pub port: u16,
    /// Server settings beyond the defaults; they win over them.
    pub settings: Vec<(String, String)>,
    /// The cluster goes when its server stops, however that comes about, and trades durability for speed.
    pub temporary: bool,
    /// Called as long steps begin.
    pub progress: Progress,
}

impl Options {
    /// A cluster that keeps its data between runs, on a free port.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            bin: None,
            downloads: None,
            port: 0,
            settings: Vec::new(),
            temporary: false,
            progress: Arc::new(|step| tracing::debug!("{step}")),
        }
    }

    /// A cluster for tests: fast, and gone with its owner. As root, choose a `dir` that other users can
    /// reach (such as one in `/tmp`), or its empty directories stay behind after a kill.
    pub fn temporary(dir: impl Into<PathBuf>) -> Self {
        Self { temporary: true, ..Self::new(dir) }
    }
}

/// A step that takes noticeable time; its `Display` is meant for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A server of this directory still runs although its owner is gone; it is stopped first.
    StoppingLeftover {
        /// The process id of that server.
        pid: u32,
    },
    /// The machine has no suitable PostgreSQL.
    Downloading {
        /// The major version that is fetched.
        major: u32,
    },
    /// `initdb` runs.
    Creating {
        /// The new cluster's directory.
        dir: PathBuf,
    },
    /// The server starts, which includes recovery after a crash.
    Starting {
        /// The major version of the server.
        major: u32,
        /// Its port on 127.0.0.1.
        port: u16,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoppingLeftover { pid } => {
                write!(f, "stopping PostgreSQL (pid {pid}), left behind by an earlier run")
            }
            Self::Downloading { major } => write!(f, "downloading PostgreSQL {major}"),
            Self::Creating { dir } => write!(f, "creating the database cluster in {}", dir.display()),
            Self::Starting { major, port } => write!(f, "starting PostgreSQL {major} on port {port}"),
        }
    }
}
