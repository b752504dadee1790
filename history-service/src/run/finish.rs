//! The end of a run: answer and run become final together.

use kit::{
    caller::UserId,
    error::{Error, RefusalKind},
};
use proto::reason;

use super::{Events, Run, not_found};
use crate::{
    conversation::Conversation,
    id::RunId,
    message::{Message, RunError, Source, Usage},
    store::{self, Store},
    word::{FinishReason, MessageStatus, RunStatus},
};

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) run_id: RunId,
    pub(crate) fence: i64,
    pub(crate) outcome: Outcome,
    pub(crate) content: String,
    pub(crate) parts: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) usage: Usage,
    pub(crate) error: Option<RunError>,
    pub(crate) model: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) reason: Option<FinishReason>,
    /// What was not appended yet, for those who follow.
    pub(crate) rest: Option<Events>,
}

/// The ends that a run can come to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Completed,
    Failed,
    Cancelled,
    Interrupted,
}

impl Outcome {
    pub(crate) fn run(self) -> RunStatus {
        match self {
            Self::Completed => RunStatus::Completed,
            Self::Failed => RunStatus::Failed,
            Self::Cancelled => RunStatus::Cancelled,
            Self::Interrupted => RunStatus::Interrupted,
        }
    }

    pub(crate) fn message(self) -> MessageStatus {
        match self {
            Self::Completed => MessageStatus::Completed,
            Self::Failed => MessageStatus::Failed,
            Self::Cancelled => MessageStatus::Cancelled,
            Self::Interrupted => MessageStatus::Interrupted,
        }
    }
}

/// What was stored.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) run: Run,
    pub(crate) message: Message,
    pub(crate) conversation: Conversation,
    /// Whether there are events, for those who follow.
    pub(crate) left_events: bool,
}

/// Ends a run that the caller holds. Repeated, it returns what was stored the first time.
pub(crate) async fn finish(store: &Store, user: UserId, finish: &Finish) -> Result<Finished, Error> {
    let finished = match store::run::finish(store.pool(), user, finish).await? {
        Some(finished) => finished,
        None => ended_already(store, user, finish).await?,
    };
    store.calendar().ended(finished.run.id, finished.left_events);
    store.wrote_searched();
    Ok(finished)
}

async fn ended_already(store: &Store, user: UserId, finish: &Finish) -> Result<Finished, Error> {
    let run = store::run::find(store.pool(), user, finish.run_id).await?.ok_or_else(not_found)?;
    if run.fence != finish.fence {
        let message = "the run was taken away from the caller";
        return Err(Error::refused(RefusalKind::Conflict, reason::RUN_FENCED, message));
    }
    let conversation = store::conversation::find(store.pool(), user, run.conversation_id).await?;
    let message = store::message::find(store.pool(), user, &[run.message_id]).await?.pop();
    let (conversation, message) = conversation.zip(message).ok_or_else(not_found)?;
    // Perhaps by this very request, whose first answer was lost.
    Ok(Finished { run, message, conversation, left_events: true })
}
