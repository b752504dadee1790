//! One at a time for each idempotency key, so that whoever comes second finds the run of the first.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kit::caller::UserId;
use tokio::sync::OwnedMutexGuard;

type Key = (UserId, String);
type Locks = Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>;

/// The keys that are in use right now.
#[derive(Debug, Default)]
pub(super) struct Turns(Locks);

/// A key in use; dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    locks: &'a Locks,
    key: Key,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    pub(super) async fn take(&self, key: Key) -> Turn<'_> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(key.clone()).or_default())
        };
        Turn { locks: &self.0, key, held: Some(lock.lock_owned().await) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        self.held = None;
        if locks.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_held_by_one_and_forgotten_after_all() {
        let turns = Turns::default();
        let key = |name: &str| (UserId(uuid::Uuid::nil()), name.to_owned());
        let first = turns.take(key("a")).await;
        let other = turns.take(key("b")).await;
        let mut second = Box::pin(turns.take(key("a")));
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop((first, other));
        drop(second.await);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
