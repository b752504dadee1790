//! What tests need and production does not: a real PostgreSQL, real and fake issuers, fake agents, in-memory channels.

pub mod agent;
pub mod better_auth;
mod channel;
pub mod issuer;
mod node;
pub mod oidc_provider;
mod postgres;

pub use self::{channel::channel, postgres::TestDatabase};
