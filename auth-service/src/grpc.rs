//! The services as gRPC: requests in, use cases, answers out.

mod auth_service;
mod caller;
mod convert;
mod user_service;

pub(crate) use self::{auth_service::AuthGrpc, caller::LocalVerifier, user_service::UserGrpc};
