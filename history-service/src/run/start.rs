//! The beginning of a run: the question is saved, the key claimed, and only then may the agent be called.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kit::{
    caller::UserId,
    database::again_when_lost,
    error::{Error, RefusalKind},
};
use proto::reason;

use super::{Exchange, Run, exchange, not_found};
use crate::{
    conversation::{self, Conversation, NewConversation},
    id::{ConversationId, MessageId, RunId},
    message::{self, Parent},
    store::{self, Store, run::Turn},
    word::Role,
};

/// The first looks at nothing, the second makes way; another one is for whoever lost a race for a key that is free again.
const ATTEMPTS: usize = 4;

/// A question for an agent.
#[derive(Debug)]
pub(crate) struct NewRun {
    /// A new conversation when absent.
    pub(crate) conversation_id: Option<ConversationId>,
    /// For a new conversation: when it is to be deleted.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) parent: Parent,
    pub(crate) agent: String,
    pub(crate) content: String,
    pub(crate) metadata: String,
    pub(crate) request_id: Option<String>,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) lease: Duration,
    pub(crate) budget: Budget,
}

/// How much of a path an agent is given at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) messages: usize,
    /// None means no bound but the statement's own.
    pub(crate) characters: Option<i64>,
}

/// A run that began, or the one that the idempotency key named already.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) exchange: Exchange,
    pub(crate) conversation: Conversation,
    /// Empty for a run that was joined.
    pub(crate) context: Vec<ContextMessage>,
    pub(crate) joined: bool,
}

/// Made before anything is written, so that a second attempt finds what the first has written.
struct Ids {
    conversation: ConversationId,
    turn: Turn,
}

/// A message as an agent reads it.
#[derive(Debug)]
pub(crate) struct ContextMessage {
    pub(crate) role: Role,
    pub(crate) content: String,
}

/// Writes question, pending answer and run, or finds out why not.
pub(crate) async fn start(store: &Store, user: UserId, new: &NewRun) -> Result<Started, Error> {
    let ids = Ids {
        conversation: new.conversation_id.unwrap_or_else(ConversationId::generate),
        turn: Turn { run: RunId::generate(), question: MessageId::generate(), answer: MessageId::generate() },
    };
    again_when_lost(|| Box::pin(write_or_join(store, user, new, &ids))).await
}

async fn write_or_join(store: &Store, user: UserId, new: &NewRun, ids: &Ids) -> Result<Started, Error> {
    // A conversation that would have expired by now may be one that this key made before.
    let mut looked = false;
    for attempt in 0..ATTEMPTS {
        let error = match write(store, user, new, ids, attempt > 0).await? {
            Ok(started) => return Ok(started),
            Err(error) => error,
        };
        match store::violated(&error) {
            Some(store::PARENT) => return Err(message::not_found()),
            // By an attempt that succeeded, though its answer was lost.
            Some(store::CONVERSATION | store::MESSAGE) => return written_before(store, user, new, ids).await,
            Some(store::RUN_REQUEST | store::RUN_RUNNING) => {}
            _ if store::is_hidden(&error) && new.request_id.is_some() && !looked => looked = true,
            _ => return Err(conversation::expired_or(error)),
        }
        if let Some(request_id) = &new.request_id
            && let Some(run) = named_already(store, user, request_id, &new.fingerprint).await?
        {
            return joined(store, user, run).await;
        }
    }
    Err(Error::internal(anyhow::anyhow!("a run could not be started, though nothing stayed in its way")))
}

/// The happy path. The inner error is one of the writing statement, whose transaction is gone.
async fn write(
    store: &Store,
    user: UserId,
    new: &NewRun,
    ids: &Ids,
    after_another: bool,
) -> Result<sqlx::Result<Started>, Error> {
    let mut transaction = match new.conversation_id {
        Some(id) => {
            let mut transaction = store.begin_in_conversation(user, id).await?;
            if after_another {
                make_way(&mut transaction, user, id).await?;
            }
            transaction
        }
        None => store.begin(user).await?,
    };
    let begun = match insert(&mut transaction, user, new, ids).await {
        Ok(begun) => begun.ok_or_else(conversation::not_found)?,
        Err(error) => {
            transaction.rollback().await?;
            return Ok(Err(error));
        }
    };
    let context = context(&mut transaction, user, ids.conversation, ids.turn.question, new).await?;
    transaction.commit().await?;
    store.wrote_searched();
    let store::run::Begun { run, conversation, user_message, message } = begun;
    let exchange = Exchange { run, user_message, message };
    Ok(Ok(Started { exchange, conversation, context, joined: false }))
}

