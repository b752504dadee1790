//! The history service: keeps conversations, their trees of messages, what these cite, and the runs that wrote them.
//!
//! A call enters through `grpc`, which checks it and knows its user; `conversation`, `message`, `run`, `export` and
//! `erasure` are what can be done; `keeper` is what is done by itself; `store` holds every statement, in `store::keeper`
//! those of the role that sees past one user. `answer` folds the events of a run that nobody else ends.

mod answer;
mod citation;
mod config;
mod conversation;
mod deletion;
mod erasure;
mod export;
mod grpc;
mod headline;
mod id;
mod json;
mod keeper;
mod message;
mod page_token;
mod run;
mod search;
mod serve;
mod store;
mod word;

pub use self::{
    config::{Config, ConfigError, Options},
    serve::{migrate, serve, services, tidy},
};
