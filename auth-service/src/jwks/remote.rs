//! Keys that are fetched when they are needed, by one request for all that wait.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use kit::error::Error;
use proto::reason;
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    task::JoinSet,
};
use tracing::Instrument as _;

use super::{
    held::{Freshness, Held, Step},
    source::Source,
};
use crate::jws::KeySet;

const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The keys of one issuer. Old ones are used while new ones come, and while it is down.
pub(crate) struct RemoteKeys {
    remote: Arc<Remote>,
    /// Held by whoever is asking the issuer.
    turn: Arc<Mutex<()>>,
    /// Cut when this value ends.
    fetches: std::sync::Mutex<JoinSet<()>>,
}

impl RemoteKeys {
    pub(super) fn new(name: Arc<str>, source: Source, freshness: Freshness) -> Self {
        let remote = Remote { name, source, freshness, held: RwLock::default() };
        Self { remote: Arc::new(remote), turn: Arc::default(), fetches: std::sync::Mutex::default() }
    }

    /// The keys to judge a token by that names this key. Waits for the issuer only when none will do.
    pub(super) async fn current(&self, key_id: Option<&str>) -> Result<Arc<KeySet>, Error> {
        match self.remote.next_step(key_id) {
            Step::Use(keys) => Ok(keys),
            Step::GiveUp => Err(unavailable()),
            Step::Fetch { meanwhile: Some(keys) } => {
                if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned()
                    && matches!(self.remote.next_step(key_id), Step::Fetch { .. })
                {
                    self.start(key_id, turn);
                }
                Ok(keys)
            }
            Step::Fetch { meanwhile: None } => self.wait(key_id).await,
        }
    }

    async fn wait(&self, key_id: Option<&str>) -> Result<Arc<KeySet>, Error> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // Whoever had the turn before may have brought what is needed, or have failed a moment ago.
        match self.remote.next_step(key_id) {
            Step::Use(keys) | Step::Fetch { meanwhile: Some(keys) } => Ok(keys),
            Step::GiveUp => Err(unavailable()),
            Step::Fetch { meanwhile: None } => {
                self.start(key_id, turn).await.map_err(Error::internal)?;
                self.remote.outcome(key_id).ok_or_else(unavailable)
            }
        }
    }

    /// A task of its own: a caller who leaves must not cut the fetch that others wait for.
    fn start(&self, key_id: Option<&str>, turn: OwnedMutexGuard<()>) -> oneshot::Receiver<()> {
        let (done, finished) = oneshot::channel();
        let (remote, key_id) = (Arc::clone(&self.remote), key_id.map(str::to_owned));
        let fetch = async move {
            remote.fetch(key_id.as_deref()).await;
            drop(turn);
            // Nobody listens to a fetch in the background.
            let _ = done.send(());
        };
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        while fetches.try_join_next().is_some() {}
        fetches.spawn(fetch.in_current_span());
        finished
    }
}

/// The issuer, and what is known of its keys.
struct Remote {
    name: Arc<str>,
    source: Source,
    freshness: Freshness,
    held: RwLock<Held>,
}

impl Remote {
    fn next_step(&self, key_id: Option<&str>) -> Step {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.next_step(key_id, now(), &self.freshness)
    }

    fn outcome(&self, key_id: Option<&str>) -> Option<Arc<KeySet>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.outcome(key_id, now(), &self.freshness)
    }

    async fn fetch(&self, key_id: Option<&str>) {
        let fetched = self.source.fetch(&self.name).await;
        let outcome = if fetched.is_ok() { "ok" } else { "failed" };
        metrics::counter!("auth_jwks_fetches_total", "issuer" => self.name.to_string(), "outcome" => outcome)
            .increment(1);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(keys) => held.succeeded(keys, key_id, now()),
            Err(error) => {
                tracing::warn!(
                    issuer = &*self.name,
                    error = format!("{error:#}"),
                    "the keys of an issuer cannot be had"
                );
                held.failed(now());
            }
        }
    }
}

/// By the clock of the deadlines. Read after every wait: a pause begins when a fetch ends, however long it took.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn unavailable() -> Error {
    Error::Unavailable {
        reason: reason::ISSUER_UNAVAILABLE,
        message: "the keys of the token's issuer cannot be had",
        retry_after: RETRY_AFTER,
        source: None,
    }
}
