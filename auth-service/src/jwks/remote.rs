//! Keys that are fetched when they are needed, by one request for all that wait.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use kit::error::Error;
use proto::reason;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::{
    KeySet,
    held::{Freshness, Held, Step},
    source::Source,
};

const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The keys of one issuer. Old ones are used while it is down.
pub(crate) struct RemoteKeys {
    name: Arc<str>,
    source: Source,
    freshness: Freshness,
    held: RwLock<Held>,
    /// Held by whoever is asking the issuer.
    turn: Arc<Mutex<()>>,
    fetches: TaskTracker,
}

impl RemoteKeys {
    pub(super) fn new(name: Arc<str>, source: Source, freshness: Freshness) -> Self {
        let (held, turn, fetches) = (RwLock::default(), Arc::default(), TaskTracker::new());
        Self { name, source, freshness, held, turn, fetches }
    }

    /// The keys to judge a token by that names this key.
    pub(super) async fn current(self: &Arc<Self>, key_id: Option<&str>, now: Instant) -> Result<Arc<KeySet>, Error> {
        let turn = match self.next_step(key_id, now) {
            Step::Use(keys) => return Ok(keys),
            Step::GiveUp => return Err(unavailable()),
            Step::Fetch { meanwhile } => match (Arc::clone(&self.turn).try_lock_owned(), meanwhile) {
                (Ok(turn), _) => turn,
                (Err(_), Some(keys)) => return Ok(keys),
                (Err(_), None) => Arc::clone(&self.turn).lock_owned().await,
            },
        };
        // Whoever had the turn before may have brought what is needed.
        match self.next_step(key_id, now) {
            Step::Use(keys) => Ok(keys),
            Step::GiveUp => Err(unavailable()),
            Step::Fetch { .. } => {
                // A task of its own: a caller who leaves must not cut the fetch that others wait for.
                let fetch = Arc::clone(self).fetch(key_id.map(str::to_owned), now, turn);
                self.fetches.spawn(fetch.in_current_span()).await.map_err(Error::internal)?;
                let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
                held.outcome(key_id, now, &self.freshness).ok_or_else(unavailable)
            }
        }
    }

    fn next_step(&self, key_id: Option<&str>, now: Instant) -> Step {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.next_step(key_id, now, &self.freshness)
    }

    async fn fetch(self: Arc<Self>, key_id: Option<String>, now: Instant, _turn: OwnedMutexGuard<()>) {
        let fetched = self.source.fetch(&self.name).await;
        let outcome = if fetched.is_ok() { "ok" } else { "failed" };
        metrics::counter!("auth_jwks_fetches_total", "issuer" => self.name.to_string(), "outcome" => outcome)
            .increment(1);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(keys) => held.succeeded(keys, key_id.as_deref(), now),
            Err(error) => {
                tracing::warn!(
                    issuer = &*self.name,
                    error = format!("{error:#}"),
                    "the keys of an issuer cannot be had"
                );
                held.failed(now);
            }
        }
    }
}

fn unavailable() -> Error {
    Error::Unavailable {
        reason: reason::ISSUER_UNAVAILABLE,
        message: "the keys of the token's issuer cannot be had",
        retry_after: RETRY_AFTER,
        source: None,
    }
}
