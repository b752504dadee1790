//! The background work of this service: erasures that are applied again, conversations whose time is over.
//!
//! Nothing here wakes a database that sleeps: after the first round, at the start, there is another only if somebody
//! used the database since, or the last one failed.

use std::time::Duration;

use kit::error::Error;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    deletion::{self, Counts, Selection},
    erasure::Erasures,
    store::Store,
};

const PAUSE: Duration = Duration::from_mins(5);

/// Whoever does it.
pub(crate) struct Keeper {
    pub(crate) store: Store,
    pub(crate) erasures: Erasures,
    /// How long a conversation stays that nobody changes; for ever without.
    pub(crate) retention: Option<Duration>,
}

impl Keeper {
    /// Works until it is dropped, which may be at any time: every step is a transaction. What fails is tried again in the
    /// next round.
    pub(crate) async fn run(&self) {
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut started, mut owed) = (false, true);
        loop {
            ticks.tick().await;
            // Asked in any case, so that what is noted is noted before this round.
            owed |= self.store.was_used();
            if !owed {
                continue;
            }
            let round = async { if started { self.round().await } else { self.first_round().await } };
            match round.await {
                Ok(()) => (started, owed) = (true, false),
                Err(error) => tracing::warn!(%error, "the background work is tried again later"),
            }
        }
    }

    /// What a start owes, and a round.
    pub(crate) async fn first_round(&self) -> Result<(), Error> {
        self.erasures.reconcile().await?;
        self.erasures.reapply(false).await?;
        self.sweep().await
    }

    async fn round(&self) -> Result<(), Error> {
        self.erasures.reapply(true).await?;
        self.sweep().await
    }

    async fn sweep(&self) -> Result<(), Error> {
        let unchanged = self.retention.map(|retention| Selection::Unchanged(retention.as_secs_f64()));
        for selection in [Some(Selection::Expired), unchanged].into_iter().flatten() {
            let mut gone = Counts::default();
            while let Some(counts) = deletion::step(&self.store, selection).await? {
                metrics::counter!("history_conversations_retired_total").increment(counts.conversations.unsigned_abs());
                gone += counts;
            }
            if gone != Counts::default() {
                let Counts { conversations, messages, .. } = gone;
                tracing::info!(conversations, messages, ?selection, "conversations whose time was over are gone");
            }
        }
        Ok(())
    }
}
