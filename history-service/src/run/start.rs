//! The beginning of a run: the question is saved, the key claimed, and only then may the agent be called.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kit::{
    caller::UserId,
    database::again_when_lost,
    error::{Error, RefusalKind},
};
use proto::reason;

use super::{
    Exchange, Run,
    again::{answer_again, check_question},
    context::{Budget, ContextMessage},
    exchange,
    interruption::{Interrupted, Why, interrupt, interrupt_held},
    not_found,
};
use crate::{
    conversation::{self, Conversation},
    id::{ConversationId, MessageId, RunId},
    message::{self, Parent},
    store::{
        self, Store,
        run::{Begun, Turn},
    },
};

/// The first looks at nothing, the second makes way; another one is for whoever lost a race for a key that is free again.
const ATTEMPTS: usize = 4;

/// A question for an agent.
#[derive(Debug)]
pub(crate) struct NewRun {
    pub(crate) conversing: Conversing,
    /// For a new conversation: when it is to be deleted.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) asked: Asked,
    pub(crate) agent: String,
    pub(crate) request_id: Option<String>,
    /// Begin nothing, but join the run that the request id names.
    pub(crate) join_only: bool,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) lease: Duration,
    pub(crate) budget: Budget,
}

/// In which conversation.
#[derive(Debug)]
pub(crate) enum Conversing {
    InNew,
    In(ConversationId),
    /// In the one of this client's id, which is made when there is none.
    InNamed(String),
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum Asked {
    New(Question),
    /// A question that is there.
    Again(MessageId),
}

/// A new question.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) parent: Parent,
    pub(crate) content: String,
    pub(crate) client_id: Option<String>,
    pub(crate) metadata: String,
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

/// Writes question, pending answer and run, or finds out why not.
pub(crate) async fn start(store: &Store, user: UserId, new: &NewRun) -> Result<Started, Error> {
    if let Some(request_id) = new.request_id.as_deref().filter(|_| new.join_only) {
        let run = named_already(store, user, request_id, &new.fingerprint).await?.ok_or_else(not_found)?;
        return joined(store, user, run).await;
    }
    let conversation = match new.conversing {
        Conversing::In(id) => id,
        Conversing::InNew | Conversing::InNamed(_) => ConversationId::generate(),
    };
    let question = match new.asked {
        Asked::New(_) => MessageId::generate(),
        Asked::Again(id) => id,
    };
    let turn = Turn { run: RunId::generate(), question, answer: MessageId::generate() };
    let ids = Ids { conversation, turn };
    let mut beginning = Beginning { store, user, run: ids.turn.run, lease: new.lease, told: false };
    let started = again_when_lost(|| Box::pin(write_or_join(store, user, new, &ids))).await;
    // Where the database did not answer it may have begun all the same.
    beginning.told = !matches!(started, Err(Error::Unavailable { .. } | Error::Internal(_)));
    let started = started?;
    if !started.joined {
        store.calendar().held([started.exchange.run.id], new.lease);
    }
    Ok(started)
}

/// A run that may begin at any time. Its statement goes on when its caller has left: then nobody is told of the run, and
/// it is not to wait for the end of its lease.
struct Beginning<'s> {
    store: &'s Store,
    user: UserId,
    run: RunId,
    lease: Duration,
    told: bool,
}

impl Drop for Beginning<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.store.calendar().left(self.run, self.user, self.lease);
        }
    }
}

async fn write_or_join(store: &Store, user: UserId, new: &NewRun, ids: &Ids) -> Result<Started, Error> {
    // A conversation that would have expired by now may be one that this key made before, and one that has expired may
    // have the client's id.
    let mut looked = false;
    for attempt in 0..ATTEMPTS {
        let error = match write(store, user, new, ids, attempt > 0).await? {
            Ok(started) => return Ok(started),
            Err(error) => error,
        };
        let taken = match store::violated(&error) {
            Some(store::PARENT) => return Err(message::not_found()),
            // By an attempt that succeeded, though its answer was lost.
            Some(store::CONVERSATION | store::MESSAGE) => return written_before(store, user, new, ids).await,
            Some(store::RUN_REQUEST | store::RUN_RUNNING) => false,
            // Perhaps by the question of this very request.
            Some(store::MESSAGE_CLIENT_ID) => true,
            _ if store::is_hidden(&error) && !looked && may_be_hidden(new) => {
                looked = true;
                if let Conversing::InNamed(client_id) = &new.conversing {
                    conversation::free_client_id(store, user, client_id).await?;
                }
                false
            }
            _ => return Err(conversation::expired_or(error)),
        };
        if let Some(request_id) = &new.request_id
            && let Some(run) = named_already(store, user, request_id, &new.fingerprint).await?
        {
            return joined(store, user, run).await;
        }
        if taken {
            return Err(message::client_id_taken());
        }
    }
    Err(Error::internal(anyhow::anyhow!("a run could not be started, though nothing stayed in its way")))
}

