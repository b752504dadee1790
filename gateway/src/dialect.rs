//! How a run is told to a client. Each dialect encodes [`RunEvent`](crate::event::RunEvent)s in a file of its own.

mod json;
mod native_sse;

pub(crate) use self::{json::answer, native_sse::stream};
