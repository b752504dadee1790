//! Keys that are fetched: by a keeper before they are old, and at once for whoever needs a new one. One request at a
//! time serves all that wait.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use aws_lc_rs::rand;
use kit::error::Error;
use proto::reason;
use tokio::{
    sync::{Mutex, Notify, OwnedMutexGuard, Semaphore, oneshot},
    task::JoinSet,
    time::Instant,
};
use tracing::Instrument as _;

use super::{
    freshness::Freshness,
    held::{Failure, Held, Moment, Step},
    meter::Meter,
    source::Source,
    state::State,
};
use crate::jws::KeySet;

/// How many may wait for one issuer. Anyone can make up tokens that need a new key, and an issuer that hangs must not pile
/// them up.
const MOST_WAITING: usize = 256;
const SOON: Duration = Duration::from_secs(1);

/// The keys of one issuer, and the tasks that fetch them: they are cut when this value ends.
pub(crate) struct RemoteKeys {
    remote: Arc<Remote>,
    tasks: std::sync::Mutex<JoinSet<()>>,
    places: Semaphore,
}

impl RemoteKeys {
    /// Begins to fetch, and goes on by itself.
    pub(super) fn start(name: Arc<str>, source: Source, freshness: Freshness) -> Self {
        let remote = Arc::new(Remote {
            meter: Meter::new(&name),
            name,
            source,
            held: RwLock::new(Held::new(freshness)),
            turn: Arc::default(),
            settled: Notify::new(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&remote).keep());
        Self { remote, tasks: std::sync::Mutex::new(tasks), places: Semaphore::new(MOST_WAITING) }
    }

    /// The keys to judge a token by that names this key. Waits for the issuer only when none will do.
    pub(super) async fn current(&self, key_id: Option<&str>) -> Result<Arc<KeySet>, Error> {
        let step = match self.remote.held(|held, now| held.next_step(key_id, now)) {
            Step::Fetch => self.wait(key_id).await,
            step => step,
        };
        self.remote.take(step, key_id)
    }

    pub(super) fn state(&self) -> State {
        self.remote.held(Held::state)
    }

    async fn wait(&self, key_id: Option<&str>) -> Step {
        let Ok(_place) = self.places.try_acquire() else { return Step::GiveUp { retry_after: SOON } };
        let turn = Arc::clone(&self.remote.turn).lock_owned().await;
        // Whoever had the turn before may have brought what is needed, or have failed a moment ago.
        match self.remote.held(|held, now| held.next_step(key_id, now)) {
            Step::Fetch => {
                let finished = self.fetch(key_id, turn);
                if finished.await.is_err() {
                    self.remote.broke(key_id);
                }
                self.remote.held(|held, now| held.last_step(key_id, now))
            }
            step => step,
        }
    }

    /// A task of its own: a caller who leaves must not cut the fetch that others wait for.
    fn fetch(&self, key_id: Option<&str>, turn: OwnedMutexGuard<()>) -> oneshot::Receiver<()> {
        let (done, finished) = oneshot::channel();
        let (remote, key_id) = (Arc::clone(&self.remote), key_id.map(str::to_owned));
        let fetch = async move {
            remote.fetch(key_id.as_deref(), turn).await;
            // Whoever asked may have left.
            let _ = done.send(());
        };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(fetch.in_current_span());
        finished
    }
}

/// The issuer, and what is known of its keys.
struct Remote {
    name: Arc<str>,
    source: Source,
    held: RwLock<Held>,
    meter: Meter,
    /// Held by whoever is asking the issuer.
    turn: Arc<Mutex<()>>,
    /// After a fetch, the next one is due at another time.
    settled: Notify,
}

impl Remote {
    /// Fetches whenever it is due, whether anyone asks for keys or not.
    async fn keep(self: Arc<Self>) {
        loop {
            if let Some(due) = self.held(|held, _| held.due()) {
                tokio::select! {
                    () = tokio::time::sleep_until(due.into()) => {}
                    () = self.settled.notified() => continue,
                }
            }
            let turn = Arc::clone(&self.turn).lock_owned().await;
            if self.held(|held, now| held.due().is_none_or(|due| due <= now.ticks)) {
                // In a task of its own, since what breaks over a document must not end the keeper.
                let (mut fetch, remote) = (JoinSet::new(), Arc::clone(&self));
                fetch.spawn(async move { remote.fetch(None, turn).await });
                if let Some(Err(_)) = fetch.join_next().await {
                    self.broke(None);
                }
            }
        }
    }

    async fn fetch(&self, asked_for: Option<&str>, turn: OwnedMutexGuard<()>) {
        match self.source.fetch(&self.name).await {
            Ok((keys, lifetime)) => {
                self.meter.fetched.increment(1);
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                held.succeeded(keys, lifetime, asked_for, now(), spread());
            }
            Err(failure) => self.failed(failure, asked_for),
        }
        drop(turn);
        self.settled.notify_one();
    }

    fn broke(&self, asked_for: Option<&str>) {
        self.failed(Failure { problem: "reading the keys broke".to_owned(), pause: None }, asked_for);
        self.settled.notify_one();
    }

    fn failed(&self, failure: Failure, asked_for: Option<&str>) {
        self.meter.failed.increment(1);
        tracing::warn!(issuer = &*self.name, error = failure.problem, "the keys of an issuer cannot be had");
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.failed(failure, asked_for, now(), spread());
    }

    fn held<T>(&self, read: impl FnOnce(&Held, Moment) -> T) -> T {
        read(&self.held.read().unwrap_or_else(PoisonError::into_inner), now())
    }

    fn take(&self, step: Step, key_id: Option<&str>) -> Result<Arc<KeySet>, Error> {
        let retry_after = match step {
            Step::Use { keys, stale } => {
                if stale {
                    self.meter.stale_served.increment(1);
                }
                if key_id.is_some_and(|id| !keys.contains(id)) {
                    self.meter.unknown_kids.increment(1);
                }
                return Ok(keys);
            }
            Step::GiveUp { retry_after } => retry_after,
            // Both steps have been taken by now, and the last one never asks for another.
            Step::Fetch => Duration::ZERO,
        };
        Err(Error::Unavailable {
            reason: reason::ISSUER_UNAVAILABLE,
            message: "the keys of the token's issuer cannot be had now",
            retry_after,
            source: None,
        })
    }
}

/// By the clock of the deadlines. Read after every wait: a pause begins when a fetch ends, however long it took.
fn now() -> Moment {
    Moment { ticks: Instant::now().into_std(), wall: SystemTime::now() }
}

/// A random number from 0 to 1, so that replicas that started together do not ask together.
fn spread() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness they do ask together.
    let _ = rand::fill(&mut bytes);
    f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX)
}
