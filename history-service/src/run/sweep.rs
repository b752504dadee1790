//! What happens to runs by itself: those that nobody holds are interrupted, also before their leases run out where nobody was
//! told of them; events that nobody reads are forgotten.
//!
//! It looks once at its start, then when something is due of which this process knows; a database that sleeps is not
//! woken for nothing. Several processes may do the same at once.

use std::time::Duration;

use kit::{caller::UserId, database::in_time, error::Error};

use super::{
    calendar::TAIL,
    interruption::{Why, interrupt},
};
use crate::store::{
    Store,
    keeper::run_event::{self, Held},
};

/// How many runs are looked at in one statement.
const RUNS: i64 = 1_000;
/// The events of how many runs are forgotten in one transaction.
const FORGOTTEN: i64 = 10;
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// Works until it is dropped, which may be at any time: every step is a transaction.
pub(crate) async fn keep_swept(store: &Store) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        match sweep(store).await {
            Ok(()) => {
                pause = SHORTEST_PAUSE;
                store.calendar().something_due().await;
            }
            Err(error) => {
                tracing::warn!(%error, "runs cannot be swept; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// One round.
pub(crate) async fn sweep(store: &Store) -> Result<(), Error> {
    store.calendar().turn();
    let mut failed = Ok(());
    for (run, user) in store.calendar().untold() {
        if let Err(error) = interrupt(store, user, run, Why::Untold).await {
            tracing::warn!(%error, run.id = %run, "a run that nobody was told of cannot be ended yet");
            let is_away = matches!(error, Error::Unavailable { .. });
            failed = Err(error);
            // The others would wait as long for nothing, and those whose leases have run out for them.
            if is_away {
                break;
            }
        }
    }
    loop {
        let running = in_time(async {
            let mut transaction = store.begin_as_keeper().await?;
            Ok(run_event::running(&mut transaction, RUNS).await?)
        });
        let (abandoned, held): (Vec<Held>, Vec<Held>) = running.await?.into_iter().partition(|run| run.seconds <= 0.0);
        for Held { run, seconds, .. } in held {
            store.calendar().held([run], Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_PAUSE));
        }
        let full = i64::try_from(abandoned.len()).is_ok_and(|count| count == RUNS);
        let mut some = false;
        for Held { run, user, .. } in abandoned {
            // One that cannot be ended keeps no other from its end.
            match interrupt(store, UserId(user), run, Why::LeaseRanOut).await {
                Ok(interrupted) => some |= interrupted,
                Err(error) => {
                    tracing::warn!(%error, run.id = %run, "a run whose lease has run out cannot be ended yet");
                    failed = Err(error);
                }
            }
        }
        if !full || !some || failed.is_err() {
            break;
        }
    }
    failed?;
    forget(store).await
}

async fn forget(store: &Store) -> Result<(), Error> {
    loop {
        let forgotten = in_time(async {
            let mut transaction = store.begin_as_keeper().await?;
            let forgotten = run_event::forget(&mut transaction, TAIL.as_secs_f64(), FORGOTTEN).await?;
            transaction.commit().await?;
            Ok(forgotten)
        });
        if forgotten.await? < FORGOTTEN {
            return Ok(());
        }
    }
}
