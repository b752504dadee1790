//! Keeps what running agents say: every tick one call with what is new in all runs, which also renews their leases and
//! tells which are to stop. So the cost grows with ticks, not with runs.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use proto::history::v1::{AppendEventsRequest, AppendEventsResponse, append_events_request::Batch};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};
use tonic::Status;

use super::{Runs, live::Held};
use crate::history;

/// What ends sooner than this is saved by its end alone.
const YOUNG: Duration = Duration::from_millis(100);
/// So many bytes of events go in one call.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// So many runs go in one call.
const MOST_RUNS: usize = 5_000;
/// So many failed calls are enough for one tick. To find one run in a full call takes thirteen.
const MOST_FAILED: usize = 64;

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
            match unbroken(self.tick(&runs)).await {
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

    /// Offers what is new, call by call: what a call takes is decoded for it alone, as events are ten times as large then.
    /// What is refused keeps back nobody else: halves of it are offered, until the run at fault is found.
    async fn tick(&self, runs: &[Arc<Held>]) -> Result<(), Status> {
        let due: Vec<_> = runs.iter().filter(|held| self.is_due(held)).collect();
        // A call without any of them still tells which are to stop.
        let (mut waiting, mut failed) = (vec![due.as_slice()], Vec::new());
        while let Some(rest) = waiting.pop() {
            let (group, rest) = rest.split_at(fitting(rest));
            if !rest.is_empty() {
                waiting.push(rest);
            }
            let Err(status) = self.append(group).await else { continue };
            if history::is_away(&status) || failed.len() == MOST_FAILED {
                return Err(status);
            }
            match group {
                [held] if history::is_refusal(&status) => {
                    let (run_id, error) = (&held.run_id, status.message());
                    tracing::error!(run.id = run_id, error, "a run ends: the history service refuses what it says");
                    held.lost.cancel();
                }
                [] | [_] => {}
                several => {
                    let (first, second) = several.split_at(several.len() / 2);
                    waiting.extend([second, first]);
                }
            }
            failed.push(status);
        }
        failed.pop().map_or(Ok(()), Err)
    }

    fn is_due(&self, held: &Held) -> bool {
        held.age() >= YOUNG && (held.waiting() > 0 && !held.is_ending() || self.renews(held))
    }

    fn renews(&self, held: &Held) -> bool {
        held.since_renewal() >= self.0.limits.run_lease / 3
    }

    /// What is new in a run, and up to which event.
    fn offer(&self, held: &Held) -> (Batch, usize) {
        let position = held.kept();
        let events = (held.waiting() > 0).then(|| held.log.said_since(position, MOST_BYTES));
        if events.is_some() {
            held.offer();
        }
        let until = position + events.as_ref().map_or(0, |events| events.events.len());
        let (run_id, user_id) = (held.run_id.clone(), held.user_id.to_string());
        (Batch { run_id, user_id, fence: held.fence, events, renew: self.renews(held) }, until)
    }

    async fn append(&self, group: &[&Arc<Held>]) -> Result<(), Status> {
        let (sent, _travel) = (Instant::now(), group.iter().map(|held| held.travel()).collect::<Vec<_>>());
        let parts = group.iter().map(|held| {
            let (batch, until) = self.offer(held);
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

/// What breaks is an error: the next tick is another try, and nobody else tends the runs.
async fn unbroken(tick: impl Future<Output = Result<(), Status>>) -> Result<(), Status> {
    let ticked = AssertUnwindSafe(tick).catch_unwind().await;
    ticked.unwrap_or_else(|_panic| Err(Status::internal("a tick broke")))
}

/// How many of these go in one call.
fn fitting(runs: &[&Arc<Held>]) -> usize {
    let mut bytes = 0;
    let fits = runs.iter().take(MOST_RUNS).take_while(|held| {
        bytes += held.waiting().min(MOST_BYTES);
        bytes <= MOST_BYTES
    });
    fits.count().max(1).min(runs.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Event, run::testing};

    #[tokio::test]
    async fn a_tick_that_breaks_is_one_that_failed() {
        let broken = unbroken(async { panic!("broken") }).await;
        assert_eq!(broken.unwrap_err().code(), tonic::Code::Internal);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_ends_is_left_to_its_end_but_for_its_lease() {
        let runs = testing::runs(&[]);
        let (writer, held) = testing::held("r");
        writer.say(Event::Text("x".to_owned()));
        tokio::time::advance(YOUNG).await;
        assert!(runs.is_due(&held));
        held.make_way().await;
        assert!(!runs.is_due(&held));
        tokio::time::advance(runs.0.limits.run_lease).await;
        assert!(runs.is_due(&held));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_history_is_away_no_more_is_decoded_than_one_call_takes() {
        let runs = testing::runs(&[]);
        let (_writers, held): (Vec<_>, Vec<_>) = (0..5)
            .map(|number| {
                let (writer, held) = testing::held(&number.to_string());
                writer.say(Event::Text("x".repeat(MOST_BYTES / 3)));
                (writer, held)
            })
            .unzip();
        tokio::time::advance(YOUNG).await;
        assert!(history::is_away(&runs.tick(&held).await.unwrap_err()));
        let offered: Vec<_> = held.iter().map(|held| held.was_offered()).collect();
        assert_eq!(offered, [true, true, false, false, false]);
    }
}
