//! The services as gRPC: requests in, use cases, answers out.

use std::future::Future;

use kit::{
    caller::{Caller, UserId},
    database,
    error::Error,
    server::Services,
};
use proto::{
    history::v1::{
        conversation_service_server::ConversationServiceServer, message_service_server::MessageServiceServer,
        privacy_service_server::PrivacyServiceServer, run_service_server::RunServiceServer,
    },
    limit,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::{erasure::Erasures, run::Hub, store::Store};

mod agent;
mod conversations;
mod convert;
mod fields;
mod messages;
mod privacy;
mod runs;
mod watching;

/// Every service of this process. Streams that would go on for long end with `stop`.
pub(crate) fn services(process: &'static str, store: Store, erasures: Erasures, stop: CancellationToken) -> Services {
    let conversations = ConversationServiceServer::new(conversations::Conversations(store.clone()));
    let messages = MessageServiceServer::new(messages::Messages(store.clone()));
    let privacy = PrivacyServiceServer::new(privacy::Privacy { store: store.clone(), erasures });
    let runs = RunServiceServer::new(runs::Runs { hub: Hub::new(store.clone()), store, stop });
    Services::new(process)
        .with(conversations.max_decoding_message_size(limit::REQUEST_BYTES))
        .with(messages.max_decoding_message_size(limit::REQUEST_BYTES))
        .with(privacy)
        .with(runs.max_decoding_message_size(limit::REQUEST_BYTES))
}

/// The caller's user and the message of a request.
fn open<T>(request: Request<T>) -> Result<(UserId, T), Status> {
    let user = Caller::of(&request)?.user_id()?;
    Ok((user, request.into_inner()))
}

/// The answer of a use case, within the deadline.
async fn answer<T>(work: impl Future<Output = Result<T, Error>>) -> Result<Response<T>, Status> {
    Ok(Response::new(database::in_time(work).await?))
}
