//! Every promise of the auth service, on a real PostgreSQL and through the generated clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod accepted;
mod audit;
mod better_auth;
mod better_auth_sessions;
mod better_auth_tables;
mod callers;
mod clock;
mod configuration;
mod erasure;
mod explanation;
mod forgery;
mod hostile;
mod introspection;
mod jws;
mod keys;
mod limits;
mod oidc_provider;
mod pooler;
mod process;
mod program;
mod refused;
mod reload;
mod revocation;
mod service;
mod session_answers;
mod socket;
mod users;
mod watching;
