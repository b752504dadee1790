//! Keeps what running agents say: every tick one call with what is new in all runs, which also renews their leases and
//! tells which are to stop. So the cost grows with ticks, not with runs.

use std::sync::Arc;

use proto::history::v1::{AppendEventsRequest, AppendEventsResponse, append_events_request::Batch};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};
use tonic::Status;

use super::{Runs, live::Held};

/// What ends sooner than this is saved by its end alone.
const YOUNG: Duration = Duration::from_millis(100);
/// So many bytes of events go in one call.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// So many runs go in one call.
const MOST_RUNS: usize = 5_000;

/// A batch that was made, and what it means when it is kept.
struct Offered {
    held: Arc<Held>,
    until: usize,
    batch: Batch,
    bytes: usize,
}

impl Runs {
    /// Tends all runs until there are none.
    pub(super) async fn tend(self) {
        let mut ticks = interval(self.0.limits.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let mut away = false;
        loop {
            ticks.tick().await;
            let Some(runs) = self.0.live.all() else { return };
            match self.tick(&runs).await {
                Ok(()) => {
                    if std::mem::take(&mut away) {
                        tracing::info!("the history service keeps running answers again");
                    }
                }
                Err(status) => {
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(
                            error = status.message(),
                            "running answers are held back until the history service keeps them again"
                        );
                    }
                    metrics::counter!("run_ticks_failed_total").increment(1);
                }
            }
        }
    }

    async fn tick(&self, runs: &[Arc<Held>]) -> Result<(), Status> {
        let mut offered: Vec<_> = runs.iter().filter_map(|held| self.offer(held)).collect();
        loop {
            let rest = offered.split_off(fitting(&offered));
            self.append(offered).await?;
            if rest.is_empty() {
                return Ok(());
            }
            offered = rest;
        }
    }

    /// What is new in a run, if anything.
    fn offer(&self, held: &Arc<Held>) -> Option<Offered> {
        if held.age() < YOUNG {
            return None;
        }
        let position = held.kept();
        let bytes = held.log.bytes_since(position).min(MOST_BYTES);
        let events = (bytes > 0).then(|| held.log.said_since(position, MOST_BYTES));
        let renew = held.since_renewal() >= self.0.limits.run_lease / 3;
        if events.is_none() && !renew {
            return None;
        }
        if events.is_some() {
            held.offer();
        }
        let until = position + events.as_ref().map_or(0, |events| events.events.len());
        let (run_id, user_id) = (held.run_id.clone(), held.user_id.to_string());
        let batch = Batch { run_id, user_id, fence: held.fence, events, renew };
        Some(Offered { held: Arc::clone(held), until, batch, bytes })
    }

    async fn append(&self, offered: Vec<Offered>) -> Result<(), Status> {
        let sent = Instant::now();
        let parts = offered.into_iter().map(|Offered { held, until, batch, .. }| {
            let renewed = batch.renew;
            (batch, (held, until, renewed))
        });
        let (batches, kept): (Vec<_>, Vec<_>) = parts.unzip();
        let lease = prost_types::Duration::try_from(self.0.limits.run_lease).ok();
        let request = kit::client::request(AppendEventsRequest { batches, lease });
        let answer = self.0.history.runs().append_events(request).await?.into_inner();
        let AppendEventsResponse { lost_run_ids, cancelled_run_ids } = answer;
        for (held, until, renewed) in kept {
            if lost_run_ids.contains(&held.run_id) {
                held.lost.cancel();
                continue;
            }
            held.keep(until);
            if renewed {
                held.renewed(sent);
            }
        }
        for held in cancelled_run_ids.iter().filter_map(|run_id| self.0.live.get(run_id)) {
            held.cancelled.cancel();
        }
        Ok(())
    }
}

/// How many of these go in one call.
fn fitting(offered: &[Offered]) -> usize {
    let mut bytes = 0;
    let fits = offered.iter().take(MOST_RUNS).take_while(|offered| {
        bytes += offered.bytes;
        bytes <= MOST_BYTES
    });
    fits.count().max(1).min(offered.len())
}
