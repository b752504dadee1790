//! A private PostgreSQL cluster in a directory: found or downloaded, created, started, and stopped together
//! with the process that owns it, however that process ends.
//!
//! ```no_run
//! # async fn example() -> Result<(), private_postgres::Error> {
//! use private_postgres::{Cluster, Options};
//!
//! let cluster = Cluster::start(Options::new(".colloquy")).await?;
//! let url = cluster.superuser_url("postgres");
//! // … connect to `url` …
//! cluster.stop().await?;
//! # Ok(())
//! # }
//! ```

mod account;
mod binaries;
mod cluster;
mod error;
mod guard;
mod initdb;
mod layout;
mod leftover;
mod lock;
mod log;
mod options;
mod password;
mod server;
mod standby;
mod url;

pub use cluster::Cluster;
pub use error::Error;
pub use options::{Options, Progress, Step};
