//! The end of a run: answer and run become final together.

use kit::{
    caller::UserId,
    database::again_when_lost,
    error::{Error, RefusalKind},
};
use proto::reason;

use super::{Events, Run, not_found};
use crate::{
    conversation::Conversation,
    id::RunId,
    message::{Message, RunError, Source, Usage},
    store::{self, Store, run::Ended},
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
}

/// Ends a run that the caller holds. Repeated, it returns what was stored the first time.
pub(crate) async fn finish(store: &Store, user: UserId, finish: &Finish) -> Result<Finished, Error> {
    again_when_lost(|| write(store, user, finish)).await
}

async fn write(store: &Store, user: UserId, finish: &Finish) -> Result<Finished, Error> {
    let mut transaction = store.begin_in_run(user, finish.run_id).await?;
    let ended = end(&mut transaction, user, finish).await?;
    let Some((Ended { run, conversation }, followed)) = ended else {
        return ended_already(transaction, user, finish).await;
    };
    let message = store::message::find(&mut *transaction, user, &[run.message_id]).await?.pop();
    let message = message.ok_or_else(not_found)?;
    transaction.commit().await?;
    store.calendar().ended(run.id, followed);
    store.wrote_searched();
    Ok(Finished { run, message, conversation })
}

/// Ends a run in a transaction that holds its conversation, and says whether it left events behind. None when it is not
/// running under this fence.
pub(super) async fn end(
    transaction: &mut store::Transaction,
    user: UserId,
    finish: &Finish,
) -> Result<Option<(Ended, bool)>, Error> {
    let Some(ended) = store::run::finish(transaction, user, finish).await? else { return Ok(None) };
    if !finish.sources.is_empty() {
        store::source::insert(transaction, user, ended.run.message_id, &finish.sources).await?;
    }
    let followed = store::run::append_rest(transaction, user, finish.run_id, finish.rest.as_ref()).await?;
    Ok(Some((ended, followed)))
}

async fn ended_already(mut transaction: store::Transaction, user: UserId, finish: &Finish) -> Result<Finished, Error> {
    let run = store::run::find(&mut *transaction, user, finish.run_id).await?.ok_or_else(not_found)?;
    if run.fence != finish.fence {
        let message = "the run was taken away from the caller";
        return Err(Error::refused(RefusalKind::Conflict, reason::RUN_FENCED, message));
    }
    let conversation = store::conversation::find(&mut *transaction, user, run.conversation_id).await?;
    let message = store::message::find(&mut *transaction, user, &[run.message_id]).await?.pop();
    let (conversation, message) = conversation.zip(message).ok_or_else(not_found)?;
    transaction.commit().await?;
    Ok(Finished { run, message, conversation })
}
