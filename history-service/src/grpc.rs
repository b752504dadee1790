//! The services as gRPC: requests in, use cases, answers out.

use std::{future::Future, time::Duration};

use kit::{
    caller::{Caller, UserId},
    error::Error,
    server::Services,
};
use proto::{
    history::v1::{
        conversation_service_server::ConversationServiceServer, message_service_server::MessageServiceServer,
        run_service_server::RunServiceServer,
    },
    limit, reason,
};
use tonic::{Request, Response, Status};

use crate::store::Store;

mod conversations;
mod convert;
mod fields;
mod messages;
mod runs;

/// Longer than the wait for a connection, shorter than our clients' own deadline.
const DEADLINE: Duration = Duration::from_secs(12);
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Every service of this process.
pub(crate) fn services(process: &'static str, store: Store) -> Services {
    let conversations = ConversationServiceServer::new(conversations::Conversations(store.clone()));
    let messages = MessageServiceServer::new(messages::Messages(store.clone()));
    let runs = RunServiceServer::new(runs::Runs(store));
    Services::new(process)
        .with(conversations.max_decoding_message_size(limit::REQUEST_BYTES))
        .with(messages.max_decoding_message_size(limit::REQUEST_BYTES))
        .with(runs.max_decoding_message_size(limit::REQUEST_BYTES))
}

/// The caller's user and the message of a request.
fn open<T>(request: Request<T>) -> Result<(UserId, T), Status> {
    let user = Caller::of(&request)?.user_id()?;
    Ok((user, request.into_inner()))
}

/// The answer of a use case, within the deadline.
async fn answer<T>(work: impl Future<Output = Result<T, Error>>) -> Result<Response<T>, Status> {
    let late = |elapsed: tokio::time::error::Elapsed| Error::Unavailable {
        reason: reason::DATABASE_UNAVAILABLE,
        message: "the database did not answer in time",
        retry_after: RETRY_AFTER,
        source: Some(elapsed.into()),
    };
    let done = tokio::time::timeout(DEADLINE, work).await.unwrap_or_else(|elapsed| Err(late(elapsed)));
    Ok(Response::new(done?))
}
