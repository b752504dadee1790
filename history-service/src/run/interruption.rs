//! The end of a run that nobody holds any more: what was streamed is kept, up to the last tick.

use kit::{
    caller::UserId,
    database::{again_when_lost, in_time},
    error::Error,
};

use super::{Finish, Outcome};
use crate::{
    answer,
    id::RunId,
    store::{self, Store, Transaction},
};

/// A run that was interrupted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interrupted {
    run: RunId,
    /// Whether it left events behind.
    followed: bool,
}

impl Interrupted {
    /// To be called when it is committed.
    pub(super) fn tell(self, store: &Store) {
        metrics::counter!("history_runs_interrupted_total").increment(1);
        store.calendar().ended(self.run, self.followed);
        store.wrote_searched();
    }
}

/// Interrupts a run whose lease has run out, if it still has, in a transaction of its own. Whether it had.
pub(super) async fn interrupt(store: &Store, user: UserId, run: RunId) -> Result<bool, Error> {
    let work = again_when_lost(|| async {
        let mut transaction = store.begin_in_run(user, run).await?;
        let interrupted = interrupt_held(&mut transaction, user, run).await?;
        transaction.commit().await?;
        Ok(interrupted)
    });
    let interrupted = in_time(work).await?;
    if let Some(interrupted) = interrupted {
        interrupted.tell(store);
    }
    Ok(interrupted.is_some())
}

/// The same in a transaction that holds the conversation. None when the run is not abandoned.
///
/// It changes hands first: whoever had it can write no more, and what they have written is there to be read.
pub(super) async fn interrupt_held(
    transaction: &mut Transaction,
    user: UserId,
    run: RunId,
) -> Result<Option<Interrupted>, Error> {
    let Some(fence) = store::run::take_abandoned(transaction, user, run).await? else { return Ok(None) };
    let folded = answer::fold(run, store::run::events(transaction, user, run).await?);
    let end = Finish {
        run_id: run,
        fence,
        outcome: Outcome::Interrupted,
        content: folded.content,
        parts: folded.parts,
        sources: folded.sources,
        usage: folded.usage,
        error: None,
        model: folded.model,
        title: folded.title,
        reason: folded.finish_reason,
        rest: None,
    };
    let finished = store::run::finish(&mut **transaction, user, &end).await?;
    tracing::info!(run.id = %run, kept_bytes = end.content.len(), "a run whose lease had run out was interrupted");
    Ok(Some(Interrupted { run, followed: finished.is_some_and(|finished| finished.left_events) }))
}
