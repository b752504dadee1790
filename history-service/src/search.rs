//! Search in what one user has said, been told, and named.
//!
//! The index proposes entries, newest first; their texts are read as the user, and the matcher decides. Hits are ranked
//! within pools: the best of the newest [`POOL`] hits come first, then those of the next. So the work of a page has a
//! bound whatever is asked, every hit comes once, and what most people have fits one pool.
//!
//! Candidates are asked of the primary, for only there somebody becomes the keeper; texts and branches, which are the
//! work, of a replica, if there is one. A replica answers with at least what had been committed when it was asked, and
//! it is asked after the candidates were found: so it has the text of each, unless that was deleted meanwhile, and who
//! has just written something finds it.

use std::{ops::RangeInclusive, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use kit::{caller::UserId, error::Error};
use uuid::Uuid;

use self::{
    candidates::Candidates,
    normal::{LONGEST_TEXT, Text},
    sieve::Sieve,
};
use crate::{
    id::{ConversationId, MessageId},
    page_token::SearchPosition,
    store::{
        Store,
        keeper::search::{Candidate, Within},
        search::{self as stored, Found},
    },
    word::Role,
};

mod active_path;
mod branch;
mod candidates;
mod gram;
mod indexing;
mod matcher;
mod normal;
mod phrase;
mod query;
mod sieve;
mod snippet;
mod titles;

pub(crate) use self::{indexing::keep_indexed, query::Query, snippet::Fragment, titles::list};

/// So many hits are ranked together.
const POOL: usize = 200;
/// So many candidates are looked at for one page.
const EXAMINED: usize = 5_000;
/// So many texts are read at once, or so many bytes.
const TEXTS: usize = 200;
const TEXT_BYTES: usize = 2 * 1024 * 1024;
/// So many bytes of text are read for one page.
const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// How far the clocks that made an id and a time may be apart.
const CLOCKS: TimeDelta = TimeDelta::days(1);

/// What the database is asked for at most, in characters of one text.
const LONGEST: i32 = {
    assert!(LONGEST_TEXT < 1 << 30);
    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "just compared")]
    let longest = LONGEST_TEXT as i32;
    longest
};

/// Where to search.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) archived: Option<bool>,
    pub(crate) pinned: Option<bool>,
    pub(crate) agent: Option<String>,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
    pub(crate) role: Option<Role>,
    pub(crate) conversation_id: Option<ConversationId>,
    pub(crate) has_sources: Option<bool>,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Hit {
    /// Absent where the title matches.
    pub(crate) message: Option<(MessageId, Role)>,
    pub(crate) conversation_id: ConversationId,
    pub(crate) title: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) snippet: Vec<Fragment>,
    /// The leaf whose path shows the hit. Absent for the title of a conversation without messages.
    pub(crate) leaf_id: Option<MessageId>,
    pub(crate) on_active_path: bool,
}

/// A page of hits.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) hits: Vec<Hit>,
    pub(crate) next: Option<SearchPosition>,
}

/// A verified hit.
#[derive(Debug)]
struct Ranked {
    score: i64,
    found: Found,
}

impl Ranked {
    /// Hits are listed by falling keys.
    fn key(&self) -> (i64, Uuid) {
        (self.score, self.found.entry_id)
    }
}

/// Hits that are ranked together.
struct Pool {
    hits: Vec<Ranked>,
    /// The entries that were looked at. None when there were none.
    range: Option<RangeInclusive<Uuid>>,
    /// Whether older entries may match.
    more: bool,
}

impl Pool {
    /// Where the next pool begins. One that had its bounds already ends at the oldest.
    fn next(&self, oldest: Uuid) -> Option<SearchPosition> {
        let end = match &self.range {
            _ if !oldest.is_nil() => oldest,
            Some(range) if self.more => *range.start(),
            _ => return None,
        };
        let newest = Uuid::from_u128(end.as_u128().checked_sub(1)?);
        Some(SearchPosition { newest, ..SearchPosition::START })
    }
}

pub(crate) async fn search(
    store: &Store,
    user: UserId,
    query: Query,
    filter: &Filter,
    from: Option<SearchPosition>,
    page_size: usize,
) -> Result<Page, Error> {
    let query = Arc::new(query);
    let start = from.unwrap_or(SearchPosition::START);
    let mut pool = pool(store, user, &query, filter, start.oldest..=start.newest).await?;
    pool.hits.retain(|hit| hit.key() < (start.score, start.id));
    pool.hits.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.key()));
    let places = branch::places(store, user, &mut pool.hits, page_size).await?;
    let left = pool.hits.len() > page_size;
    pool.hits.truncate(page_size);
    let next = match (pool.hits.last(), &pool.range) {
        // The pool keeps its bounds, so that neither new messages nor deleted ones move its hits.
        (Some(last), Some(range)) if left => {
            let (points, id) = last.key();
            Some(SearchPosition { newest: *range.end(), oldest: *range.start(), score: points, id })
        }
        _ => pool.next(start.oldest),
    };
    Ok(Page { hits: branch::shown(store, user, query, pool.hits, places).await?, next })
}

