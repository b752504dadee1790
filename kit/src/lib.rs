//! What every service needs and none should write twice: configuration that they share, telemetry, shutdown and reload,
//! what programs do around their services, gRPC servers, gRPC and HTTP clients, JSON that is passed on, the caller of a request, errors, the admin listener, the database pool.
//!
//! It has no domain types, and the one contract it knows is the auth service's: the caller layer asks it.

pub mod admin;
pub mod bucket;
pub mod caller;
pub mod client;
pub mod config;
#[cfg(feature = "database")]
pub mod database;
#[cfg(feature = "database")]
pub mod erasures;
pub mod error;
pub mod hex;
#[cfg(feature = "http-client")]
pub mod http;
pub mod json;
pub mod program;
pub mod reload;
pub mod request_id;
pub mod server;
pub mod shutdown;
mod status;
pub mod telemetry;
