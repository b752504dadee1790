//! Messages, what they cite, and what can be done with them.

use chrono::{DateTime, Utc};
use kit::{
    caller::UserId,
    database::again_when_lost,
    error::{Error, RefusalKind},
};
use proto::reason;

use crate::{
    conversation,
    id::{ConversationId, MessageId, SourceId},
    store::{self, Store, message::Appended},
    word::{MessageStatus, Rating, Role, SourceKind},
};

/// One message of a conversation's tree.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) parent_id: Option<MessageId>,
    pub(crate) role: Role,
    pub(crate) status: MessageStatus,
    pub(crate) content: String,
    /// None means one part with the content, or none when it is empty.
    pub(crate) parts: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) error: Option<RunError>,
    pub(crate) feedback: Option<Feedback>,
    pub(crate) siblings: Siblings,
    pub(crate) client_id: Option<String>,
    pub(crate) metadata: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
}

/// The place of a message among those with the same parent, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Siblings {
    pub(crate) index: i64,
    pub(crate) count: i64,
}

/// What a message cites.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) id: SourceId,
    pub(crate) ordinal: i16,
    pub(crate) kind: SourceKind,
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) snippet: Option<String>,
    pub(crate) score: Option<f64>,
    pub(crate) span_start: Option<i32>,
    pub(crate) span_end: Option<i32>,
    pub(crate) content_hash: Option<String>,
    pub(crate) metadata: String,
}

/// What an answer cost, in tokens.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) input: Option<i64>,
    pub(crate) output: Option<i64>,
    pub(crate) total: Option<i64>,
}

/// Why an answer failed.
#[derive(Debug, Clone)]
pub(crate) struct RunError {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// What a reader thought.
#[derive(Debug)]
pub(crate) struct Feedback {
    pub(crate) rating: Rating,
    pub(crate) note: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// A message to append.
#[derive(Debug)]
pub(crate) struct NewMessage {
    pub(crate) conversation_id: ConversationId,
    pub(crate) role: Role,
    pub(crate) content: String,
    /// The active leaf when absent.
    pub(crate) parent_id: Option<MessageId>,
    pub(crate) client_id: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) metadata: String,
}

/// A page of a path, oldest message first.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) messages: Vec<Message>,
    /// The newest message of the next, older page.
    pub(crate) next: Option<MessageId>,
}

pub(crate) fn not_found() -> Error {
    Error::not_found(reason::MESSAGE_NOT_FOUND, "no such message")
}

/// What has become of a message to append.
enum Written {
    Now(Appended),
    Before(Box<Message>),
}

/// Appends a message, or returns the one that `client_id` names when it says the same.
pub(crate) async fn append(store: &Store, user: UserId, new: NewMessage) -> Result<Message, Error> {
    let id = MessageId::generate();
    let appended = match again_when_lost(|| write(store, user, id, &new)).await? {
        Written::Now(appended) => appended,
        Written::Before(message) => return Ok(*message),
    };
    Ok(Message {
        id,
        conversation_id: new.conversation_id,
        parent_id: appended.parent_id,
        role: new.role,
        status: MessageStatus::Completed,
        content: new.content,
        parts: None,
        sources: new.sources,
        agent: None,
        model: None,
        usage: Usage::default(),
        error: None,
        feedback: None,
        siblings: Siblings { index: appended.siblings, count: appended.siblings },
        client_id: new.client_id,
        metadata: new.metadata,
        created_at: appended.created_at,
        completed_at: Some(appended.created_at),
    })
}

async fn write(store: &Store, user: UserId, id: MessageId, new: &NewMessage) -> Result<Written, Error> {
    let mut transaction = store.begin_in_conversation(user, new.conversation_id).await?;
    let appended = match store::message::insert(&mut transaction, user, id, new).await {
        Ok(appended) => appended.ok_or_else(conversation::not_found)?,
        Err(error) => match (store::violated(&error), &new.client_id) {
            (Some(store::PARENT), _) => return Err(not_found()),
            // By an attempt that succeeded, though its answer was lost: the message is there, as the active leaf or not.
            (Some(store::MESSAGE | store::OWN_PARENT), _) => {
                transaction.rollback().await?;
                return Ok(Written::Before(get(store, user, id).await?.into()));
            }
            (Some(store::MESSAGE_CLIENT_ID), Some(client_id)) => {
                transaction.rollback().await?;
                return Ok(Written::Before(named_already(store, user, client_id, new).await?.into()));
            }
            _ => return Err(error.into()),
        },
    };
    if !new.sources.is_empty() {
        store::source::insert(&mut transaction, user, id, &new.sources).await?;
    }
    transaction.commit().await?;
    Ok(Written::Now(appended))
}

async fn named_already(store: &Store, user: UserId, client_id: &str, new: &NewMessage) -> Result<Message, Error> {
    let taken = || {
        let message = "the client id names another message already";
        Error::refused(RefusalKind::AlreadyExists, reason::CLIENT_ID_TAKEN, message)
    };
    let id = store::message::find_by_client_id(store.pool(), user, client_id).await?.ok_or_else(taken)?;
    let first = get(store, user, id).await?;
    let same = first.conversation_id == new.conversation_id
        && first.role == new.role
        && first.content == new.content
        && (new.parent_id.is_none() || first.parent_id == new.parent_id);
    if same { Ok(first) } else { Err(taken()) }
}

pub(crate) async fn get(store: &Store, user: UserId, id: MessageId) -> Result<Message, Error> {
    store::message::find(store.pool(), user, &[id]).await?.pop().ok_or_else(not_found)
}

/// The newest `page_size` messages of the path that ends with `leaf`, or with the active leaf.
pub(crate) async fn list(
    store: &Store,
    user: UserId,
    conversation_id: ConversationId,
    leaf: Option<MessageId>,
    page_size: usize,
) -> Result<Page, Error> {
    let mut messages = store::message::path(store.anywhere(), user, conversation_id, leaf, page_size).await?;
    if messages.is_empty() {
        conversation::get(store, user, conversation_id).await?;
        if leaf.is_some() {
            return Err(not_found());
        }
    }
    messages.reverse();
    let next = messages.first().and_then(|oldest| oldest.parent_id);
    Ok(Page { messages, next })
}

/// Gives feedback, or takes it back.
pub(crate) async fn set_feedback(
    store: &Store,
    user: UserId,
    id: MessageId,
    rating: Option<Rating>,
    note: Option<&str>,
) -> Result<Message, Error> {
    again_when_lost(|| async {
        let mut transaction = store.begin(user).await?;
        if !store::message::set_feedback(&mut transaction, user, id, rating, note).await? {
            return Err(not_found());
        }
        let message = store::message::find(&mut *transaction, user, &[id]).await?.pop().ok_or_else(not_found)?;
        transaction.commit().await?;
        Ok(message)
    })
    .await
}

pub(crate) async fn sources(store: &Store, user: UserId, id: MessageId) -> Result<Vec<Source>, Error> {
    store::source::of_message(store.pool(), user, id).await?.ok_or_else(not_found)
}
