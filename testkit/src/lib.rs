//! What tests need and production does not: a real PostgreSQL, real and fake issuers, fake agents, in-memory channels.

pub mod agent;
mod auth;
pub mod better_auth;
mod channel;
pub mod client;
mod installation;
pub mod issuer;
mod node;
pub mod oidc_provider;
mod pgbouncer;
mod port;
mod postgres;
mod proxy;
mod python;
mod replicated;
mod server;
mod third_party;

pub use self::{
    auth::{NoUsers, OnlyVerifies, Verifies},
    channel::channel,
    pgbouncer::PgBouncer,
    port::free_address,
    postgres::TestDatabase,
    proxy::{Fault, Proxy},
    replicated::Replicated,
    third_party::ThirdParty,
};
