//! The beginning of a run: the question is saved, the key claimed, and only then may the agent be called.

use std::time::Duration;

use kit::{
    caller::UserId,
    error::{Error, RefusalKind},
};
use proto::reason;

use super::{Exchange, Run, exchange, not_found};
use crate::{
    conversation::{self, Conversation, NewConversation},
    erasure,
    id::{ConversationId, MessageId, RunId},
    message,
    store::{self, Store, run::Turn},
    word::Role,
};

/// Each attempt after the first has seen a run that was in the way go.
const ATTEMPTS: usize = 4;

/// A question for an agent.
#[derive(Debug)]
pub(crate) struct NewRun {
    /// A new conversation when absent.
    pub(crate) conversation_id: Option<ConversationId>,
    /// The active leaf when absent.
    pub(crate) parent_id: Option<MessageId>,
    pub(crate) agent: String,
    pub(crate) content: String,
    pub(crate) metadata: String,
    pub(crate) request_id: Option<String>,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) lease: Duration,
    pub(crate) context_limit: usize,
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

/// A message as an agent reads it.
#[derive(Debug)]
pub(crate) struct ContextMessage {
    pub(crate) role: Role,
    pub(crate) content: String,
}

/// Writes question, pending answer and run, or finds out why not.
pub(crate) async fn start(store: &Store, user: UserId, new: &NewRun) -> Result<Started, Error> {
    for _ in 0..ATTEMPTS {
        let error = match write(store, user, new).await? {
            Ok(started) => return Ok(started),
            Err(error) => error,
        };
        match store::violated(&error) {
            Some(store::PARENT) => return Err(message::not_found()),
            Some(store::RUN_REQUEST | store::RUN_RUNNING) => {}
            _ => return Err(error.into()),
        }
        if let Some(request_id) = &new.request_id
            && let Some(run) = named_already(store, user, request_id, &new.fingerprint).await?
        {
            return joined(store, user, run).await;
        }
        if let Some(conversation_id) = new.conversation_id {
            make_way(store, user, conversation_id).await?;
        }
    }
    Err(Error::internal(anyhow::anyhow!("a run could not be started, though nothing stayed in its way")))
}

/// The happy path. The inner error is one of the writing statement, whose transaction is gone.
async fn write(store: &Store, user: UserId, new: &NewRun) -> Result<sqlx::Result<Started>, Error> {
    let (mut transaction, conversation_id) = if let Some(id) = new.conversation_id {
        (store.begin_in_conversation(user, id).await?, id)
    } else {
        let mut transaction = store.begin(user).await?;
        let empty = NewConversation { client_id: None, title: None, metadata: "{}".to_owned(), expires_at: None };
        let id = ConversationId::generate();
        store::conversation::insert(&mut *transaction, user, id, &empty).await.map_err(erasure::refusal)?;
        (transaction, id)
    };
    let ids = Turn { run: RunId::generate(), question: MessageId::generate(), answer: MessageId::generate() };
    let begun = match store::run::insert_turn(&mut transaction, user, conversation_id, &ids, new).await {
        Ok(begun) => begun.ok_or_else(conversation::not_found)?,
        Err(error) => {
            transaction.rollback().await?;
            return Ok(Err(error));
        }
    };
    let context = context(&mut transaction, user, ids.question, new).await?;
    transaction.commit().await?;
    let store::run::Begun { run, conversation, user_message, message } = begun;
    let exchange = Exchange { run, user_message, message };
    Ok(Ok(Started { exchange, conversation, context, joined: false }))
}

async fn context(
    transaction: &mut store::Transaction,
    user: UserId,
    question: MessageId,
    new: &NewRun,
) -> Result<Vec<ContextMessage>, Error> {
    // A new conversation has nothing but the question.
    if new.context_limit == 0 || new.conversation_id.is_none() {
        let question = || ContextMessage { role: Role::User, content: new.content.clone() };
        return Ok((new.context_limit > 0).then(question).into_iter().collect());
    }
    let mut context = store::run::context(transaction, user, question, new.context_limit).await?;
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

/// Interrupts the running run when nobody holds it any more; refuses when somebody does.
async fn make_way(store: &Store, user: UserId, conversation: ConversationId) -> Result<(), Error> {
    let mut transaction = store.begin_in_conversation(user, conversation).await?;
    let Some(running) = store::run::find_running(&mut transaction, user, conversation).await? else { return Ok(()) };
    if !running.expired {
        let message = "the conversation has a run in progress";
        let refusal = Error::refused(RefusalKind::Conflict, reason::RUN_IN_PROGRESS, message);
        return Err(refusal.with(reason::METADATA_RUN_ID, running.id.to_string()));
    }
    interrupt(&mut transaction, user, running.id).await?;
    Ok(transaction.commit().await?)
}

async fn interrupt(transaction: &mut store::Transaction, user: UserId, run: RunId) -> Result<(), Error> {
    store::run::interrupt(transaction, user, run).await?;
    tracing::info!(run.id = %run, "a run whose lease had run out was interrupted");
    Ok(())
}
