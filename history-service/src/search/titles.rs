//! Lists of conversations that match: by their title or by one of their messages.
//!
//! Where the index proposes few entries, only their conversations are listed, in the order of lists, and verified as
//! they come. Where it proposes many, most conversations match, and every listed one is looked at. So a page has a
//! bound, and pages walk as they do without a query; where the bound is reached inside of a conversation, the next page
//! goes on there.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kit::{caller::UserId, error::Error};
use uuid::Uuid;

use super::{EXAMINED, Filter, PAGE_BYTES, Query, batch, candidates::Candidates, verified, weight};
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

/// So many conversations are looked at for one page, or [`EXAMINED`] messages, or [`PAGE_BYTES`] of them.
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
    let proposed = candidates.all(EXAMINED).await?.map(by_conversation);
    let only: Option<Vec<Uuid>> = proposed.as_ref().map(|proposed| proposed.keys().map(|id| id.0).collect());
    let (mut found, mut from) = (Vec::new(), asked);
    let mut work = Work::default();
    while work.conversations < CONVERSATIONS && !work.has_read_enough() {
        let mut listed = conversation::walk(store, user, filter, only.as_deref(), from, page_size + 1).await?;
        let mut ended = listed.len() <= page_size;
        let mut newest = Uuid::max();
        // It still stands there, and nobody wrote to it meanwhile.
        if let (Some(page), Some(first)) = (from, listed.first())
            && let Some(unseen) = page.place().unseen
            && reaching(page, first, unseen) == page.place()
        {
            newest = unseen;
            listed.truncate(1);
            ended = false;
        }
        work.conversations += listed.len();
        let entries = Entries { listed: &listed, proposed: proposed.as_ref(), newest };
        let looked = looked(store, user, &query, entries, &mut work).await?;
        for conversation in listed {
            let matches = looked.matching.contains(&conversation.id);
            if matches && found.len() == page_size {
                return Ok(Page::of(asked, found, from.map(page_token::Page::place)));
            }
            let way = from.unwrap_or(page_token::Page::After(ListPosition::of(&conversation)));
            if let Some(unseen) = looked.unseen.filter(|_| !matches) {
                return Ok(Page::of(asked, found, Some(reaching(way, &conversation, unseen))));
            }
            let place = ListPosition::of(&conversation);
            from = Some(match way {
                page_token::Page::Before(_) => page_token::Page::Before(place),
                page_token::Page::After(_) => page_token::Page::After(place),
            });
            found.extend(matches.then_some(conversation));
        }
        if ended {
            return Ok(Page::of(asked, found, None));
        }
    }
    Ok(Page::of(asked, found, from.map(page_token::Page::place)))
}

/// What a page has cost so far.
#[derive(Debug, Default)]
struct Work {
    conversations: usize,
    entries: usize,
    bytes: usize,
}

impl Work {
    fn has_read_enough(&self) -> bool {
        self.entries >= EXAMINED || self.bytes >= PAGE_BYTES
    }
}

/// What is looked at: what the index proposes of these conversations, or all that they have.
#[derive(Clone, Copy)]
struct Entries<'a> {
    listed: &'a [Conversation],
    proposed: Option<&'a HashMap<ConversationId, Vec<Candidate>>>,
    /// Nothing newer.
    newest: Uuid,
}

/// What was found out.
#[derive(Debug, Default)]
struct Looked {
    matching: HashSet<ConversationId>,
    /// Where it was enough: from here on the others have not been looked at.
    unseen: Option<Uuid>,
}

/// The place just short of a conversation, whose entries from `unseen` on are still to be looked at.
fn reaching(way: page_token::Page<ListPosition>, conversation: &Conversation, unseen: Uuid) -> ListPosition {
    let place = ListPosition::of(conversation);
    let short = match way {
        page_token::Page::Before(_) => place.just_after(),
        page_token::Page::After(_) => place.just_before(),
    };
    ListPosition { unseen: Some(unseen), ..short }
}

fn by_conversation(candidates: Vec<Candidate>) -> HashMap<ConversationId, Vec<Candidate>> {
    let mut conversations: HashMap<ConversationId, Vec<Candidate>> = HashMap::new();
    for candidate in candidates {
        conversations.entry(candidate.conversation_id).or_default().push(candidate);
    }
    conversations
}

/// Which of the listed conversations match, from their newest entries on.
async fn looked(
    store: &Store,
    user: UserId,
    query: &Arc<Query>,
    Entries { listed, proposed, mut newest }: Entries<'_>,
    work: &mut Work,
) -> Result<Looked, Error> {
    let mut looked = Looked::default();
    loop {
        let open = listed.iter().map(|conversation| conversation.id).filter(|id| !looked.matching.contains(id));
        let (mut entries, more) = if let Some(proposed) = proposed {
            let proposed = open.filter_map(|id| proposed.get(&id)).flatten();
            let mut entries: Vec<Candidate> = proposed.filter(|entry| entry.entry_id <= newest).cloned().collect();
            entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.entry_id));
            (entries, false)
        } else {
            let open: Vec<Uuid> = open.map(|id| id.0).collect();
            let entries = stored::entries(store.anywhere(), user, &open, newest, ENTRIES).await?;
            let more = entries.len() == ENTRIES;
            (entries, more)
        };
        let mut below = None;
        while !entries.is_empty() {
            let rest = entries.split_off(batch(&entries));
            work.entries += entries.len();
            work.bytes += entries.iter().map(weight).sum::<usize>();
            let hits = verified(store, user, query, &Filter::default(), &entries).await?;
            looked.matching.extend(hits.into_iter().map(|hit| hit.found.conversation_id));
            below = entries.last().and_then(|last| last.entry_id.as_u128().checked_sub(1)).map(Uuid::from_u128);
            entries = rest;
            entries.retain(|entry| !looked.matching.contains(&entry.conversation_id));
            if work.has_read_enough() && (more || !entries.is_empty()) {
                return Ok(Looked { unseen: below, ..looked });
            }
        }
        newest = match below {
            Some(below) if more => below,
            _ => return Ok(looked),
        };
    }
}