async fn insert(
    transaction: &mut store::Transaction,
    user: UserId,
    new: &NewRun,
    ids: &Ids,
) -> sqlx::Result<Option<store::run::Begun>> {
    if new.conversation_id.is_none() {
        let expires_at = new.expires_at;
        let empty = NewConversation { client_id: None, title: None, metadata: "{}".to_owned(), expires_at };
        store::conversation::insert(&mut **transaction, user, ids.conversation, &empty).await?;
    }
    store::run::insert_turn(transaction, user, ids.conversation, &ids.turn, new).await
}

async fn written_before(store: &Store, user: UserId, new: &NewRun, ids: &Ids) -> Result<Started, Error> {
    let run = store::run::find(store.pool(), user, ids.turn.run).await?.ok_or_else(not_found)?;
    let started = joined(store, user, run).await?;
    let mut transaction = store.begin(user).await?;
    let context = context(&mut transaction, user, ids.conversation, ids.turn.question, new).await?;
    transaction.commit().await?;
    Ok(Started { context, joined: false, ..started })
}

async fn context(
    transaction: &mut store::Transaction,
    user: UserId,
    conversation: ConversationId,
    question: MessageId,
    new: &NewRun,
) -> Result<Vec<ContextMessage>, Error> {
    // A new conversation has nothing but the question.
    if new.budget.messages == 0 || new.conversation_id.is_none() {
        let question = || ContextMessage { role: Role::User, content: new.content.clone() };
        return Ok((new.budget.messages > 0).then(question).into_iter().collect());
    }
    let path = store::run::context(transaction, user, question, new.budget).await?;
    let beyond = path.last().and_then(|oldest| oldest.beyond);
    let mut context: Vec<_> = path.into_iter().filter_map(|read| read.said).collect();
    // What an agent is told to be must not get lost because people went on talking.
    if let Some(beyond) = beyond
        && let Some(root) = store::run::root(transaction, user, conversation, beyond).await?
    {
        context.extend(root.instructions.map(|content| ContextMessage { role: Role::System, content }));
    }
    context.reverse();
    Ok(context)
}

async fn named_already(
    store: &Store,
    user: UserId,
    request_id: &str,
    fingerprint: &[u8],
) -> Result<Option<Run>, Error> {
    let Some(claim) = store::run::find_claim(store.pool(), user, request_id).await? else { return Ok(None) };
    if claim.fingerprint != fingerprint {
        let message = "the idempotency key was used for another request";
        return Err(Error::refused(RefusalKind::Invalid, reason::IDEMPOTENCY_KEY_REUSED, message));
    }
    if claim.gone {
        return Err(not_found());
    }
    if claim.expired {
        let mut transaction = store.begin_in_run(user, claim.id).await?;
        interrupt(&mut transaction, user, claim.id).await?;
        transaction.commit().await?;
    }
    Ok(store::run::find(store.pool(), user, claim.id).await?)
}

async fn joined(store: &Store, user: UserId, run: Run) -> Result<Started, Error> {
    let conversation = store::conversation::find(store.pool(), user, run.conversation_id).await?;
    let conversation = conversation.ok_or_else(not_found)?;
    let exchange = exchange(store, user, run).await?;
    Ok(Started { exchange, conversation, context: Vec::new(), joined: true })
}

/// Interrupts the running run when nobody holds it any more; refuses when somebody does. The conversation is held, so that
/// no other run begins before ours.
async fn make_way(
    transaction: &mut store::Transaction,
    user: UserId,
    conversation: ConversationId,
) -> Result<(), Error> {
    let Some(running) = store::run::find_running(transaction, user, conversation).await? else { return Ok(()) };
    if !running.expired {
        let message = "the conversation has a run in progress";
        let refusal = Error::refused(RefusalKind::Conflict, reason::RUN_IN_PROGRESS, message);
        return Err(refusal.with(reason::METADATA_RUN_ID, running.id.to_string()));
    }
    interrupt(transaction, user, running.id).await
}

async fn interrupt(transaction: &mut store::Transaction, user: UserId, run: RunId) -> Result<(), Error> {
    store::run::interrupt(transaction, user, run).await?;
    tracing::info!(run.id = %run, "a run whose lease had run out was interrupted");
    Ok(())
}
