//! The neutral event in the middle: agent adapters decode into it, dialects encode from it.

use std::sync::Arc;

use proto::history::v1::{Message, Run, Source, Usage};

/// Something that happened in a run. Cheap to clone: every reader gets its own.
#[derive(Debug, Clone)]
pub(crate) enum RunEvent {
    /// The question is saved, the agent is about to be called. Always the first.
    Started(Arc<Started>),
    /// More text of the answer.
    Text(Arc<str>),
    /// Something that the answer cites.
    Source(Arc<Source>),
    /// A title that the agent proposes for the conversation.
    Title(Arc<str>),
    /// What the answer cost.
    Usage(Usage),
    /// The model that answers.
    Model(Arc<str>),
    /// The run is over; its status says how. Always the last.
    Ended(Arc<Outcome>),
}

/// How a run begins.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) run: Run,
    pub(crate) user_message: Message,
    /// The answer to come.
    pub(crate) message: Message,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) run: Run,
    pub(crate) user_message: Message,
    pub(crate) message: Message,
}
