//! The runs whose agents are at work for this gateway.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use kit::caller::UserId;
use proto::history::v1::Run;
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{Reader, Runs};

/// So many bytes may wait for the history; an agent that says more has to wait too.
const MOST_WAITING: usize = 1024 * 1024;

/// A run that we hold.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) run_id: String,
    pub(super) user_id: UserId,
    pub(super) fence: i64,
    pub(super) log: Reader,
    /// Its user, from any gateway, wants it to stop.
    pub(super) cancelled: CancellationToken,
    /// It was taken away from us, or the history takes nothing more of it.
    pub(super) lost: CancellationToken,
    began: Instant,
    renewed: Mutex<Instant>,
    /// How many of its events the history has for certain.
    kept: AtomicUsize,
    /// Whether the history may have some of its events.
    offered: AtomicBool,
    /// Whether a call with events of it is under way.
    travelling: AtomicBool,
    /// Whether its end is being saved.
    ending: AtomicBool,
    eased: Notify,
}

impl Held {
    pub(super) fn new(run: &Run, user_id: UserId, log: Reader) -> Arc<Self> {
        let began = Instant::now();
        Arc::new(Self {
            run_id: run.id.clone(),
            user_id,
            fence: run.fence,
            log,
            cancelled: CancellationToken::new(),
            lost: CancellationToken::new(),
            began,
            renewed: Mutex::new(began),
            kept: AtomicUsize::new(0),
            offered: AtomicBool::new(false),
            travelling: AtomicBool::new(false),
            ending: AtomicBool::new(false),
            eased: Notify::new(),
        })
    }

    /// How long it has been going on.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn since_renewal(&self) -> Duration {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// The lease runs from this time at least.
    pub(super) fn renewed(&self, at: Instant) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(super) fn kept(&self) -> usize {
        self.kept.load(Ordering::Acquire)
    }

    /// How many bytes of events the history does not have yet, for all that is known.
    pub(super) fn waiting(&self) -> usize {
        self.log.bytes_since(self.kept())
    }

    pub(super) fn offer(&self) {
        self.offered.store(true, Ordering::Release);
    }

    pub(super) fn was_offered(&self) -> bool {
        self.offered.load(Ordering::Acquire)
    }

    /// A call with events of it is under way until this is dropped.
    pub(super) fn travel(&self) -> Travel<'_> {
        self.travelling.store(true, Ordering::SeqCst);
        Travel(self)
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Makes way for the end: it takes along what is new, and waits here for the call that is under way. In the database it
    /// would wait as well, with a connection that others need.
    pub(super) async fn make_way(&self) {
        self.ending.store(true, Ordering::SeqCst);
        loop {
            let eased = self.eased.notified();
            if !self.travelling.load(Ordering::SeqCst) {
                return;
            }
            eased.await;
        }
    }

    pub(super) fn keep(&self, events: usize) {
        self.kept.store(events, Ordering::Release);
        self.eased.notify_waiters();
    }

    /// Whether too much of this run waits for the history.
    pub(super) fn is_strained(&self) -> bool {
        self.waiting() > MOST_WAITING
    }

    /// Waits while that is so. The other runs go on.
    pub(super) async fn eased(&self) {
        self.eased_to(MOST_WAITING).await;
    }

    /// Waits until ticks have brought all of this run to the history, or it takes nothing more.
    pub(super) async fn settled(&self) {
        self.ending.store(false, Ordering::SeqCst);
        self.lost.run_until_cancelled(self.eased_to(0)).await;
    }

    async fn eased_to(&self, most: usize) {
        loop {
            let eased = self.eased.notified();
            if self.waiting() <= most {
                return;
            }
            eased.await;
        }
    }
}

/// Events on their way to the history.
pub(super) struct Travel<'a>(&'a Held);

impl Drop for Travel<'_> {
    fn drop(&mut self) {
        self.0.travelling.store(false, Ordering::SeqCst);
        self.0.eased.notify_waiters();
    }
}

/// A run as long as it is among them: until this is dropped, whatever the reason. Were it there longer, its lease would be
/// renewed for ever.
pub(super) struct Holding {
    pub(super) held: Arc<Held>,
    runs: Runs,
}

impl Drop for Holding {
    fn drop(&mut self) {
        metrics::gauge!("runs_active").decrement(1);
        self.runs.0.live.remove(&self.held.run_id);
    }
}

impl Runs {
    /// Adds a run, and sees to it that it is tended.
    pub(super) fn hold(&self, held: Arc<Held>) -> Holding {
        metrics::gauge!("runs_active").increment(1);
        if self.0.live.add(Arc::clone(&held)) {
            self.0.tasks.spawn(self.clone().tend());
        }
        Holding { held, runs: self.clone() }
    }
}

/// All of them, by run id.
#[derive(Debug, Default)]
pub(super) struct Live(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    runs: HashMap<String, Arc<Held>>,
    tended: bool,
}

impl Live {
    /// Adds a run; true when nobody tends the runs yet, and the caller is to see to that.
    fn add(&self, held: Arc<Held>) -> bool {
        let mut inner = self.lock();
        inner.runs.insert(held.run_id.clone(), held);
        !std::mem::replace(&mut inner.tended, true)
    }

    fn remove(&self, run_id: &str) {
        self.lock().runs.remove(run_id);
    }

    pub(super) fn get(&self, run_id: &str) -> Option<Arc<Held>> {
        self.lock().runs.get(run_id).cloned()
    }

    /// All there are. None when there are none, and from then on nobody tends them.
    pub(super) fn all(&self) -> Option<Vec<Arc<Held>>> {
        let mut inner = self.lock();
        inner.tended = !inner.runs.is_empty();
        inner.tended.then(|| inner.runs.values().cloned().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use crate::run::testing;

    #[tokio::test]
    async fn an_end_waits_for_events_that_are_on_their_way() {
        let (_writer, held) = testing::held("r");
        let travel = held.travel();
        let mut way = Box::pin(held.make_way());
        assert!(way.as_mut().now_or_never().is_none());
        drop(travel);
        way.await;
        held.make_way().await;
    }

    #[tokio::test]
    async fn a_run_whose_task_breaks_is_held_no_more() {
        let runs = testing::runs(&[]);
        let (_writer, held) = testing::held("r");
        let holding = runs.hold(held);
        assert!(runs.0.live.get("r").is_some());
        let broken = runs.0.tasks.spawn(async move {
            let _holding = holding;
            panic!("broken");
        });
        assert!(broken.await.unwrap_err().is_panic());
        assert!(runs.0.live.get("r").is_none());
    }
}
