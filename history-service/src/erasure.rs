//! Erasure: everything of a user goes, a keyed hash stays.
//!
//! The tombstone is written first. From then on the user can begin nothing (a trigger sees to it): a conversation that
//! is there still takes messages until it goes, and none is added. Whoever finds a tombstone beside data, today or
//! after a restore, takes the data away.

use chrono::{DateTime, Utc};
use kit::{
    caller::UserId,
    database::in_time,
    erasures::{Digest, ErasuresFile},
    error::{Error, RefusalKind},
    hex::hex,
};
use proto::reason;
use uuid::Uuid;

use crate::{
    deletion::{self, Counts, Selection},
    store::{self, Store, keeper::tombstone},
};

/// How many users are looked at in one statement.
const OWNERS: i64 = 500;
/// Longer than any transaction that makes a tombstone.
const MATURITY: chrono::TimeDelta = chrono::TimeDelta::minutes(1);
/// How many tombstones are read in one statement.
const TOMBSTONES: i64 = 1_000;

/// What is left of a user.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) digest: Vec<u8>,
    pub(crate) erased_at: DateTime<Utc>,
    pub(crate) finished_at: DateTime<Utc>,
    pub(crate) counts: Counts,
}

/// Somebody with conversations, or blocks of an index.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) user_id: Uuid,
    /// Whether there is a tombstone.
    pub(crate) erased: bool,
}

/// Erases users, and keeps the list of them beside the database.
#[derive(Clone)]
pub(crate) struct Erasures {
    store: Store,
    file: Option<ErasuresFile>,
}

impl Erasures {
    pub(crate) fn new(store: Store, file: Option<ErasuresFile>) -> Self {
        Self { store, file }
    }

    /// Erases a user, or carries on with it, and returns when nothing is left.
    pub(crate) async fn erase(&self, user: UserId) -> Result<Receipt, Error> {
        // Should it break off, the background work carries it on; it asks for use, and may do so while this commits.
        self.store.note_use();
        in_time(self.bury(user)).await?;
        self.store.note_use();
        self.remove(user).await
    }

    /// Writes the tombstone. Whoever makes a conversation of the user at this moment comes before it, or is refused.
    ///
    /// It stands in the file before it is in the database: what the database knows, the file knows.
    async fn bury(&self, user: UserId) -> Result<(), Error> {
        let mut transaction = self.store.begin_erasing(user).await?;
        let digest = tombstone::digest(&mut transaction, user).await?;
        self.note(std::slice::from_ref(&digest)).await?;
        if tombstone::insert(&mut transaction, std::slice::from_ref(&digest)).await? > 0 {
            let tombstone = hex(&digest);
            tracing::info!(target: "audit", event = "history_erasure_begun", tombstone, "a user is being erased");
        }
        Ok(transaction.commit().await?)
    }

    async fn remove(&self, user: UserId) -> Result<Receipt, Error> {
        while deletion::step(&self.store, Selection::Of(user)).await?.is_some() {}
        let finish = async {
            let mut transaction = self.store.begin_erasing(user).await?;
            store::keeper::deletion::forget_blocks(&mut transaction, user).await?;
            let receipt = tombstone::finish(&mut transaction, user).await?;
            transaction.commit().await?;
            Ok(receipt)
        };
        let receipt = in_time(finish).await?;
        let (tombstone, counts) = (hex(&receipt.digest), receipt.counts);
        tracing::info!(
            target: "audit",
            event = "history_erased",
            tombstone,
            conversations = counts.conversations,
            messages = counts.messages,
            "nothing of a user is left"
        );
        Ok(receipt)
    }

    /// Makes the file and the database know the same erasures.
    pub(crate) async fn reconcile(&self) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        let noted: Vec<Vec<u8>> = file.read().await.map_err(Error::internal)?.into_iter().map(Vec::from).collect();
        let mut brought_back = 0;
        for noted in noted.chunks(1_000) {
            brought_back += in_time(async {
                let mut transaction = self.store.begin_as_keeper().await?;
                let inserted = tombstone::insert(&mut transaction, noted).await?;
                transaction.commit().await?;
                Ok(inserted)
            })
            .await?;
        }
        if brought_back > 0 {
            tracing::warn!(erasures = brought_back, "the database had forgotten erasures; they are applied again");
        }
        let mut last = Vec::new();
        loop {
            let known = in_time(async {
                let mut transaction = self.store.begin_as_keeper().await?;
                Ok(tombstone::after(&mut transaction, &last, TOMBSTONES).await?)
            });
            let known = known.await?;
            let Some(newest) = known.last() else { return Ok(()) };
            last.clone_from(newest);
            self.note(&known).await?;
        }
    }

    /// Erases again whoever has data beside a tombstone; with `unfinished`, looks only if some erasure broke off.
    pub(crate) async fn reapply(&self, unfinished: bool) -> Result<(), Error> {
        let look = in_time(async {
            let mut transaction = self.store.begin_as_keeper().await?;
            Ok(tombstone::are_there(&mut transaction, unfinished).await?)
        });
        let (found, looked_at) = look.await?;
        if !found {
            return Ok(());
        }
        let mut last = UserId(Uuid::nil());
        loop {
            let owners = in_time(async {
                let mut transaction = self.store.begin_as_keeper().await?;
                Ok(tombstone::owners(&mut transaction, last, OWNERS).await?)
            });
            let owners = owners.await?;
            let Some(newest) = owners.last() else { break };
            last = UserId(newest.user_id);
            for owner in owners.iter().filter(|owner| owner.erased) {
                self.remove(UserId(owner.user_id)).await?;
            }
        }
        in_time(async {
            let mut transaction = self.store.begin_as_keeper().await?;
            // Younger ones may have been made, by whoever carries them on, while we looked.
            tombstone::finish_before(&mut transaction, looked_at - MATURITY).await?;
            Ok(transaction.commit().await?)
        })
        .await
    }

    async fn note(&self, digests: &[Vec<u8>]) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        let digests = digests.iter().filter_map(|digest| Digest::try_from(digest.as_slice()).ok()).collect();
        file.append(digests).await.map_err(Error::internal)
    }
}

/// What a write answers that is refused because of its user, or else this error.
pub(crate) fn refusal(error: sqlx::Error) -> Error {
    match store::violated(&error) {
        Some(store::NOT_ERASED) => Error::refused(RefusalKind::Conflict, reason::USER_ERASED, "the user was erased"),
        _ => error.into(),
    }
}
