//! Lists of conversations that match: by their title or by one of their messages.
//!
//! Where the index proposes few entries, only their conversations are listed, in the order of lists, and verified as
//! they come. Where it proposes many, most conversations match, and every listed one is looked at. So a page has a
//! bound, and pages walk as they do without a query.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kit::{caller::UserId, error::Error};
use uuid::Uuid;

use super::{EXAMINED, Filter, Query, batch, candidates::Candidates, verified};
use crate::{
    conversation::{self, Conversation, Page},
    id::ConversationId,
    page_token::{self, ListPosition},
    store::{
        Store,
        keeper::search::{Candidate, Within},
        search as stored,
    },
};

/// So many conversations are looked at for one page, or [`EXAMINED`] messages.
const CONVERSATIONS: usize = 500;
/// So many entries of conversations are read at once.
const ENTRIES: usize = 1_000;

/// A page of the conversations that match. Where much was looked at it may be shorter than asked for, and go on.
pub(crate) async fn list(
    store: &Store,
    user: UserId,
    query: Query,
    filter: &conversation::Filter,
    asked: Option<page_token::Page<ListPosition>>,
    page_size: usize,
) -> Result<Page, Error> {
    let query = Arc::new(query);
    let everything = (Uuid::nil(), Uuid::max());
    let candidates = Candidates::new(store, user, &query, Within::default(), everything, EXAMINED + 1).await?;
    let mut proposed = candidates.all(EXAMINED).await?.map(by_conversation);
    let only: Option<Vec<Uuid>> = proposed.as_ref().map(|proposed| proposed.keys().map(|id| id.0).collect());
    let (mut found, mut from) = (Vec::new(), asked);
    let (mut looked_at, mut examined) = (0, 0);
    while looked_at < CONVERSATIONS && examined < EXAMINED {
        let listed = conversation::walk(store, user, filter, only.as_deref(), from, page_size + 1).await?;
        let ended = listed.len() <= page_size;
        looked_at += listed.len();
        let matching = match &mut proposed {
            Some(proposed) => {
                let entries = listed.iter().filter_map(|listed| proposed.remove(&listed.id)).flatten().collect();
                matching(store, user, &query, entries, &mut examined).await?
            }
            None => matching_any(store, user, &query, &listed, &mut examined).await?,
        };
        for conversation in listed {
            let matches = matching.contains(&conversation.id);
            if matches && found.len() == page_size {
                return Ok(Page::of(asked, found, from.map(page_token::Page::place)));
            }
            let place = ListPosition::of(&conversation);
            from = Some(match from {
                Some(page_token::Page::Before(_)) => page_token::Page::Before(place),
                _ => page_token::Page::After(place),
            });
            found.extend(matches.then_some(conversation));
        }
        if ended {
            return Ok(Page::of(asked, found, None));
        }
    }
    Ok(Page::of(asked, found, from.map(page_token::Page::place)))
}

fn by_conversation(candidates: Vec<Candidate>) -> HashMap<ConversationId, Vec<Candidate>> {
    let mut conversations: HashMap<ConversationId, Vec<Candidate>> = HashMap::new();
    for candidate in candidates {
        conversations.entry(candidate.conversation_id).or_default().push(candidate);
    }
    conversations
}

/// The conversations of entries that match.
async fn matching(
    store: &Store,
    user: UserId,
    query: &Arc<Query>,
    mut entries: Vec<Candidate>,
    examined: &mut usize,
) -> Result<HashSet<ConversationId>, Error> {
    let mut matching = HashSet::new();
    while !entries.is_empty() {
        let rest = entries.split_off(batch(&entries));
        *examined += entries.len();
        let hits = verified(store, user, query, &Filter::default(), &entries).await?;
        matching.extend(hits.into_iter().map(|hit| hit.found.conversation_id));
        entries = rest;
        entries.retain(|entry| !matching.contains(&entry.conversation_id));
    }
    Ok(matching)
}

/// Which of these conversations match, whatever the index says.
async fn matching_any(
    store: &Store,
    user: UserId,
    query: &Arc<Query>,
    listed: &[Conversation],
    examined: &mut usize,
) -> Result<HashSet<ConversationId>, Error> {
    let mut found = HashSet::new();
    let mut open: Vec<Uuid> = listed.iter().map(|conversation| conversation.id.0).collect();
    let mut newest = Uuid::max();
    while !open.is_empty() {
        let entries = stored::entries(store.pool(), user, &open, newest, ENTRIES).await?;
        let whole = entries.len() < ENTRIES;
        let below = entries.last().and_then(|last| last.entry_id.as_u128().checked_sub(1));
        found.extend(matching(store, user, query, entries, examined).await?);
        open.retain(|id| !found.contains(&ConversationId(*id)));
        newest = match below {
            Some(below) if !whole => Uuid::from_u128(below),
            _ => break,
        };
    }
    Ok(found)
}
