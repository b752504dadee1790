//! From a request to the question that is saved and put to an agent.

use prost_types::Timestamp;
use proto::history::v1::{ContextMessage, Message, Run, StartRunRequest};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Waits, fingerprint};
use crate::{agent::Question, config::Limits, extract::Caller};

/// How the contract calls what REST calls otherwise.
pub(super) const FIELDS: [(&str, &str); 2] = [("content", "message"), ("request_id", "Idempotency-Key")];

/// A question of a user's.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) caller: Caller,
    pub(crate) asked: Asked,
    pub(crate) place: Place,
    /// A digest of what the client says was said before, where it is to be believed.
    pub(crate) before: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) on_conflict: OnConflict,
    /// Who is told when it has to wait.
    pub(crate) waits: Waits,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Something new.
    New {
        text: String,
        /// The shown path's newest message when absent, no parent when empty.
        parent_id: Option<String>,
        /// The id that the client gives the question.
        client_id: Option<String>,
        metadata: Option<Box<RawValue>>,
    },
    /// A question that has been asked before. The answer becomes a sibling of those it has.
    Again { user_message_id: String },
}

/// Where it is asked.
#[derive(Debug)]
pub(crate) enum Place {
    /// In a new conversation, which may have an end.
    New { expires_at: Option<Timestamp> },
    /// In this one.
    Conversation(Uuid),
    /// In the one that the client gave this id; it is made when there is none.
    ClientId(String),
}

/// What is to happen when another run goes on in the conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum OnConflict {
    /// It is a conflict, which names the run.
    #[default]
    Reject,
    /// The other is stopped; what it wrote stays.
    CancelPrevious,
    /// This one waits for its end.
    Enqueue,
}

impl Ask {
    pub(super) fn start_request(&self, agent: &str, limits: &Limits) -> StartRunRequest {
        let mut request = StartRunRequest {
            agent: agent.to_owned(),
            request_id: self.idempotency_key.clone(),
            fingerprint: fingerprint::of(self),
            lease: prost_types::Duration::try_from(limits.run_lease).ok(),
            context_limit: limits.context_messages,
            context_characters: limits.context_characters,
            ..StartRunRequest::default()
        };
        match &self.asked {
            Asked::New { text, parent_id, client_id, metadata } => {
                request.content.clone_from(text);
                request.parent_id.clone_from(parent_id);
                request.client_id.clone_from(client_id);
                request.metadata_json = metadata.as_ref().map(|raw| raw.get().to_owned()).unwrap_or_default();
            }
            Asked::Again { user_message_id } => request.user_message_id = Some(user_message_id.clone()),
        }
        match &self.place {
            Place::New { expires_at } => request.expires_at = *expires_at,
            Place::Conversation(id) => request.conversation_id = Some(id.to_string()),
            Place::ClientId(id) => request.conversation_client_id = Some(id.clone()),
        }
        request
    }

    pub(super) fn question(&self, run: &Run, user_message: &Message, context: Vec<ContextMessage>) -> Question {
        Question {
            run_id: run.id.clone(),
            conversation_id: run.conversation_id.clone(),
            user: self.caller.user.clone(),
            input: user_message.content.clone(),
            context,
            metadata: RawValue::from_string(user_message.metadata_json.clone()).ok(),
            request_id: self.caller.request_id.clone(),
        }
    }
}
