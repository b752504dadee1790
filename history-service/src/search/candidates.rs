//! What the index proposes, newest first.
//!
//! A user's index has blocks, of which the newest are opened first, and more at a time the less they have. What is not
//! indexed yet takes part as it is; it is read before the blocks, so that nothing slips through on its way into one.

use std::collections::BTreeMap;

use kit::{caller::UserId, error::Error};
use uuid::Uuid;

use super::{
    gram::Hasher,
    query::{Probe, Query},
};
use crate::store::{
    Store, Transaction,
    keeper::search::{self as index, Asked, Block, Candidate, Within},
};

/// So many blocks are opened at once at most after the newest: the second time, and then. What is rare is asked for in
/// all, and in few rounds; but what was common long ago would fill all that are opened.
const MOST_BLOCKS: [usize; 2] = [16, 32];

/// Candidates in their order, as far as they have been asked for.
pub(super) struct Candidates<'a> {
    store: &'a Store,
    user: UserId,
    query: &'a Query,
    within: Within<'a>,
    oldest: Uuid,
    newest: Uuid,
    /// Blocks that are not open yet, the newest at the end.
    closed: Vec<Block>,
    open: BTreeMap<Uuid, Candidate>,
    /// How many blocks are open, and how much they had.
    opened: usize,
    found: usize,
}

impl<'a> Candidates<'a> {
    /// Candidates between two entries. Of those that are not indexed, at most `most` take part.
    pub(super) async fn new(
        store: &'a Store,
        user: UserId,
        query: &'a Query,
        within: Within<'a>,
        (oldest, newest): (Uuid, Uuid),
        most: usize,
    ) -> Result<Self, Error> {
        let mut transaction = store.begin_to_search().await?;
        let waiting = index::not_indexed(&mut transaction, user, newest, &within, most).await?;
        let mut closed = index::blocks(&mut transaction, user).await?;
        closed.retain(|block| block.newest >= oldest && block.oldest <= newest);
        closed.sort_unstable_by_key(|block| block.newest);
        let open = BTreeMap::new();
        let mut candidates = Self { store, user, query, within, oldest, newest, closed, open, opened: 0, found: 0 };
        candidates.add(waiting);
        // One transaction for all that is asked of everybody.
        if !candidates.closed.is_empty() {
            candidates.open_blocks(&mut transaction, 1).await?;
        }
        transaction.commit().await?;
        Ok(candidates)
    }

    /// The next ones, `most` unless there are no more.
    pub(super) async fn take(&mut self, most: usize) -> Result<Vec<Candidate>, Error> {
        loop {
            let missing = most.saturating_sub(self.certain());
            if missing == 0 || self.closed.is_empty() {
                break;
            }
            self.open_more(missing).await?;
        }
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some((_, candidate)) = self.open.pop_last()
        {
            taken.push(candidate);
        }
        Ok(taken)
    }

    /// Every candidate there is, in no order, or None when there are more than `most`.
    pub(super) async fn all(mut self, most: usize) -> Result<Option<Vec<Candidate>>, Error> {
        while !self.closed.is_empty() && self.open.len() <= most {
            self.open_more(most).await?;
        }
        Ok((self.open.len() <= most).then(|| self.open.into_values().collect()))
    }

    /// How many of the open ones are newer than all that is closed.
    fn certain(&self) -> usize {
        match self.closed.last() {
            Some(block) => self.open.range(block.newest..).count(),
            None => self.open.len(),
        }
    }

    /// Opens as many blocks as may have so many candidates, going by those that are open, and no fewer than these: who
    /// comes back may do so often.
    async fn open_more(&mut self, missing: usize) -> Result<(), Error> {
        let most = MOST_BLOCKS[usize::from(self.opened > 1)];
        let likely = (missing * self.opened).div_ceil(self.found.max(1));
        let mut transaction = self.store.begin_to_search().await?;
        self.open_blocks(&mut transaction, likely.max(self.opened).clamp(1, most)).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn open_blocks(&mut self, transaction: &mut Transaction, count: usize) -> Result<(), Error> {
        let blocks = self.closed.split_off(self.closed.len().saturating_sub(count));
        self.opened += blocks.len();
        let mut asked = Asked::default();
        for block in &blocks {
            let Some(probe) = self.query.probe(Hasher::of(self.user, block.number)) else { continue };
            let (all, grams) = match probe {
                Probe::All(grams) => (true, grams),
                Probe::Any(grams) => (false, grams),
            };
            asked.all = all;
            asked.counts.push(i32::try_from(grams.len()).unwrap_or_default());
            asked.grams.extend(grams);
        }
        let found = index::indexed(transaction, self.user, &asked, &self.within).await?;
        self.found += found.len();
        self.add(found);
        Ok(())
    }

    fn add(&mut self, found: Vec<Candidate>) {
        let inside = found.into_iter().filter(|found| (self.oldest..=self.newest).contains(&found.entry_id));
        self.open.extend(inside.map(|found| (found.entry_id, found)));
    }
}
