//! The auth service: verifies tokens of configured issuers and keeps the users behind them.
//!
//! `identity` takes a credential from the first look to the user. A JSON Web Token goes through `token`, with the rules
//! that `issuer` names and the keys that `jwks` holds; an opaque session through `session`; `users` turns what either
//! says into a user. `failures` limits who guesses, `audit` records what was decided, `explanation` tells why, `grpc`
//! answers.

mod audit;
mod config;
mod explanation;
mod failures;
mod grpc;
mod http;
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
    serve::{migrate, reconcile, serve, services},
};
