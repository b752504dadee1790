//! A tick: what many runs said since the last one.

use std::time::Duration;

use kit::{caller::UserId, database::again_when_lost, error::Error};

use super::Events;
use crate::{
    id::RunId,
    store::{
        Store,
        keeper::run_event::{self, Appended},
    },
};

/// What is new in one run.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) run: RunId,
    pub(crate) user: UserId,
    pub(crate) fence: i64,
    pub(crate) events: Option<Events>,
    /// Whether the lease is to be renewed.
    pub(crate) renew: bool,
}

/// Keeps what is new, at most one batch for each run. Repeated, it comes to the same.
pub(crate) async fn append(store: &Store, batches: &[Batch], lease: Duration) -> Result<Appended, Error> {
    let appended = again_when_lost(|| async {
        let mut transaction = store.begin_as_keeper().await?;
        let appended = run_event::append(&mut transaction, batches, lease.as_secs_f64()).await?;
        transaction.commit().await?;
        Ok(appended)
    })
    .await?;
    let renewed = batches.iter().filter(|batch| batch.renew && !appended.lost.contains(&batch.run.0));
    store.calendar().held(renewed.map(|batch| batch.run), lease);
    Ok(appended)
}
