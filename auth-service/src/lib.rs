//! The auth service: verifies tokens of configured issuers and keeps the users behind them.
//!
//! A token goes through `token` (shape, header, signature, claims) with the rules that `issuer` names and the
//! keys that `jwks` holds; `users` turns what it says into a user; `failures` limits who guesses; `audit` records what
//! was decided; `grpc` answers.

mod audit;
mod bucket;
mod config;
mod failures;
mod grpc;
mod identity;
mod issuer;
mod jwks;
pub mod jws;
mod network;
mod refusal;
mod serve;
mod session;
mod store;
mod token;
mod users;

pub use self::{
    config::{Config, ConfigError, Options, SessionOptions},
    issuer::{IssuerConfig, KeySource},
    refusal::Refusal,
    serve::{migrate, serve, services},
};
