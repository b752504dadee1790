//! Lists of conversations that match: by their title or by one of their messages.
//!
//! The index proposes conversations, all of them; these are listed in the order of lists, and each is verified as it
//! comes. So a page has a bound, and pages walk as they do without a query.

use std::{collections::HashSet, sync::Arc};

use kit::{caller::UserId, error::Error};
use uuid::Uuid;

use super::{CANDIDATES, EXAMINED, Filter, Query, batch, verified};
use crate::{
    conversation::{self, Conversation, Page},
    id::ConversationId,
    page_token::{self, ListPosition},
    store::{
        Store,
        keeper::search::{self as index, Bounds},
    },
};

/// So many conversations are looked at for one page, or the candidates of [`EXAMINED`] messages.
const CONVERSATIONS: usize = 500;

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
    let (mut found, mut from) = (Vec::new(), asked);
    let Some(probe) = query.probe(user) else { return Ok(Page::of(asked, found, None)) };
    let mut transaction = store.begin_to_search().await?;
    let proposed = index::candidate_conversations(&mut transaction, user, &probe).await?;
    transaction.commit().await?;
    let (mut looked_at, mut examined) = (0, 0);
    while looked_at < CONVERSATIONS && examined < EXAMINED {
        let listed = conversation::walk(store, user, filter, Some(&proposed), from, page_size + 1).await?;
        let ended = listed.len() <= page_size;
        looked_at += listed.len();
        let matching = matching(store, user, &query, &listed, &mut examined).await?;
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

/// Which of these conversations match.
async fn matching(
    store: &Store,
    user: UserId,
    query: &Arc<Query>,
    listed: &[Conversation],
    examined: &mut usize,
) -> Result<HashSet<ConversationId>, Error> {
    let mut matching = HashSet::new();
    let Some(probe) = query.probe(user) else { return Ok(matching) };
    let mut open: Vec<Uuid> = listed.iter().map(|conversation| conversation.id.0).collect();
    let mut newest = Uuid::max();
    while !open.is_empty() {
        let bounds =
            Bounds { newest, oldest: Uuid::nil(), within: Some(&open), archived: None, pinned: None, agent: None };
        let mut transaction = store.begin_to_search().await?;
        let candidates = index::candidates(&mut transaction, user, &probe, &bounds, CANDIDATES).await?;
        transaction.commit().await?;
        let below = candidates.last().and_then(|last| last.entry_id.as_u128().checked_sub(1));
        let mut rest = candidates.as_slice();
        while !rest.is_empty() && matching.len() < listed.len() {
            let (batch, after) = rest.split_at(batch(rest));
            rest = after;
            *examined += batch.len();
            let hits = verified(store, user, query, &Filter::default(), batch).await?;
            matching.extend(hits.into_iter().map(|hit| hit.found.conversation_id));
        }
        open.retain(|id| !matching.contains(&ConversationId(*id)));
        newest = match below {
            Some(below) if candidates.len() == CANDIDATES => Uuid::from_u128(below),
            _ => break,
        };
    }
    Ok(matching)
}
