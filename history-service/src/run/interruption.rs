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
    message::RunError,
    store::{self, Store, Transaction},
};

/// The code of such an end.
const INTERRUPTED: &str = "interrupted";

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

/// Why nobody holds a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Its lease has run out, if it still has.
    LeaseRanOut,
    /// Nobody was told that it began.
    Untold,
}

impl Why {
    fn error(self) -> RunError {
        let message = match self {
            Self::LeaseRanOut => "the gateway that had the run is gone; what was written until then is kept",
            Self::Untold => "the database answered too late for the run to go on; ask again",
        };
        RunError { code: INTERRUPTED.to_owned(), message: message.to_owned() }
    }
}

/// Interrupts a run that nobody holds, in a transaction of its own. Whether it went on.
pub(super) async fn interrupt(store: &Store, user: UserId, run: RunId, why: Why) -> Result<bool, Error> {
    let work = again_when_lost(|| async {
        let mut transaction = store.begin_in_run(user, run).await?;
        let interrupted = interrupt_held(&mut transaction, user, run, why).await?;
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
    why: Why,
) -> Result<Option<Interrupted>, Error> {
    let unheld = why == Why::Untold;
    let Some(fence) = store::run::take_abandoned(transaction, user, run, unheld).await? else { return Ok(None) };
    let folded = answer::fold(run, store::run::events(transaction, user, run).await?);
    let end = Finish {
        run_id: run,
        fence,
        outcome: Outcome::Interrupted,
        content: folded.content,
        parts: folded.parts,
        sources: folded.sources,
        usage: folded.usage,
        error: Some(why.error()),
        model: folded.model,
        title: folded.title,
        reason: folded.finish_reason,
        rest: None,
    };
    let finished = store::run::finish(&mut **transaction, user, &end).await?;
    tracing::info!(run.id = %run, ?why, kept_bytes = end.content.len(), "a run that nobody held was interrupted");
    Ok(Some(Interrupted { run, followed: finished.is_some_and(|finished| finished.left_events) }))
}
