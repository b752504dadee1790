//! The history service as the gateway calls it.

use kit::client::{Transport, unavailable};
use proto::{
    history::v1::{
        conversation_service_client::ConversationServiceClient, message_service_client::MessageServiceClient,
        privacy_service_client::PrivacyServiceClient, run_service_client::RunServiceClient,
    },
    limit, reason,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::problem::{self, Problem, Refused};

/// What is stored must be readable. A page has at most 2 MiB and one message more, which came in one request; its text
/// stands there twice, the second time with JSON escapes, of which the longest make six bytes of one. 8 MiB are room
/// for ids and metadata.
const LARGEST_ANSWER: usize = 7 * (limit::REQUEST_BYTES + 2 * 1024 * 1024) + 8 * 1024 * 1024;

/// The clients.
#[derive(Debug, Clone)]
pub(crate) struct History {
    conversations: ConversationServiceClient<Transport>,
    messages: MessageServiceClient<Transport>,
    runs: RunServiceClient<Transport>,
    privacy: PrivacyServiceClient<Transport>,
    exports: PrivacyServiceClient<Transport>,
    watches: RunServiceClient<Transport>,
}

/// Ways to the history service, each a connection of its own.
pub(crate) struct Connections {
    /// For calls that are answered at once.
    pub(crate) calls: Transport,
    /// For exports: what clients do not read fills the window of a connection, which all its calls share.
    pub(crate) exports: Transport,
    /// For runs that are followed: a connection has only so many streams at a time.
    pub(crate) watches: Transport,
}

impl History {
    pub(crate) fn new(connections: Connections) -> Self {
        let Connections { calls: transport, exports, watches } = connections;
        Self {
            conversations: ConversationServiceClient::new(transport.clone()).max_decoding_message_size(LARGEST_ANSWER),
            messages: MessageServiceClient::new(transport.clone()).max_decoding_message_size(LARGEST_ANSWER),
            runs: RunServiceClient::new(transport.clone()).max_decoding_message_size(LARGEST_ANSWER),
            privacy: PrivacyServiceClient::new(transport),
            exports: PrivacyServiceClient::new(exports).max_decoding_message_size(LARGEST_ANSWER),
            watches: RunServiceClient::new(watches).max_decoding_message_size(LARGEST_ANSWER),
        }
    }

    pub(crate) fn conversations(&self) -> ConversationServiceClient<Transport> {
        self.conversations.clone()
    }

    pub(crate) fn messages(&self) -> MessageServiceClient<Transport> {
        self.messages.clone()
    }

    pub(crate) fn runs(&self) -> RunServiceClient<Transport> {
        self.runs.clone()
    }

    /// The same for runs that are followed.
    pub(crate) fn watches(&self) -> RunServiceClient<Transport> {
        self.watches.clone()
    }

    pub(crate) fn privacy(&self) -> PrivacyServiceClient<Transport> {
        self.privacy.clone()
    }

    /// The same for what is long, and read as slowly as clients like.
    pub(crate) fn exports(&self) -> PrivacyServiceClient<Transport> {
        self.exports.clone()
    }
}

/// Whether the call did not get through, or got through to a service that cannot answer now.
pub(crate) fn is_away(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => true,
        // A connection that breaks in the middle of a call has no code of its own.
        Code::Unknown | Code::Internal => std::error::Error::source(status).is_some(),
        _ => false,
    }
}

/// Whether the service takes no such thing, ever.
pub(crate) fn is_refusal(status: &Status) -> bool {
    // The last two say that it is too large.
    matches!(status.code(), Code::InvalidArgument | Code::OutOfRange | Code::ResourceExhausted)
}

/// What the client is told when a call failed.
///
/// The user was authenticated here, so a refused caller is the gateway itself: our defect, never a 401.
#[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
pub(crate) fn problem(status: Status) -> Refused {
    let ours = status.get_details_error_info().is_some_and(|info| info.domain == reason::DOMAIN);
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => {
            tracing::error!(code = ?status.code(), error = status.message(), "the history service refuses this gateway");
            Problem::internal()
        }
        Code::Unavailable if ours => problem::from_status(&status),
        _ if is_away(&status) => {
            problem::from_status(&unavailable("the history service is away; try again soon", &status).into())
        }
        _ if ours => problem::from_status(&status),
        code => {
            tracing::error!(?code, error = status.message(), "the history service failed");
            problem::from_status(&status)
        }
    }
}

/// The run that keeps another one from beginning.
pub(crate) fn run_in_the_way(status: &Status) -> Option<String> {
    let info = status.get_details_error_info().filter(|info| info.reason == reason::RUN_IN_PROGRESS)?;
    info.metadata.get(reason::METADATA_RUN_ID).cloned()
}

/// The error of an answer without a field that the contract promises.
pub(crate) fn incomplete(what: &'static str) -> Refused {
    tracing::error!(what, "the history service sent an incomplete answer");
    Problem::internal()
}
