//! How a run is told to a client. Each dialect encodes the [steps](crate::event::Step) of a run in a file of its own;
//! those that stream share what all streams of server-sent events have in common.

mod ag_ui;
mod ai_sdk;
#[cfg(test)]
mod clients;
mod json;
mod native_sse;
mod openai;
#[cfg(test)]
mod sample;
mod sse;
mod tokens;

use proto::history::v1::{Run, RunStatus};

pub(crate) use self::{
    ag_ui::{RunNames, stream as ag_ui},
    ai_sdk::stream as ai_sdk,
    json::answer as json,
    native_sse::stream as native_sse,
    openai::{Completion, Completions},
};

/// The last word of dialects that have one.
const DONE: &str = "[DONE]";

/// Why a run did not complete, in code and words: its own, or else those of its status.
fn why(run: &Run) -> (&str, &str) {
    match (&run.error, run.status()) {
        (Some(error), _) => (&error.code, &error.message),
        (None, RunStatus::Cancelled) => ("cancelled", "the run was stopped"),
        (None, RunStatus::Failed) => ("failed", "the agent failed"),
        (None, _) => ("interrupted", "the answer was interrupted"),
    }
}
