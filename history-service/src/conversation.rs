//! Conversations, and what can be done with them.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use kit::{
    caller::UserId,
    database::again_when_lost,
    error::{Error, Violations},
};
use proto::reason;
use uuid::Uuid;

use crate::{
    erasure,
    id::{ConversationId, MessageId},
    message,
    page_token::{self, ListPosition},
    store::{self, Store},
    word::{Rating, TitleSource},
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
    /// Whether a message cites something.
    pub(crate) has_sources: Option<bool>,
    /// How a message was judged.
    pub(crate) feedback: Option<Rating>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) conversations: Vec<Conversation>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<ListPosition>,
    /// Where the page before ends, if there is one.
    pub(crate) previous: Option<ListPosition>,
}

impl Page {
    /// What was walked over from the place that was asked for, the nearest first; `on` is where the walk goes on.
    pub(crate) fn of(
        asked: Option<page_token::Page<ListPosition>>,
        mut conversations: Vec<Conversation>,
        on: Option<ListPosition>,
    ) -> Self {
        if let Some(page_token::Page::Before(_)) = asked {
            conversations.reverse();
        }
        let (first, last) = (conversations.first(), conversations.last());
        let (first, last) = (first.map(ListPosition::of), last.map(ListPosition::of));
        // Beyond the place that a page was asked from lies at least what stood there, unless it has moved.
        let (next, previous) = match asked {
            None => (on, None),
            Some(page_token::Page::After(from)) => (on, first.or(Some(from.just_after()))),
            Some(page_token::Page::Before(from)) => (last.or(Some(from.just_before())), on),
        };
        Self { conversations, next, previous }
    }
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
    /// When it is to be deleted.
    pub(crate) expiry: Option<Expiry>,
}

/// What becomes of the end of a conversation.
#[derive(Debug)]
pub(crate) enum Expiry {
    /// It is deleted then.
    At(DateTime<Utc>),
    /// It stays.
    Never,
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
    let insert = async || store::conversation::insert(store.pool(), user, id, new).await;
    let created = match insert().await {
        // What is in the way is an expired conversation with the same client id, or the end that is wanted is over
        // already.
        Err(error) if store::is_hidden(&error) => {
            if let Some(client_id) = &new.client_id {
                free_client_id(store, user, client_id).await?;
            }
            insert().await
        }
        created => created,
    };
    let created = match created {
        // It was sent twice, and the first time had succeeded.
        Err(error) if store::violated(&error) == Some(store::CONVERSATION) => get(store, user, id).await?,
        created => created.map_err(expired_or)?,
    };
    if new.title.is_some() {
        store.wrote_searched();
    }
    Ok(created)
}

/// Takes a client's id from the expired conversation that has it, if one does.
pub(crate) async fn free_client_id(store: &Store, user: UserId, client_id: &str) -> Result<(), Error> {
    let mut transaction = store.begin_as_keeper_for(user).await?;
    store::keeper::conversation::free_client_id(&mut transaction, user, client_id).await?;
    Ok(transaction.commit().await?)
}

/// The database's clock decides, which may be ahead of ours.
pub(crate) fn expired_or(error: sqlx::Error) -> Error {
    if !store::is_hidden(&error) {
        return erasure::refusal(error);
    }
    let mut violations = Violations::new();
    violations.add("expires_at", reason::FIELD_INVALID, "must lie in the future");
    violations.finish().expect_err("a violation was added")
}

pub(crate) async fn get(store: &Store, user: UserId, id: ConversationId) -> Result<Conversation, Error> {
    store::conversation::find(store.pool(), user, id).await?.ok_or_else(not_found)
}

/// A page of the list, in its order whichever way it was asked for; the first one without a place.
pub(crate) async fn list(
    store: &Store,
    user: UserId,
    filter: &Filter,
    page: Option<page_token::Page<ListPosition>>,
    page_size: usize,
) -> Result<Page, Error> {
    let mut conversations = walk(store, user, filter, None, page, page_size + 1).await?;
    let more = conversations.len() > page_size;
    conversations.truncate(page_size);
    let on = conversations.last().filter(|_| more).map(ListPosition::of);
    Ok(Page::of(page, conversations, on))
}

/// At most `limit` conversations, where given only of those, in the direction of a page: the nearest first.
pub(crate) async fn walk(
    store: &Store,
    user: UserId,
    filter: &Filter,
    only: Option<&[Uuid]>,
    page: Option<page_token::Page<ListPosition>>,
    limit: usize,
) -> Result<Vec<Conversation>, Error> {
    let reader = store.anywhere();
    let walked = match page {
        Some(page_token::Page::Before(place)) => {
            store::conversation::list_before(reader, user, filter, only, place, limit).await
        }
        Some(page_token::Page::After(place)) => {
            store::conversation::list(reader, user, filter, only, Some(place), limit).await
        }
        None => store::conversation::list(reader, user, filter, only, None, limit).await,
    };
    Ok(walked?)
}

pub(crate) async fn update(
    store: &Store,
    user: UserId,
    id: ConversationId,
    changes: &Changes,
) -> Result<Conversation, Error> {
    let updated = again_when_lost(|| async {
        let mut transaction = store.begin(user).await?;
        let updated = store::conversation::update(&mut transaction, user, id, changes).await.map_err(expired_or)?;
        let updated = updated.ok_or_else(not_found)?;
        transaction.commit().await.map_err(|error| match store::violated(&error) {
            Some(store::ACTIVE_LEAF) => message::not_found(),
            _ => error.into(),
        })?;
        Ok(updated)
    })
    .await?;
    if changes.title.is_some() {
        store.wrote_searched();
    }
    Ok(updated)
}

pub(crate) async fn delete(store: &Store, user: UserId, id: ConversationId) -> Result<(), Error> {
    let found = AtomicBool::new(false);
    again_when_lost(|| async {
        let mut transaction = store.begin(user).await?;
        // Gone after it was found: the first attempt has deleted it.
        if !store::conversation::delete(&mut transaction, user, id).await? && !found.load(Ordering::Relaxed) {
            return Err(not_found());
        }
        found.store(true, Ordering::Relaxed);
        Ok(transaction.commit().await?)
    })
    .await
}
