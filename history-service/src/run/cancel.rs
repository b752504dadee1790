//! The wish that a run stops.

use kit::{caller::UserId, database::again_when_lost, error::Error};

use super::{
    Run,
    interruption::{Why, interrupt_held},
    not_found,
};
use crate::{
    id::RunId,
    store::{self, Store},
};

/// Asks whoever holds the run to stop it, or interrupts it when nobody does. The run as it stands.
pub(crate) async fn cancel(store: &Store, user: UserId, id: RunId) -> Result<Run, Error> {
    again_when_lost(|| async {
        let mut transaction = store.begin_in_run(user, id).await?;
        let expired = store::run::request_cancel(&mut transaction, user, id).await?;
        let interrupted = match expired {
            Some(true) => interrupt_held(&mut transaction, user, id, Why::LeaseRanOut).await?,
            Some(false) | None => None,
        };
        let run = store::run::find(&mut *transaction, user, id).await?.ok_or_else(not_found)?;
        transaction.commit().await?;
        if let Some(interrupted) = interrupted {
            interrupted.tell(store);
        }
        Ok(run)
    })
    .await
}