fn may_be_hidden(new: &NewRun) -> bool {
    new.request_id.is_some() || matches!(new.conversing, Conversing::InNamed(_))
}

/// The happy path: a new question in one round trip. The inner error is one of a writing statement, which has changed
/// nothing.
async fn write(
    store: &Store,
    user: UserId,
    new: &NewRun,
    ids: &Ids,
    after_another: bool,
) -> Result<sqlx::Result<Started>, Error> {
    if let (Asked::New(question), false) = (&new.asked, after_another) {
        let begun = store::run::begin(store.pool(), user, ids.conversation, &ids.turn, new, question).await;
        return match begun {
            Ok(begun) => {
                store.wrote_searched();
                Ok(Ok(started(begun.ok_or_else(conversation::not_found)?)))
            }
            Err(error) => Ok(Err(error)),
        };
    }
    let mut transaction = match new.conversing {
        Conversing::In(id) => store.begin_in_conversation(user, id).await?,
        Conversing::InNew | Conversing::InNamed(_) => store.begin(user).await?,
    };
    let held = match &new.conversing {
        Conversing::In(id) => Some(*id),
        Conversing::InNew => None,
        Conversing::InNamed(client_id) => store::conversation::hold_named(&mut transaction, user, client_id).await?,
    };
    let interrupted = match held {
        Some(conversation) if after_another => make_way(&mut transaction, user, conversation).await?,
        _ => None,
    };
    let begun = match &new.asked {
        Asked::New(question) => {
            store::run::begin(&mut *transaction, user, ids.conversation, &ids.turn, new, question).await
        }
        Asked::Again(question) => {
            let conversation = held.ok_or_else(conversation::not_found)?;
            check_question(&mut transaction, user, conversation, *question).await?;
            answer_again(&mut transaction, user, conversation, &ids.turn, new).await
        }
    };
    let begun = match begun {
        Ok(begun) => begun.ok_or_else(conversation::not_found)?,
        Err(error) => {
            transaction.rollback().await?;
            return Ok(Err(error));
        }
    };
    transaction.commit().await?;
    store.wrote_searched();
    if let Some(interrupted) = interrupted {
        interrupted.tell(store);
    }
    Ok(Ok(started(begun)))
}

fn started(Begun { run, conversation, user_message, message, context }: Begun) -> Started {
    Started { exchange: Exchange { run, user_message, message }, conversation, context, joined: false }
}

async fn written_before(store: &Store, user: UserId, new: &NewRun, ids: &Ids) -> Result<Started, Error> {
    let run = store::run::find(store.pool(), user, ids.turn.run).await?.ok_or_else(not_found)?;
    let started = joined(store, user, run).await?;
    let context = store::run::context(store.pool(), user, &started.exchange.run, new.budget).await?;
    Ok(Started { context, joined: false, ..started })
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
        interrupt(store, user, claim.id, Why::LeaseRanOut).await?;
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
) -> Result<Option<Interrupted>, Error> {
    let Some(running) = store::run::find_running(transaction, user, conversation).await? else { return Ok(None) };
    if !running.expired {
        let message = "the conversation has a run in progress";
        let refusal = Error::refused(RefusalKind::Conflict, reason::RUN_IN_PROGRESS, message);
        return Err(refusal.with(reason::METADATA_RUN_ID, running.id.to_string()));
    }
    interrupt_held(transaction, user, running.id, Why::LeaseRanOut).await
}
