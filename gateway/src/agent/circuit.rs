//! An agent that is down is not asked for a while: after so many failures in a row, and then one question at a time to see
//! whether it is back.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// What is known of an agent.
#[derive(Debug)]
pub(super) struct Circuit {
    agent: String,
    /// So many failures in a row; 0 never opens it.
    failures: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is asked; so many times in a row it was down.
    Closed(u32),
    /// It is not asked until then.
    Open(Instant),
    /// One question is on its way to see whether it is back.
    Probing,
}

impl Circuit {
    pub(super) fn new(agent: &str, failures: u32, pause: Duration) -> Self {
        Self { agent: agent.to_owned(), failures, pause, state: Mutex::new(State::Closed(0)) }
    }

    /// Whether the agent may be asked: true for a probe, whose asker must call [`Circuit::release`]. Otherwise how long to
    /// wait.
    pub(super) fn admit(&self, now: Instant) -> Result<bool, Duration> {
        let mut state = self.state();
        match *state {
            State::Closed(_) => Ok(false),
            State::Open(until) if until <= now => {
                *state = State::Probing;
                Ok(true)
            }
            State::Open(until) => Err(until - now),
            State::Probing => Err(self.pause.min(Duration::from_secs(1))),
        }
    }

    /// It answers. Only the end of the answer says that all was well: another failure opens the circuit again.
    pub(super) fn answering(&self) {
        let mut state = self.state();
        if *state == State::Probing {
            self.enter(&mut state, State::Closed(self.failures.saturating_sub(1)));
        }
    }

    /// It answered, or failed in a way that says nothing about the next question.
    pub(super) fn well(&self) {
        let mut state = self.state();
        self.enter(&mut state, State::Closed(0));
    }

    /// It was down.
    pub(super) fn down(&self, now: Instant) {
        let mut state = self.state();
        let next = match *state {
            _ if self.failures == 0 => return,
            State::Closed(count) if count + 1 < self.failures => State::Closed(count + 1),
            State::Closed(_) | State::Probing => State::Open(now + self.pause),
            State::Open(_) => return,
        };
        self.enter(&mut state, next);
    }

    /// A probe is over, whatever came of it. Where nothing did, the next question is the next probe.
    pub(super) fn release(&self, now: Instant) {
        let mut state = self.state();
        if *state == State::Probing {
            *state = State::Open(now);
        }
    }

    fn enter(&self, state: &mut State, next: State) {
        let (was, is) = (matches!(state, State::Closed(_)), matches!(next, State::Closed(_)));
        if was != is {
            metrics::gauge!("agent_circuit_open", "agent" => self.agent.clone()).set(u8::from(!is));
            if is {
                tracing::info!(agent.name = self.agent, "the agent is back");
            } else {
                tracing::warn!(agent.name = self.agent, pause = ?self.pause, "the agent is down and not asked for a while");
            }
        }
        *state = next;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    fn open(now: Instant) -> Circuit {
        let circuit = Circuit::new("a", 2, PAUSE);
        circuit.down(now);
        assert_eq!(circuit.admit(now), Ok(false));
        circuit.down(now);
        circuit
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_probe_closes_it() {
        let now = Instant::now();
        let circuit = open(now);
        assert_eq!(circuit.admit(now), Err(PAUSE));
        assert_eq!(circuit.admit(now + PAUSE / 2), Err(PAUSE / 2));
        assert_eq!(circuit.admit(now + PAUSE), Ok(true));
        assert_eq!(circuit.admit(now + PAUSE), Err(Duration::from_secs(1)));
        circuit.answering();
        assert_eq!(circuit.admit(now + PAUSE), Ok(false));
        circuit.down(now + PAUSE);
        assert_eq!(circuit.admit(now + PAUSE), Err(PAUSE));
        circuit.well();
        circuit.down(now);
        assert_eq!(circuit.admit(now), Ok(false));
    }

    #[test]
    fn a_probe_that_fails_keeps_it_open_and_one_that_is_called_off_makes_room() {
        let now = Instant::now();
        let circuit = open(now);
        assert_eq!(circuit.admit(now + PAUSE), Ok(true));
        circuit.down(now + PAUSE);
        circuit.release(now + PAUSE);
        assert_eq!(circuit.admit(now + PAUSE), Err(PAUSE));
        assert_eq!(circuit.admit(now + PAUSE * 2), Ok(true));
        circuit.release(now + PAUSE * 2);
        assert_eq!(circuit.admit(now + PAUSE * 2), Ok(true));
    }

    #[test]
    fn a_success_between_failures_and_a_zero_keep_it_closed() {
        let now = Instant::now();
        let circuit = Circuit::new("a", 2, PAUSE);
        for _ in 0..5 {
            circuit.down(now);
            circuit.well();
        }
        assert_eq!(circuit.admit(now), Ok(false));
        let circuit = Circuit::new("a", 0, PAUSE);
        (0..100).for_each(|_| circuit.down(now));
        assert_eq!(circuit.admit(now), Ok(false));
    }
}
