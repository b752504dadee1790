//! Who may ask an agent now: said before the question is saved, so that nothing is left of one that cannot be answered.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{Agent, circuit::Circuit};
use crate::problem::{Problem, Refused};

/// How many answers of an agent go on at a time.
#[derive(Debug)]
pub(super) struct Places(Option<Arc<Semaphore>>);

/// Leave to ask an agent once, held until its answer has ended.
#[derive(Debug)]
pub(crate) struct Permit {
    _place: Option<OwnedSemaphorePermit>,
    probe: Option<Arc<Circuit>>,
}

impl Places {
    /// 0 is no limit.
    pub(super) fn new(count: usize) -> Self {
        Self((count > 0).then(|| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))))
    }
}

impl Agent {
    /// Whether this agent may be asked now: not while it writes as many answers as it may, and not while it is known to be
    /// down.
    pub(crate) fn admit(&self) -> Result<Permit, Refused> {
        let refused = |code, why, wait| {
            let detail = format!("the agent `{}` {why}; try again soon", self.name());
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(wait)
        };
        let place = self.places.0.as_ref().map(|places| Arc::clone(places).try_acquire_owned()).transpose();
        let place =
            place.map_err(|_| refused("agent_busy", "writes as many answers as it may", Duration::from_secs(1)))?;
        let probe = self.circuit.admit(Instant::now());
        let probe = probe.map_err(|wait| refused("agent_unavailable", "is down", wait))?;
        Ok(Permit { _place: place, probe: probe.then(|| Arc::clone(&self.circuit)) })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(circuit) = &self.probe {
            circuit.release(Instant::now());
        }
    }
}
