//! Messages, what they cite, and what can be done with them.

use chrono::{DateTime, Utc};
use kit::{
    caller::UserId,
    database::again_when_lost,
    error::{Error, RefusalKind},
};
use proto::reason;
use uuid::Uuid;

use crate::{
    conversation,
    id::{ConversationId, MessageId, RunId, SourceId},
    page_token::{self, PathPosition},
    store::{
        self, Store,
        message::{Length, Stretch},
    },
    word::{FinishReason, MessageStatus, Rating, Role, SourceKind},
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
    pub(crate) finish_reason: Option<FinishReason>,
    /// While it is being written.
    pub(crate) run_id: Option<RunId>,
}

/// One of the messages with the same parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sibling {
    pub(crate) message_id: MessageId,
    /// The newest leaf below it, or itself.
    pub(crate) leaf_id: MessageId,
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

/// Where a new message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    /// Below the newest message of the path that is shown.
    ActiveLeaf,
    /// Below nothing: beside the first message.
    Root,
    /// Below this message of the same conversation.
    Message(MessageId),
}

impl Parent {
    /// The id, and whether there is to be none.
    pub(crate) fn columns(self) -> (Option<Uuid>, bool) {
        match self {
            Self::ActiveLeaf => (None, false),
            Self::Root => (None, true),
            Self::Message(id) => (Some(id.0), false),
        }
    }
}

/// A message to append.
#[derive(Debug)]
pub(crate) struct NewMessage {
    pub(crate) conversation_id: ConversationId,
    pub(crate) role: Role,
    pub(crate) content: String,
    pub(crate) parent: Parent,
    pub(crate) client_id: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) metadata: String,
}

/// A page of a path, oldest message first.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) messages: Vec<Message>,
    /// The newest message of the next, older page.
    pub(crate) next: Option<PathPosition>,
    /// The message that the page of newer ones ends before, if there is one.
    pub(crate) previous: Option<PathPosition>,
}

/// Which page of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// The one that ends with this leaf, or with the active one.
    Newest(Option<MessageId>),
    /// The one that ends with this message of the path.
    From { message: MessageId, leaf: Option<MessageId> },
    /// One that follows, or comes before, another.
    Next(page_token::Page<PathPosition>),
}

pub(crate) fn not_found() -> Error {
    Error::not_found(reason::MESSAGE_NOT_FOUND, "no such message")
}

/// Appends a message, or returns the one that `client_id` names when it says the same.
pub(crate) async fn append(store: &Store, user: UserId, new: NewMessage) -> Result<Message, Error> {
    let id = MessageId::generate();
    let appended = match store::message::insert(store.pool(), user, id, &new).await {
        Ok(appended) => appended.ok_or_else(conversation::not_found)?,
        Err(error) => {
            return match (store::violated(&error), &new.client_id) {
                (Some(store::PARENT), _) => Err(not_found()),
                // It was sent twice, and the first time had succeeded: the message is there, as the active leaf or not.
                (Some(store::MESSAGE | store::OWN_PARENT), _) => get(store, user, id).await,
                (Some(store::MESSAGE_CLIENT_ID), Some(client_id)) => named_already(store, user, client_id, &new).await,
                _ => Err(error.into()),
            };
        }
    };
    store.wrote_searched();
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
        finish_reason: None,
        run_id: None,
    })
}

/// The client's id is one of another message.
pub(crate) fn client_id_taken() -> Error {
    Error::refused(RefusalKind::AlreadyExists, reason::CLIENT_ID_TAKEN, "the client id names another message already")
}

async fn named_already(store: &Store, user: UserId, client_id: &str, new: &NewMessage) -> Result<Message, Error> {
    let id = store::message::find_by_client_id(store.pool(), user, client_id).await?.ok_or_else(client_id_taken)?;
    // In a conversation that has expired it is hidden, but not free yet.
    let first = store::message::find(store.pool(), user, &[id]).await?.pop().ok_or_else(client_id_taken)?;
    let same = first.conversation_id == new.conversation_id
        && first.role == new.role
        && first.content == new.content
        && match new.parent {
            Parent::ActiveLeaf => true,
            Parent::Root => first.parent_id.is_none(),
            Parent::Message(parent) => first.parent_id == Some(parent),
        };
    if same { Ok(first) } else { Err(client_id_taken()) }
}

pub(crate) async fn get(store: &Store, user: UserId, id: MessageId) -> Result<Message, Error> {
    store::message::find(store.pool(), user, &[id]).await?.pop().ok_or_else(not_found)
}

pub(crate) async fn get_named(store: &Store, user: UserId, client_id: &str) -> Result<Message, Error> {
    let id = store::message::find_by_client_id(store.pool(), user, client_id).await?.ok_or_else(not_found)?;
    get(store, user, id).await
}

/// At most `page_size` messages of a path.
pub(crate) async fn list(
    store: &Store,
    user: UserId,
    conversation_id: ConversationId,
    which: Which,
    page_size: usize,
) -> Result<Page, Error> {
    // The leaf of the whole path where it is known, the newest message of the page, and how many it has at most.
    let (leaf, newest, length) = match which {
        Which::Newest(leaf) => (leaf, leaf, Length::Bounded(page_size)),
        Which::Next(page_token::Page::After(PathPosition { message, leaf })) => {
            (Some(leaf), Some(message), Length::Bounded(page_size))
        }
        Which::From { message, leaf } => {
            let stretch = stretch(store, user, conversation_id, leaf, message, 0).await?;
            (Some(stretch.leaf_id), Some(message), Length::Bounded(page_size))
        }
        Which::Next(page_token::Page::Before(PathPosition { message, leaf })) => {
            let stretch = stretch(store, user, conversation_id, Some(leaf), message, page_size).await?;
            (Some(leaf), Some(stretch.newest_id), Length::Exact(stretch.length()))
        }
    };
    let mut messages = store::message::path(store.anywhere(), user, conversation_id, newest, length).await?;
    if messages.is_empty() {
        conversation::get(store, user, conversation_id).await?;
        if newest.is_some() {
            return Err(not_found());
        }
    }
    messages.reverse();
    let leaf = leaf.or(messages.last().map(|newest| newest.id));
    let place = |message| leaf.map(|leaf| PathPosition { message, leaf });
    let next = messages.first().and_then(|oldest| oldest.parent_id).and_then(place);
    let previous = messages.last().map(|newest| newest.id).filter(|newest| Some(*newest) != leaf).and_then(place);
    Ok(Page { messages, next, previous })
}

/// What lies on a path right before a message, if the message lies on it.
async fn stretch(
    store: &Store,
    user: UserId,
    conversation_id: ConversationId,
    leaf: Option<MessageId>,
    message: MessageId,
    longest: usize,
) -> Result<Stretch, Error> {
    let found = store::message::stretch(store.pool(), user, conversation_id, leaf, message, longest).await?;
    if let Some(stretch) = found {
        return Ok(stretch);
    }
    conversation::get(store, user, conversation_id).await?;
    Err(not_found())
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

/// The messages beside a message and itself, in order.
pub(crate) async fn siblings(store: &Store, user: UserId, id: MessageId) -> Result<Vec<Sibling>, Error> {
    let siblings = store::message::siblings(store.pool(), user, id).await?;
    if siblings.is_empty() { Err(not_found()) } else { Ok(siblings) }
}
