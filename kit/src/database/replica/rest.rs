//! A replica that could not answer is left alone for a while.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use super::Unfit;

/// One warning in so long a time.
const WARNING_PERIOD: Duration = Duration::from_mins(10);

#[derive(Debug)]
pub(super) struct Rest {
    start: Instant,
    /// Milliseconds after `start`.
    ends: AtomicU64,
    warned: AtomicU64,
}

impl Rest {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), ends: AtomicU64::new(0), warned: AtomicU64::new(0) }
    }

    pub(super) fn goes_on(&self) -> bool {
        self.now() < self.ends.load(Ordering::Relaxed)
    }

    /// Begins one, as long as it helps.
    pub(super) fn after(&self, unfit: Unfit) {
        let rest = match unfit {
            Unfit::Away => Duration::from_secs(10),
            Unfit::Lagging => Duration::from_millis(250),
            Unfit::NoReplica => Duration::from_mins(1),
            // Not its fault.
            Unfit::Unknown => return,
        };
        let now = self.now();
        self.ends.fetch_max(now + millis(rest), Ordering::Relaxed);
        // Times count from 1, so that 0 is never.
        let due = |warned: u64| (warned == 0 || now >= warned + millis(WARNING_PERIOD)).then_some(now.max(1));
        if self.warned.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok() {
            tracing::warn!(problem = unfit.word(), "the read replica cannot answer; the primary does");
        }
    }

    fn now(&self) -> u64 {
        millis(self.start.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
