//! The one-machine binary: composes the services as libraries, around a PostgreSQL of its own.
//!
//! There is no second code path: the services are served as their own programs serve them, and speak to one
//! another over sockets.

mod cli;
mod data_dir;
mod database;
mod development_issuer;
mod explain_token;
mod identity;
mod node;
mod people;
mod project;
mod random;
mod running_stack;
mod screen;
mod sockets;
mod stack;

pub use self::cli::{Cli, run};