/// The newest hits among these entries, verified.
async fn pool(
    store: &Store,
    user: UserId,
    query: &Arc<Query>,
    filter: &Filter,
    range: RangeInclusive<Uuid>,
) -> Result<Pool, Error> {
    let bounded = !range.start().is_nil();
    let oldest = filter.from.map_or(*range.start(), |from| (*range.start()).max(first_id(from - CLOCKS)));
    let newest = filter.to.map_or(*range.end(), |to| (*range.end()).min(first_id(to + CLOCKS)));
    let within = Within {
        conversation: filter.conversation_id,
        archived: filter.archived,
        pinned: filter.pinned,
        agent: filter.agent.as_deref(),
    };
    let mut candidates = Candidates::new(store, user, query, within, (oldest, newest), EXAMINED).await?;
    let (mut hits, mut examined, mut bytes) = (Vec::new(), 0, 0);
    let (mut seen_newest, mut seen_oldest) = (None, None);
    let mut more = false;
    while !more {
        let taken = candidates.take(TEXTS).await?;
        let mut rest = taken.as_slice();
        if rest.is_empty() {
            break;
        }
        while !rest.is_empty() && !more {
            let (batch, after) = rest.split_at(batch(rest));
            rest = after;
            examined += batch.len();
            bytes += batch.iter().map(weight).sum::<usize>();
            let mut verified = verified(store, user, query, filter, batch).await?;
            seen_newest = seen_newest.or(Some(batch[0].entry_id));
            seen_oldest = batch.last().map(|candidate| candidate.entry_id);
            verified.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.found.entry_id));
            let full = !bounded && hits.len() + verified.len() >= POOL;
            if full {
                verified.truncate(POOL - hits.len());
                seen_oldest = verified.last().map(|hit| hit.found.entry_id).or(seen_oldest);
            }
            hits.append(&mut verified);
            more = full || (!bounded && (examined >= EXAMINED || bytes >= PAGE_BYTES));
        }
    }
    Ok(Pool { hits, range: seen_oldest.zip(seen_newest).map(|(from, to)| from..=to), more })
}

/// How many of the candidates are read at once.
fn batch(candidates: &[Candidate]) -> usize {
    let mut bytes = 0;
    let fits = candidates.iter().take(TEXTS).take_while(|candidate| {
        bytes += weight(candidate);
        bytes <= TEXT_BYTES
    });
    fits.count().max(1)
}

/// How many bytes are read of a candidate at most: no character has more than four.
fn weight(candidate: &Candidate) -> usize {
    usize::try_from(candidate.length).unwrap_or_default().min(LONGEST_TEXT * 4)
}

/// The candidates that match.
async fn verified(
    store: &Store,
    user: UserId,
    query: &Arc<Query>,
    filter: &Filter,
    candidates: &[Candidate],
) -> Result<Vec<Ranked>, Error> {
    let (titles, messages): (Vec<_>, Vec<_>) = candidates.iter().partition(|candidate| candidate.is_title());
    let ids = |candidates: Vec<&Candidate>| candidates.iter().map(|candidate| candidate.entry_id).collect::<Vec<_>>();
    let texts = stored::texts(store.anywhere(), user, &ids(messages), &ids(titles), filter, LONGEST).await?;
    let query = Arc::clone(query);
    let ranked = move || {
        let sieve = Sieve::of(&query);
        let left = texts.into_iter().filter(|found| sieve.passes(&found.text));
        left.filter_map(|found| rank(&query, found)).collect()
    };
    tokio::task::spawn_blocking(ranked).await.map_err(Error::internal)
}

fn rank(query: &Query, found: Found) -> Option<Ranked> {
    let text = Text::of(&found.text);
    let places = matcher::find(query, &text)?;
    let score = matcher::score(&places, found.role.is_none(), found.created_at);
    Some(Ranked { score, found })
}

/// The smallest id that is made at this time.
fn first_id(time: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(time.timestamp_millis()).unwrap_or_default().min((1 << 48) - 1);
    Uuid::from_u128(millis << 80)
}
