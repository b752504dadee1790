//! How a run is told to a client. Each dialect encodes the [steps](crate::event::Step) of a run in a file of its own;
//! those that stream share what all streams of server-sent events have in common.

mod json;
mod native_sse;
mod sse;

pub(crate) use self::{json::answer, native_sse::stream};
