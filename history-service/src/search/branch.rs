//! Which branch shows a hit.
//!
//! Most hits are on the active path, which takes no walk: see [`ActivePath`]. From the others the newest children are
//! followed down; what they have in common is walked once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kit::{caller::UserId, error::Error};
use uuid::Uuid;

use super::{Hit, Query, Ranked, active_path::ActivePath, snippet};
use crate::{
    id::{ConversationId, MessageId},
    store::{
        Store,
        search::branch::{self as stored, Place},
    },
};

/// So many messages of a conversation are looked at for its active path.
const PATH: i64 = 20_000;
/// So many steps are walked for a page. Nobody has written a conversation that needs more.
const STEPS: i64 = 100_000;

/// Conversations with hits. None for one that has expired, or was deleted meanwhile.
pub(super) struct Places(HashMap<ConversationId, Option<(Place, ActivePath)>>);

impl Places {
    fn of(&self, hit: &Ranked) -> Option<&(Place, ActivePath)> {
        self.0.get(&hit.found.conversation_id)?.as_ref()
    }

    fn active_leaf(&self, hit: &Ranked) -> Option<MessageId> {
        self.of(hit).and_then(|(place, _)| place.active_leaf_id)
    }

    /// Whether the active path shows a hit. None where that is not known.
    fn shows(&self, hit: &Ranked) -> Option<bool> {
        self.of(hit).and_then(|(_, path)| path.shows(MessageId(hit.found.entry_id)))
    }
}

/// The conversations of the first hits, as many as fit a page. Hits whose conversation is gone go, too.
pub(super) async fn places(
    store: &Store,
    user: UserId,
    hits: &mut Vec<Ranked>,
    page_size: usize,
) -> Result<Places, Error> {
    let mut places = Places(HashMap::new());
    loop {
        let mut oldest: HashMap<Uuid, Uuid> = HashMap::new();
        for hit in hits.iter().take(page_size).filter(|hit| !places.0.contains_key(&hit.found.conversation_id)) {
            // A title needs no messages.
            let entry = hit.found.role.map_or(Uuid::max(), |_| hit.found.entry_id);
            let of_conversation = oldest.entry(hit.found.conversation_id.0).or_insert(entry);
            *of_conversation = entry.min(*of_conversation);
        }
        if oldest.is_empty() {
            return Ok(places);
        }
        let (asked, oldest): (Vec<Uuid>, Vec<Uuid>) = oldest.into_iter().unzip();
        let found = stored::places(store.anywhere(), user, &asked, &oldest, PATH).await?;
        places.0.extend(asked.into_iter().map(|id| (ConversationId(id), None)));
        for place in found {
            let path = ActivePath::of(&place);
            places.0.insert(place.conversation_id, Some((place, path)));
        }
        hits.retain(|hit| places.0.get(&hit.found.conversation_id).is_none_or(Option::is_some));
    }
}

/// The hits with their snippets and branches, in their order.
pub(super) async fn shown(
    store: &Store,
    user: UserId,
    query: Arc<Query>,
    ranked: Vec<Ranked>,
    places: Places,
) -> Result<Vec<Hit>, Error> {
    let leaves = leaves(store, user, &ranked, &places).await?;
    let hits = move || ranked.into_iter().map(|hit| shown_at(hit, &places, &leaves, &query)).collect();
    // Each snippet goes through its text once more.
    tokio::task::spawn_blocking(hits).await.map_err(Error::internal)
}

fn shown_at(hit: Ranked, places: &Places, leaves: &HashMap<MessageId, MessageId>, query: &Query) -> Hit {
    let active_leaf_id = places.active_leaf(&hit);
    let title = places.of(&hit).and_then(|(place, _)| place.title.clone());
    let found = hit.found;
    let message = found.role.map(|role| (MessageId(found.entry_id), role));
    let leaf_id = message.map_or(active_leaf_id, |(id, _)| leaves.get(&id).copied().or(Some(id)));
    Hit {
        message,
        conversation_id: found.conversation_id,
        snippet: snippet::of(&found.text, query),
        title,
        created_at: found.created_at,
        on_active_path: leaf_id == active_leaf_id,
        leaf_id,
    }
}

/// The leaf of each message: the active one where its path shows the message, else the newest below it.
async fn leaves(
    store: &Store,
    user: UserId,
    ranked: &[Ranked],
    places: &Places,
) -> Result<HashMap<MessageId, MessageId>, Error> {
    let mut leaves: HashMap<MessageId, MessageId> = HashMap::new();
    let mut elsewhere = Vec::new();
    for hit in ranked.iter().filter(|hit| hit.found.role.is_some()) {
        match places.active_leaf(hit).filter(|_| places.shows(hit) == Some(true)) {
            Some(leaf) => drop(leaves.insert(MessageId(hit.found.entry_id), leaf)),
            None => elsewhere.push(hit),
        }
    }
    if elsewhere.is_empty() {
        return Ok(leaves);
    }
    let messages: Vec<Uuid> = elsewhere.iter().map(|hit| hit.found.entry_id).collect();
    let steps = stored::downwards(store.anywhere(), user, &messages, STEPS).await?;
    let children: HashMap<MessageId, MessageId> = steps.into_iter().map(|step| (step.from, step.to)).collect();
    for &id in &messages {
        let end = std::iter::successors(Some(MessageId(id)), |id| children.get(id).copied()).last();
        leaves.extend(end.map(|end| (MessageId(id), end)));
    }
    // So long a conversation that its active path is not known as far as the hit.
    elsewhere.retain(|hit| {
        let end = leaves.get(&MessageId(hit.found.entry_id)).copied();
        places.shows(hit).is_none() && end != places.active_leaf(hit)
    });
    let Some(oldest) = elsewhere.iter().map(|hit| hit.found.entry_id).min() else { return Ok(leaves) };
    let active: HashSet<MessageId> = elsewhere.iter().filter_map(|hit| places.active_leaf(hit)).collect();
    let active: Vec<Uuid> = active.into_iter().map(|leaf| leaf.0).collect();
    let steps = stored::upwards(store.anywhere(), user, &active, oldest, STEPS).await?;
    let above: HashSet<MessageId> = steps.into_iter().map(|step| step.to).collect();
    for hit in elsewhere {
        let id = MessageId(hit.found.entry_id);
        if let Some(leaf) = places.active_leaf(hit).filter(|leaf| *leaf == id || above.contains(&id)) {
            leaves.insert(id, leaf);
        }
    }
    Ok(leaves)
}
