//! What tests need and production does not: a real PostgreSQL, fake issuers, fake agents, in-memory channels.

pub mod agent;
mod channel;
pub mod issuer;
mod postgres;

pub use self::{channel::channel, postgres::TestDatabase};
