//! From a request to the question that is saved and put to an agent.

use prost_types::Timestamp;
use proto::history::v1::{ContextMessage, Run, StartRunRequest};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::fingerprint;
use crate::{agent::Question, config::Limits, extract::Caller};

/// How the contract calls what REST calls otherwise.
pub(super) const FIELDS: [(&str, &str); 2] = [("content", "message"), ("request_id", "Idempotency-Key")];

/// A question of a user's.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) caller: Caller,
    pub(crate) message: String,
    pub(crate) conversation_id: Option<Uuid>,
    /// The shown path's newest message when absent, no parent when empty.
    pub(crate) parent_id: Option<String>,
    /// When a new conversation is to be deleted.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) agent: Option<String>,
    pub(crate) metadata: Option<Box<RawValue>>,
    pub(crate) idempotency_key: Option<String>,
}

impl Ask {
    pub(super) fn start_request(&self, agent: &str, limits: &Limits) -> StartRunRequest {
        StartRunRequest {
            conversation_id: self.conversation_id.map(|id| id.to_string()),
            parent_id: self.parent_id.clone(),
            agent: agent.to_owned(),
            content: self.message.clone(),
            metadata_json: self.metadata.as_ref().map(|raw| raw.get().to_owned()).unwrap_or_default(),
            request_id: self.idempotency_key.clone(),
            fingerprint: fingerprint::of(self),
            lease: prost_types::Duration::try_from(limits.lease()).ok(),
            context_limit: limits.context_messages,
            context_characters: limits.context_characters,
            expires_at: self.expires_at,
        }
    }

    pub(super) fn question(&self, run: &Run, context: Vec<ContextMessage>) -> Question {
        Question {
            run_id: run.id.clone(),
            conversation_id: run.conversation_id.clone(),
            user: self.caller.user.clone(),
            input: self.message.clone(),
            context,
            metadata: self.metadata.clone(),
            request_id: self.caller.request_id.clone(),
        }
    }
}
