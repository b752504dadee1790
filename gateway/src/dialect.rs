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

pub(crate) use self::{
    ag_ui::{RunNames, stream as ag_ui},
    ai_sdk::stream as ai_sdk,
    json::answer,
    native_sse::stream,
    openai::{Completion, Completions},
};

/// The last word of dialects that have one.
const DONE: &str = "[DONE]";
