//! The gateway: REST and SSE in, gRPC to the auth and history services, HTTP to agents; it owns the running runs.

mod account;
mod agent;
mod answer;
mod app;
mod config;
mod connection;
mod dialect;
mod digest;
mod edge;
mod event;
mod export;
mod extract;
mod fields;
mod gateway;
mod history;
mod identity;
mod problem;
mod quota;
mod resource;
mod routes;
mod run;
mod thread;
mod web;

pub use self::{
    config::{
        AgentOptions, AgentProtocol, AgentsError, Config, ConfigError, CorsOrigins, Limits, Options, SessionCookie,
        TrustedProxies,
    },
    gateway::{Gateway, Listeners, serve},
    routes::openapi,
};
