//! The neutral event in the middle: agent adapters decode into it, dialects encode from it. It is the contract's own, so
//! that what is kept while a run goes on and what another gateway tells of it are the same.

use std::sync::Arc;

pub(crate) use proto::history::v1::run_event::Event;
use proto::history::v1::{Message, Run};

/// A step of a run.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The question is saved, the agent is about to be called. Always the first.
    Started(Arc<Started>),
    /// The agent said something.
    Said(Event),
    /// The run is over; its status says how. Always the last.
    Ended(Arc<Outcome>),
}

/// How a run begins.
#[derive(Debug, Default)]
pub(crate) struct Started {
    pub(crate) run: Run,
    pub(crate) user_message: Message,
    /// The answer to come.
    pub(crate) message: Message,
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) run: Run,
    pub(crate) user_message: Message,
    pub(crate) message: Message,
}

impl Outcome {
    /// A run with its messages, where all are there.
    pub(crate) fn of(run: Option<Run>, user_message: Option<Message>, message: Option<Message>) -> Option<Self> {
        Some(Self { run: run?, user_message: user_message?, message: message? })
    }
}
