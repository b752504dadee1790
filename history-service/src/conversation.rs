//! Conversations, and what can be done with them.

use chrono::{DateTime, Utc};
use kit::{caller::UserId, error::Error};
use proto::reason;

use crate::{
    erasure,
    id::{ConversationId, MessageId},
    message,
    page_token::ListPosition,
    store::{self, Store},
    word::TitleSource,
};

/// A conversation without its messages.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) client_id: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) title_source: Option<TitleSource>,
    pub(crate) pinned: bool,
    pub(crate) archived: bool,
    pub(crate) agent: Option<String>,
    pub(crate) active_leaf_id: Option<MessageId>,
    pub(crate) message_count: i32,
    pub(crate) preview: String,
    pub(crate) metadata: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// What a new conversation begins with.
#[derive(Debug)]
pub(crate) struct NewConversation {
    pub(crate) client_id: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) metadata: String,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Which conversations to list.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) archived: bool,
    pub(crate) pinned: Option<bool>,
    pub(crate) agent: Option<String>,
    pub(crate) updated_from: Option<DateTime<Utc>>,
    pub(crate) updated_to: Option<DateTime<Utc>>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) conversations: Vec<Conversation>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<ListPosition>,
}

/// What to change; absent fields stay as they are.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) title: Option<NewTitle>,
    pub(crate) pinned: Option<bool>,
    pub(crate) archived: Option<bool>,
    /// Any message of the conversation.
    pub(crate) active_leaf_id: Option<MessageId>,
    pub(crate) metadata: Option<String>,
}

/// What becomes of a title.
#[derive(Debug)]
pub(crate) enum NewTitle {
    /// It is the user's, and stays.
    Given(String),
    /// It goes; the next question or agent gives a new one.
    TakenBack,
}

pub(crate) fn not_found() -> Error {
    Error::not_found(reason::CONVERSATION_NOT_FOUND, "no such conversation")
}

/// Creates a conversation, or returns the one that `client_id` names already.
pub(crate) async fn create(store: &Store, user: UserId, new: &NewConversation) -> Result<Conversation, Error> {
    let id = ConversationId::generate();
    store::conversation::insert(store.pool(), user, id, new).await.map_err(erasure::refusal)
}

pub(crate) async fn get(store: &Store, user: UserId, id: ConversationId) -> Result<Conversation, Error> {
    store::conversation::find(store.pool(), user, id).await?.ok_or_else(not_found)
}

pub(crate) async fn list(
    store: &Store,
    user: UserId,
    filter: &Filter,
    after: Option<ListPosition>,
    page_size: usize,
) -> Result<Page, Error> {
    let mut conversations = store::conversation::list(store.pool(), user, filter, after, page_size + 1).await?;
    let more = conversations.len() > page_size;
    conversations.truncate(page_size);
    let last = conversations.last().filter(|_| more);
    let next = last.map(|last| ListPosition { pinned: last.pinned, updated_at: last.updated_at, id: last.id });
    Ok(Page { conversations, next })
}

pub(crate) async fn update(
    store: &Store,
    user: UserId,
    id: ConversationId,
    changes: &Changes,
) -> Result<Conversation, Error> {
    let mut transaction = store.begin(user).await?;
    let updated = store::conversation::update(&mut transaction, user, id, changes).await?.ok_or_else(not_found)?;
    transaction.commit().await.map_err(|error| match store::violated(&error) {
        Some(store::ACTIVE_LEAF) => message::not_found(),
        _ => error.into(),
    })?;
    Ok(updated)
}

pub(crate) async fn delete(store: &Store, user: UserId, id: ConversationId) -> Result<(), Error> {
    let mut transaction = store.begin(user).await?;
    if !store::conversation::delete(&mut transaction, user, id).await? {
        return Err(not_found());
    }
    Ok(transaction.commit().await?)
}
