//! Runs.

use proto::history::v1 as history;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Message, Usage, optional_time};

/// One question put to an agent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Run {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    conversation_id: String,
    /// The question.
    #[schema(format = Uuid)]
    user_message_id: String,
    /// The answer.
    #[schema(format = Uuid)]
    message_id: String,
    agent: String,
    status: RunStatus,
    /// Why it failed.
    error: Option<RunError>,
    usage: Option<Usage>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RunStatus {
    Running,
    Completed,
    Failed,
    Cancelled,
    Interrupted,
}

/// Why a run failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RunError {
    /// A stable word, as `agent_unreachable`.
    code: String,
    /// A sentence for a person.
    message: String,
}

/// A run that completed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunAnswer {
    pub(crate) run: Run,
    /// The question.
    pub(crate) user_message: Message,
    /// The answer.
    pub(crate) message: Message,
}

impl From<history::Run> for Run {
    fn from(from: history::Run) -> Self {
        let status = match from.status() {
            history::RunStatus::Running | history::RunStatus::Unspecified => RunStatus::Running,
            history::RunStatus::Completed => RunStatus::Completed,
            history::RunStatus::Failed => RunStatus::Failed,
            history::RunStatus::Cancelled => RunStatus::Cancelled,
            history::RunStatus::Interrupted => RunStatus::Interrupted,
        };
        Self {
            id: from.id,
            conversation_id: from.conversation_id,
            user_message_id: from.user_message_id,
            message_id: from.message_id,
            agent: from.agent,
            status,
            error: from.error.map(Into::into),
            usage: from.usage.map(Into::into),
            created_at: optional_time(from.created_at.as_ref()),
            finished_at: optional_time(from.finished_at.as_ref()),
        }
    }
}

impl From<history::RunError> for RunError {
    fn from(from: history::RunError) -> Self {
        Self { code: from.code, message: from.message }
    }
}
