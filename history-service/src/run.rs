//! Runs: one question put to an agent, and its answer.

use chrono::{DateTime, Utc};
use kit::{caller::UserId, error::Error};
use proto::reason;

use crate::{
    id::{ConversationId, MessageId, RunId},
    message::{Message, RunError, Usage},
    store::{self, Store},
    word::RunStatus,
};

mod finish;
mod start;

pub(crate) use self::{
    finish::{Finish, Outcome, finish},
    start::{Budget, ContextMessage, NewRun, start},
};

/// One question put to an agent.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) user_message_id: MessageId,
    pub(crate) message_id: MessageId,
    pub(crate) agent: String,
    pub(crate) status: RunStatus,
    pub(crate) fence: i64,
    pub(crate) lease_expires_at: DateTime<Utc>,
    pub(crate) error: Option<RunError>,
    pub(crate) usage: Usage,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// A run with its question and its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) run: Run,
    pub(crate) user_message: Message,
    pub(crate) message: Message,
}

pub(crate) async fn get(store: &Store, user: UserId, id: RunId) -> Result<Exchange, Error> {
    let run = store::run::find(store.pool(), user, id).await?.ok_or_else(not_found)?;
    exchange(store, user, run).await
}

fn not_found() -> Error {
    Error::not_found(reason::RUN_NOT_FOUND, "no such run")
}

async fn exchange(store: &Store, user: UserId, run: Run) -> Result<Exchange, Error> {
    let messages = store::message::find(store.pool(), user, &[run.user_message_id, run.message_id]).await?;
    // Deleted since the run was read.
    let [user_message, message] = <[Message; 2]>::try_from(messages).map_err(|_| not_found())?;
    Ok(Exchange { run, user_message, message })
}
