//! The indexer: gives entries their grams after they were written, a batch at a time.
//!
//! It sleeps until this process writes something that is searched; so a database that scales to zero may do so. What a
//! crash left behind is found at the start of the next process, and search reads it meanwhile all the same.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use kit::{caller::UserId, database::in_time, error::Error};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{LONGEST, gram::Hasher, normal::Text};
use crate::store::{
    Store,
    keeper::indexing::{self as index, Added, Filling, Waiting},
};

/// Writes within this time are indexed together.
const PATIENCE: Duration = Duration::from_secs(1);
/// A batch has so many entries at most, or so many bytes.
const BATCH: i64 = 256;
const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// A block has so many entries. More make a frequent word dearer, fewer a rare one.
const BLOCK: i32 = 2_048;
/// So many entries that cannot be indexed are left aside.
const MOST_AVOIDED: usize = 1_000;
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// Indexes what waits, and what will be written, until `stop`.
pub(crate) async fn keep_indexed(store: Store, stop: CancellationToken) {
    let mut indexer = Indexer { store, batch: BATCH, avoided: Vec::new(), pause: SHORTEST_PAUSE };
    stop.run_until_cancelled(indexer.run()).await;
}

struct Indexer {
    store: Store,
    /// How many entries the next batch has.
    batch: i64,
    /// What could not be indexed, even alone. Search finds it all the same.
    avoided: Vec<Uuid>,
    pause: Duration,
}

impl Indexer {
    async fn run(&mut self) {
        loop {
            self.catch_up().await;
            self.store.something_written().await;
            tokio::time::sleep(PATIENCE).await;
        }
    }

    async fn catch_up(&mut self) {
        loop {
            match self.index_batch().await {
                Ok(0) => return,
                Ok(_) => {
                    self.batch = (self.batch * 2).min(BATCH);
                    self.pause = SHORTEST_PAUSE;
                }
                Err(Failure { error, entries }) => {
                    self.note(&error, &entries);
                    tokio::time::sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// A database that is away is nobody's fault, but a batch may be too much for one that is slow. What else fails is
    /// looked for one by one.
    fn note(&mut self, error: &Error, entries: &[Uuid]) {
        match entries {
            _ if matches!(error, Error::Unavailable { .. }) => {
                tracing::warn!(%error, "nothing can be indexed for search; trying again");
                self.batch = (self.batch / 2).max(1);
            }
            [entry] => {
                tracing::error!(%error, entry.id = %entry, "an entry cannot be indexed for search and is left aside");
                self.avoided.truncate(MOST_AVOIDED - 1);
                self.avoided.insert(0, *entry);
            }
            _ => {
                tracing::warn!(%error, "a batch cannot be indexed for search; trying one by one");
                self.batch = 1;
            }
        }
    }

    /// How many entries were indexed.
    async fn index_batch(&self) -> Result<usize, Failure> {
        let mut taken = Vec::new();
        let work = async {
            let mut transaction = self.store.begin_as_keeper().await?;
            let waiting = index::take_waiting(&mut transaction, &self.avoided, self.batch).await?;
            taken = bounded(waiting);
            if taken.is_empty() {
                return Ok(0);
            }
            let ids = |title: bool| -> Vec<Uuid> {
                let chosen = taken.iter().filter(|entry| (entry.entry_id == entry.conversation_id.0) == title);
                chosen.map(|entry| entry.entry_id).collect()
            };
            let texts = index::waiting_texts(&mut transaction, &ids(false), &ids(true), LONGEST).await?;
            let texts = texts.into_iter().map(|text| (text.entry_id, text.text)).collect();
            let users: HashSet<Uuid> = taken.iter().map(|entry| entry.user_id).collect();
            let users: Vec<Uuid> = users.into_iter().collect();
            let (blocks, added) = placed(&taken, index::filling(&mut transaction, &users).await?);
            let entries = taken.clone();
            let grams = tokio::task::spawn_blocking(move || grams(&entries, &blocks, &texts));
            let (counts, grams) = grams.await.map_err(Error::internal)?;
            let ids: Vec<Uuid> = taken.iter().map(|entry| entry.entry_id).collect();
            let users: Vec<Uuid> = taken.iter().map(|entry| entry.user_id).collect();
            index::write_grams(&mut transaction, &ids, &users, &counts, &grams).await?;
            index::fill(&mut transaction, &added).await?;
            transaction.commit().await?;
            Ok(taken.len())
        };
        let done: Result<usize, Error> = in_time(work).await;
        done.map_err(|error| Failure { error, entries: taken.iter().map(|entry| entry.entry_id).collect() })
    }
}

struct Failure {
    error: Error,
    entries: Vec<Uuid>,
}

/// As many as fit a batch. The others are free again when the transaction ends.
fn bounded(mut waiting: Vec<Waiting>) -> Vec<Waiting> {
    let mut bytes = 0;
    let fits = waiting.iter().take_while(|entry| {
        bytes += usize::try_from(entry.length).unwrap_or_default();
        bytes <= BATCH_BYTES
    });
    let fits = fits.count().max(1);
    waiting.truncate(fits);
    waiting
}

/// The block of each entry, and what the blocks gain by it.
fn placed(entries: &[Waiting], filling: Vec<Filling>) -> (Vec<i32>, Vec<Added>) {
    let mut current: HashMap<Uuid, (i32, i32)> =
        filling.into_iter().map(|filling| (filling.user_id, (filling.block, filling.entries))).collect();
    let mut added: BTreeMap<(Uuid, i32), Added> = BTreeMap::new();
    let mut blocks = Vec::new();
    for &Waiting { entry_id, user_id, .. } in entries {
        let (block, full) = current.entry(user_id).or_insert((0, 0));
        if *full >= BLOCK {
            (*block, *full) = (*block + 1, 0);
        }
        *full += 1;
        blocks.push(*block);
        let nothing = Added { user_id, block: *block, entries: 0, oldest: entry_id, newest: entry_id };
        let added = added.entry((user_id, *block)).or_insert(nothing);
        added.entries += 1;
        added.oldest = added.oldest.min(entry_id);
        added.newest = added.newest.max(entry_id);
    }
    (blocks, added.into_values().collect())
}

/// The grams of entries, and how many each has.
fn grams(entries: &[Waiting], blocks: &[i32], texts: &HashMap<Uuid, String>) -> (Vec<i32>, Vec<i32>) {
    let (mut counts, mut all) = (Vec::new(), Vec::new());
    for (entry, block) in entries.iter().zip(blocks) {
        let text = texts.get(&entry.entry_id).map_or("", String::as_str);
        let mut grams = Hasher::of(UserId(entry.user_id), *block).text(&Text::of(text));
        counts.push(i32::try_from(grams.len()).unwrap_or_default());
        all.append(&mut grams);
    }
    (counts, all)
}
