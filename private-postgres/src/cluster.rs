//! A running cluster and the way to it.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    Error, Options, Step, binaries::Binaries, initdb, layout::Layout, leftover, lock::Lock, log::Log, password,
    server::Server, standby, standby::Primary, url,
};

const SUPERUSER: &str = "postgres";

/// A PostgreSQL that runs as long as this value lives.
///
/// [`Cluster::stop`] ends it in order and waits; dropping it ends it too, without waiting, and so does the end of
/// this process, even by `kill -9`.
pub struct Cluster {
    run: Run,
    layout: Layout,
    options: Options,
    lock: Lock,
}

struct Run {
    server: Server,
    log: Log,
    password: String,
    bin: PathBuf,
    socket: Option<PathBuf>,
}

impl Cluster {
    /// Finds PostgreSQL, makes the cluster unless there is one, and returns when it accepts connections.
    ///
    /// A server that an earlier owner left behind is stopped first.
    pub async fn start(options: Options) -> Result<Self, Error> {
        Self::start_as(options, None).await
    }

    /// Makes a copy of this cluster that follows it and answers reads. It has the same roles and passwords.
    pub async fn start_standby(&self, options: Options) -> Result<Self, Error> {
        let password = self.run.password.clone();
        Self::start_as(options, Some(Primary { port: self.port(), superuser: SUPERUSER, password })).await
    }

    async fn start_as(options: Options, primary: Option<Primary>) -> Result<Self, Error> {
        let layout = Layout::prepare(&options.dir, options.temporary)?;
        let lock = Lock::acquire(&layout)?;
        leftover::stop(&layout, &options.progress).await?;
        match Run::start(&layout, &options, primary.as_ref()).await {
            Ok(run) => Ok(Self { run, layout, options, lock }),
            Err(error) => {
                if options.temporary {
                    layout.remove_all()?;
                }
                Err(error)
            }
        }
    }

    /// How `role` reaches `database`: by unix socket where the directory allows one, else like [`Self::tcp_url`].
    pub fn url(&self, role: &str, password: &str, database: &str) -> String {
        url::connection(role, password, database, self.port(), self.run.socket.as_deref())
    }

    /// How `role` reaches `database` over loopback TCP.
    pub fn tcp_url(&self, role: &str, password: &str, database: &str) -> String {
        url::connection(role, password, database, self.port(), None)
    }

    /// How the superuser `postgres` reaches `database`; the URL contains the password.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url(SUPERUSER, &self.run.password, database)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.run.server.port
    }

    /// Where `psql`, `pg_dump` and the like of the same version may be.
    pub fn bin(&self) -> &Path {
        &self.run.bin
    }

    /// The server's log.
    pub fn log(&self) -> &Path {
        self.run.log.path()
    }

    /// Returns only if the server ends by itself, with the reason.
    pub async fn ended(&mut self) -> Error {
        match self.run.server.guard.ended().await {
            Ok(_) => Error::Ended { log: self.run.log.tail(0) },
            Err(error) => error,
        }
    }

    /// Stops the server, orderly if it can be, and waits until it is gone.
    pub async fn stop(mut self) -> Result<(), Error> {
        if !self.run.server.guard.stop().await {
            tracing::warn!("the guard of PostgreSQL does not answer; stopping PostgreSQL directly");
        }
        // Also when the guard did answer: it may itself have been killed.
        leftover::stop(&self.layout, &self.options.progress).await?;
        if self.options.temporary {
            self.layout.remove_all()?;
        }
        drop(self.lock);
        Ok(())
    }
}

impl Run {
    async fn start(layout: &Layout, options: &Options, primary: Option<&Primary>) -> Result<Self, Error> {
        let exists = layout.data().exists();
        let binaries = Binaries::find(options, layout).await?;
        let log = Log::create(layout)?;
        let password = match primary {
            Some(primary) => primary.password.clone(),
            None => password::load_or_create(layout, exists)?,
        };
        if !exists {
            (options.progress)(Step::Creating { dir: layout.home.clone() });
            match primary {
                Some(primary) => standby::create(layout, &binaries, &log, primary).await?,
                None => initdb::create(layout, &binaries, &log, &password, options.temporary).await?,
            }
        }
        let socket = layout.socket()?;
        let server = Server::start(layout, &binaries, &log, socket.as_ref(), options).await?;
        Ok(Self { server, log, password, bin: binaries.dir, socket: socket.map(|socket| socket.client) })
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("dir", &self.layout.home)
            .field("port", &self.run.server.port)
            .finish_non_exhaustive()
    }
}
