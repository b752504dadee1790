//! After a restore from an older backup: whoever was erased since is erased again.

use std::collections::BTreeSet;

use kit::{caller::UserId, database::in_time, error::Error};
use uuid::Uuid;

use super::Users;
use crate::store::{self, tombstone::Digest};

/// How many rows are read in one statement.
const PAGE: i64 = 1_000;

impl Users {
    /// Makes the database and the file of erasures know the same. Nobody whom either of them knows is a user afterwards.
    pub(crate) async fn reconcile(&self) -> Result<(), Error> {
        let Some(file) = &self.erasures_file else { return Ok(()) };
        let noted: Vec<Digest> = file.read().await.map_err(Error::internal)?.into_iter().collect();
        let mut forgotten = BTreeSet::new();
        for noted in noted.chunks(1_000) {
            forgotten.extend(in_time(async { Ok(store::tombstone::unknown(&self.pool, noted).await?) }).await?);
        }
        if !forgotten.is_empty() {
            tracing::warn!(erasures = forgotten.len(), "the database had forgotten erasures; they are applied again");
            self.erase_again(&forgotten).await?;
            let forgotten: Vec<Digest> = forgotten.into_iter().collect();
            for forgotten in forgotten.chunks(1_000) {
                in_time(async {
                    let mut transaction = self.pool.begin("").await?;
                    store::tombstone::insert(&mut transaction, forgotten).await?;
                    Ok(transaction.commit().await?)
                })
                .await?;
            }
        }
        let mut last = Vec::new();
        loop {
            let known = in_time(async { Ok(store::tombstone::after(&self.pool, &last, PAGE).await?) }).await?;
            let Some(newest) = known.last() else { return Ok(()) };
            last.clone_from(newest);
            let known = known.iter().filter_map(|digest| digest.as_slice().try_into().ok()).collect();
            file.append(known).await.map_err(Error::internal)?;
        }
    }

    /// Looks at every user: a digest does not tell whose it is.
    async fn erase_again(&self, forgotten: &BTreeSet<Digest>) -> Result<(), Error> {
        let mut last = UserId(Uuid::nil());
        loop {
            let users = in_time(async { Ok(store::user::after(&self.pool, last, PAGE).await?) }).await?;
            let Some(newest) = users.last() else { return Ok(()) };
            last = newest.id;
            let key = in_time(self.erasure_key()).await?;
            for user in users {
                let digests = [key.user(user.id), key.subject(&user.issuer, &user.subject)];
                if digests.iter().any(|digest| forgotten.contains(digest)) {
                    self.erase(user.id).await?;
                }
            }
        }
    }
}
