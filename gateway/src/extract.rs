//! What handlers take from a request: the caller, the body, the query, the id in the path.

mod body;
mod caller;
mod client;
mod credential;
mod idempotency;
mod path;
mod query;

pub(crate) use self::{
    body::{Body, Foreign, ForeignIfAny},
    caller::Caller,
    client::Clients,
    credential::Credentials,
    idempotency::idempotency_key,
    path::{AgentName, Id, Name},
    query::Query,
};
