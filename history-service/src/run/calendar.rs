//! What this process knows of runs that may need it later, so that it need not ask a database that may be asleep.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kit::caller::UserId;
use tokio::{sync::Notify, time::Instant};

use crate::id::RunId;

/// How long the events of a run stay after its end, for those who are half-way through them.
pub(crate) const TAIL: Duration = Duration::from_mins(1);
/// The database's clock decides; it is asked a little later.
const SLACK: Duration = Duration::from_millis(100);
/// Of a lease that was only read this clock may think as it likes: a look brings it by the database's.
const SOON: Duration = Duration::from_mins(1);
/// After so long it is looked again for a run that may have begun without anybody being told; doubled every time.
const LOOK: Duration = Duration::from_millis(250);
/// So many of these runs are looked for.
const MOST_UNTOLD: usize = 10_000;

/// When leases run out, and when events are to be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    dates: Mutex<Dates>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Dates {
    leases: HashMap<RunId, Instant>,
    untold: HashMap<RunId, Untold>,
    /// When the events of the first run may go that ended since the last time, and those of the last one.
    tails: Option<(Instant, Instant)>,
    /// The date for which somebody waits.
    awaited: Option<Instant>,
}

/// A run that may begin without anybody being told.
#[derive(Debug)]
struct Untold {
    user: UserId,
    next: Instant,
    pause: Duration,
    /// From then on its lease has run out.
    until: Instant,
}

impl Dates {
    fn next(&self) -> Option<Instant> {
        let looks = self.untold.values().map(|untold| untold.next);
        self.leases.values().copied().chain(looks).chain(self.tails.map(|(first, _)| first)).min()
    }
}

impl Calendar {
    /// These runs are held for so long from now on.
    pub(crate) fn held(&self, runs: impl IntoIterator<Item = RunId>, lease: Duration) {
        let until = Instant::now() + lease + SLACK;
        let mut dates = self.dates();
        dates.leases.extend(runs.into_iter().map(|run| (run, until)));
        self.tell(&dates, until);
    }

    /// Somebody holds this run until then, and may be gone together with the process that knew of it. What is known of it
    /// here is known better.
    pub(crate) fn heard_of(&self, run: RunId, until: DateTime<Utc>) {
        let left = (until - Utc::now()).to_std().unwrap_or_default().min(SOON);
        let mut dates = self.dates();
        let until = *dates.leases.entry(run).or_insert_with(|| Instant::now() + left + SLACK);
        self.tell(&dates, until);
    }

    /// A run has ended; `followed` when it left events behind.
    pub(crate) fn ended(&self, run: RunId, followed: bool) {
        let mut dates = self.dates();
        dates.leases.remove(&run);
        dates.untold.remove(&run);
        if followed {
            let until = Instant::now() + TAIL + SLACK;
            let first = dates.tails.map_or(until, |(first, _)| first);
            dates.tails = Some((first, until));
            self.tell(&dates, first);
        }
    }

    /// Whoever wanted this run to begin has left; it may begin all the same.
    pub(crate) fn left(&self, run: RunId, user: UserId, lease: Duration) {
        let now = Instant::now();
        let mut dates = self.dates();
        // Beyond that, the ends of the leases do.
        if dates.untold.len() < MOST_UNTOLD {
            dates.untold.insert(run, Untold { user, next: now, pause: LOOK, until: now + lease });
        }
        // By the database's clock.
        dates.leases.insert(run, now + lease + SLACK);
        self.tell(&dates, now);
    }

    /// The runs of that kind that are to be looked for now.
    pub(crate) fn untold(&self) -> Vec<(RunId, UserId)> {
        let now = Instant::now();
        let mut dates = self.dates();
        dates.untold.retain(|_, untold| untold.until > now);
        let due = dates.untold.iter_mut().filter(|(_, untold)| untold.next <= now);
        due.map(|(run, untold)| {
            (untold.next, untold.pause) = (now + untold.pause, untold.pause * 2);
            (*run, untold.user)
        })
        .collect()
    }

    /// Forgets the dates that are over.
    pub(crate) fn turn(&self) {
        let now = Instant::now();
        let mut dates = self.dates();
        dates.leases.retain(|_, until| *until > now);
        dates.tails = dates.tails.and_then(|(first, last)| match () {
            () if first > now => Some((first, last)),
            () if last > now => Some((last, last)),
            () => None,
        });
    }

    /// Waits for the next date.
    pub(crate) async fn something_due(&self) {
        loop {
            let changed = self.changed.notified();
            let next = {
                let mut dates = self.dates();
                dates.awaited = dates.next();
                dates.awaited
            };
            match next {
                Some(next) if next <= Instant::now() => return,
                // Whichever comes first; a date that was moved is looked up again.
                Some(next) => drop(tokio::time::timeout_at(next, changed).await),
                None => changed.await,
            }
        }
    }

    fn tell(&self, dates: &Dates, date: Instant) {
        if dates.awaited.is_none_or(|awaited| date < awaited) {
            self.changed.notify_one();
        }
    }

    fn dates(&self) -> MutexGuard<'_, Dates> {
        // Each change leaves it whole.
        self.dates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    async fn waits(calendar: &Calendar) -> Duration {
        let began = Instant::now();
        let due = tokio::time::timeout(Duration::from_hours(2), calendar.something_due()).await;
        due.map_or(Duration::MAX, |()| began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_due_where_nothing_runs() {
        let calendar = Calendar::default();
        assert_eq!(waits(&calendar).await, Duration::MAX);
        let run = RunId::generate();
        calendar.held([run], Duration::from_secs(30));
        calendar.ended(run, false);
        assert_eq!(waits(&calendar).await, Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_renewed_is_not_due() {
        let calendar = Calendar::default();
        let run = RunId::generate();
        calendar.held([run], Duration::from_secs(30));
        tokio::time::advance(Duration::from_secs(20)).await;
        calendar.held([run], Duration::from_secs(30));
        assert_eq!(waits(&calendar).await, Duration::from_secs(30) + SLACK);
        calendar.turn();
        assert_eq!(waits(&calendar).await, Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_was_read_is_due_soon_and_changes_nothing_that_is_known() {
        let calendar = Calendar::default();
        let run = RunId::generate();
        for (hours, soon) in [(1, SOON), (-1, Duration::ZERO)] {
            calendar.heard_of(run, Utc::now() + chrono::Duration::hours(hours));
            assert_eq!(waits(&calendar).await, soon + SLACK);
            calendar.turn();
        }
        calendar.held([run], Duration::from_mins(10));
        calendar.heard_of(run, Utc::now());
        assert_eq!(waits(&calendar).await, Duration::from_mins(10) + SLACK);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_of_an_earlier_date() {
        let calendar = Arc::new(Calendar::default());
        calendar.held([RunId::generate()], Duration::from_mins(10));
        let sooner = async {
            tokio::task::yield_now().await;
            calendar.ended(RunId::generate(), true);
        };
        let (waited, ()) = tokio::join!(waits(&calendar), sooner);
        assert_eq!(waited, TAIL + SLACK);
    }

    #[tokio::test(start_paused = true)]
    async fn events_of_many_ends_go_in_two_rounds() {
        let calendar = Calendar::default();
        for _ in 0..10 {
            calendar.ended(RunId::generate(), true);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(waits(&calendar).await + Duration::from_secs(10), TAIL + SLACK);
        calendar.turn();
        assert_eq!(waits(&calendar).await, Duration::from_secs(9));
        calendar.turn();
        assert_eq!(waits(&calendar).await, Duration::MAX);
    }
}
