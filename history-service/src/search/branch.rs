//! Which branch shows a hit.
//!
//! From the hits, the newest children are followed down; what hits have in common is walked once. Only where that
//! ends at another leaf than the active one, the active path is walked up, as far as the oldest hit. Both cost what
//! lies below the hits, which are mostly new.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kit::{caller::UserId, error::Error};
use uuid::Uuid;

use super::{Hit, Query, Ranked, snippet};
use crate::{
    id::MessageId,
    store::{Store, search as stored},
};

/// So many steps are walked for a page. Nobody has written a conversation that needs more.
const STEPS: i64 = 100_000;

/// The hits with their snippets and branches, in their order.
pub(super) async fn shown(
    store: &Store,
    user: UserId,
    query: Arc<Query>,
    ranked: Vec<Ranked>,
) -> Result<Vec<Hit>, Error> {
    let leaves = leaves(store, user, &ranked).await?;
    let hits = move || ranked.into_iter().map(|hit| shown_at(hit, &leaves, &query)).collect();
    // Each snippet goes through its text once more.
    tokio::task::spawn_blocking(hits).await.map_err(Error::internal)
}

fn shown_at(Ranked { found, .. }: Ranked, leaves: &HashMap<MessageId, MessageId>, query: &Query) -> Hit {
    let message = found.role.map(|role| (MessageId(found.entry_id), role));
    let leaf_id = message.map_or(found.active_leaf_id, |(id, _)| leaves.get(&id).copied().or(Some(id)));
    Hit {
        message,
        conversation_id: found.conversation_id,
        snippet: snippet::of(&found.text, query),
        title: found.title,
        created_at: found.created_at,
        on_active_path: leaf_id == found.active_leaf_id,
        leaf_id,
    }
}

/// The leaf of each message: the active one where its path shows the message, else the newest below it.
async fn leaves(store: &Store, user: UserId, ranked: &[Ranked]) -> Result<HashMap<MessageId, MessageId>, Error> {
    let messages: Vec<Uuid> = messages(ranked).map(|hit| hit.found.entry_id).collect();
    if messages.is_empty() {
        return Ok(HashMap::new());
    }
    let steps = stored::downwards(store.anywhere(), user, &messages, STEPS).await?;
    let children: HashMap<MessageId, MessageId> = steps.into_iter().map(|step| (step.from, step.to)).collect();
    let mut leaves: HashMap<MessageId, MessageId> = HashMap::new();
    for &id in &messages {
        let end = std::iter::successors(Some(MessageId(id)), |id| children.get(id).copied()).last();
        leaves.extend(end.map(|end| (MessageId(id), end)));
    }
    let elsewhere: Vec<&Ranked> = messages_elsewhere(ranked, &leaves).collect();
    let Some(oldest) = elsewhere.iter().map(|hit| hit.found.entry_id).min() else { return Ok(leaves) };
    let active: HashSet<MessageId> = elsewhere.iter().filter_map(|hit| hit.found.active_leaf_id).collect();
    let active: Vec<Uuid> = active.into_iter().map(|leaf| leaf.0).collect();
    let steps = stored::upwards(store.anywhere(), user, &active, oldest, STEPS).await?;
    let above: HashSet<MessageId> = steps.into_iter().map(|step| step.to).collect();
    for hit in elsewhere {
        let id = MessageId(hit.found.entry_id);
        if let Some(leaf) = hit.found.active_leaf_id.filter(|leaf| *leaf == id || above.contains(&id)) {
            leaves.insert(id, leaf);
        }
    }
    Ok(leaves)
}

fn messages(ranked: &[Ranked]) -> impl Iterator<Item = &Ranked> {
    ranked.iter().filter(|hit| hit.found.role.is_some())
}

/// Those whose newest leaf is not the active one.
fn messages_elsewhere<'a>(
    ranked: &'a [Ranked],
    leaves: &HashMap<MessageId, MessageId>,
) -> impl Iterator<Item = &'a Ranked> {
    messages(ranked).filter(|hit| leaves.get(&MessageId(hit.found.entry_id)).copied() != hit.found.active_leaf_id)
}
