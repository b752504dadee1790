//! Which runs are taken on: never more than this gateway may hold, nor than one user may have at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use http::StatusCode;
use kit::caller::UserId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Duration,
};

use crate::{
    agent::Permit,
    config::Limits,
    problem::{Problem, Refused},
    quota::Taken,
};

/// When whoever has too many runs may try again: some run ends now and then.
const SOON: Duration = Duration::from_secs(2);

type Counts = Arc<Mutex<HashMap<UserId, usize>>>;

/// The places.
#[derive(Debug)]
pub(super) struct Admission {
    /// None is no limit.
    all: Option<Arc<Semaphore>>,
    /// 0 is no limit.
    each: usize,
    counts: Counts,
}

/// All that a run takes up until its end.
pub(super) struct Slot {
    _place: Place,
    _permit: Permit,
    counted: Taken,
}

impl Slot {
    pub(super) fn new(place: Place, permit: Permit, counted: Taken) -> Self {
        Self { _place: place, _permit: permit, counted }
    }

    /// Its run begins: it counts from now on.
    pub(super) fn begin(&mut self) {
        self.counted.keep();
    }
}

/// A place that is taken.
#[derive(Debug)]
pub(super) struct Place {
    _all: Option<OwnedSemaphorePermit>,
    user: UserId,
    counts: Counts,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        let places = limits.max_runs.min(Semaphore::MAX_PERMITS);
        let all = (places > 0).then(|| Arc::new(Semaphore::new(places)));
        Self { all, each: limits.max_runs_per_user, counts: Counts::default() }
    }

    pub(super) fn take(&self, user: UserId) -> Result<Place, Refused> {
        let all = self.all.clone().map(Semaphore::try_acquire_owned).transpose();
        let all = all.map_err(|_| Problem::overloaded("too many answers are being written; try again soon"))?;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(user).or_default();
        if self.each > 0 && *count >= self.each {
            let detail = "too many of your questions are being answered; wait for one of them";
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_concurrent_runs", detail);
            return Err(problem.retry_after(SOON));
        }
        *count += 1;
        drop(counts);
        Ok(Place { _all: all, user, counts: Arc::clone(&self.counts) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}
