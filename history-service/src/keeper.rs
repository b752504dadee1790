//! The background work of this service: erasures that are applied again, conversations whose time is over.
//!
//! Nothing here wakes a database that sleeps: after the first round, at the start, there is another only if somebody
//! used the database since.

use std::time::Duration;

use kit::error::Error;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

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
    /// Works until `stop`. What fails is tried again in the next round.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut started = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            if started && !self.store.was_used() {
                continue;
            }
            let round = async { if started { self.round(stop).await } else { self.first_round(stop).await } };
            match round.await {
                Ok(()) => started = true,
                Err(error) => tracing::warn!(%error, "the background work is tried again later"),
            }
        }
    }

    /// What a start owes, and a round.
    pub(crate) async fn first_round(&self, stop: &CancellationToken) -> Result<(), Error> {
        self.erasures.reconcile().await?;
        self.erasures.reapply(false, stop).await?;
        self.sweep(stop).await
    }

    async fn round(&self, stop: &CancellationToken) -> Result<(), Error> {
        self.erasures.reapply(true, stop).await?;
        self.sweep(stop).await
    }

    async fn sweep(&self, stop: &CancellationToken) -> Result<(), Error> {
        let unchanged = self.retention.map(|retention| Selection::Unchanged(retention.as_secs_f64()));
        for selection in [Some(Selection::Expired), unchanged].into_iter().flatten() {
            let mut gone = Counts::default();
            while !stop.is_cancelled()
                && let Some(counts) = deletion::step(&self.store, selection).await?
            {
                gone += counts;
            }
            if gone != Counts::default() {
                let Counts { conversations, messages, .. } = gone;
                tracing::info!(conversations, messages, ?selection, "conversations whose time was over are gone");
                metrics::counter!("history_conversations_retired_total").increment(conversations.unsigned_abs());
            }
        }
        Ok(())
    }
}
