//! Citations: where the messages of a user cite a document.

use chrono::{DateTime, Utc};
use kit::{caller::UserId, error::Error};

use crate::{
    id::{ConversationId, MessageId},
    message::Source,
    page_token::CitationPosition,
    store::{self, Store},
};

/// What is cited. The text counts as it was given, byte for byte.
#[derive(Debug)]
pub(crate) enum Document {
    Url(String),
    ContentHash(String),
}

/// One place where a message cites a document.
#[derive(Debug)]
pub(crate) struct Citation {
    pub(crate) message_id: MessageId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) conversation_title: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    /// The beginning of the message.
    pub(crate) preview: String,
    pub(crate) source: Source,
}

/// A page of citations, newest message first.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) citations: Vec<Citation>,
    /// The last one of the page, if more follow.
    pub(crate) next: Option<CitationPosition>,
}

pub(crate) async fn list(
    store: &Store,
    user: UserId,
    document: &Document,
    after: Option<CitationPosition>,
    page_size: usize,
) -> Result<Page, Error> {
    let after = after.unwrap_or(CitationPosition::NEWEST);
    let mut citations = match document {
        Document::Url(url) => store::citation::of_url(store.pool(), user, url, after, page_size + 1).await?,
        Document::ContentHash(hash) => {
            store::citation::of_content_hash(store.pool(), user, hash, after, page_size + 1).await?
        }
    };
    let more = citations.len() > page_size;
    citations.truncate(page_size);
    let place = |last: &Citation| CitationPosition { message: last.message_id, ordinal: last.source.ordinal };
    let next = citations.last().filter(|_| more).map(place);
    Ok(Page { citations, next })
}
