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

mod again;
mod append;
mod calendar;
mod cancel;
mod context;
mod finish;
mod interruption;
mod start;
mod sweep;
mod watch;

pub(crate) use self::{
    append::{Batch, append},
    calendar::Calendar,
    cancel::cancel,
    context::{Budget, ContextMessage},
    finish::{Finish, Finished, Outcome, finish},
    start::{Asked, Conversing, NewRun, Question, start},
    sweep::{keep_swept, sweep},
    watch::{Hub, Place, Step, Watch},
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

/// Events of a run, one after another, encoded.
#[derive(Debug)]
pub(crate) struct Events {
    /// How many events the run had before these.
    pub(crate) position: i64,
    pub(crate) count: i32,
    pub(crate) payload: Vec<u8>,
}

/// Which run is meant.
#[derive(Debug)]
pub(crate) enum Which {
    This(RunId),
    /// The one that goes on in this conversation, or else the one that wrote its active leaf.
    LatestIn(ConversationId),
    /// The same for a conversation by the client's id.
    LatestNamed(String),
    /// The one that began with this idempotency key.
    Requested(String),
}

pub(crate) async fn find(store: &Store, user: UserId, which: &Which) -> Result<Exchange, Error> {
    let latest = async |conversation, client_id| {
        let found = store::run::find_latest(store.pool(), user, conversation, client_id).await?;
        found.ok_or_else(not_found)
    };
    let id = match which {
        Which::This(id) => *id,
        Which::LatestIn(conversation) => latest(Some(*conversation), None).await?,
        Which::LatestNamed(client_id) => latest(None, Some(client_id.as_str())).await?,
        Which::Requested(request_id) => {
            store::run::find_claim(store.pool(), user, request_id).await?.ok_or_else(not_found)?.id
        }
    };
    get(store, user, id).await
}

pub(crate) async fn get(store: &Store, user: UserId, id: RunId) -> Result<Exchange, Error> {
    let run = store::run::find(store.pool(), user, id).await?.ok_or_else(not_found)?;
    if run.finished_at.is_none() {
        store.calendar().heard_of(run.id, run.lease_expires_at);
    }
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
