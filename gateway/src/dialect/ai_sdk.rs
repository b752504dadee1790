//! The UI message stream of the AI SDK, in the part of it that its versions 5, 6 and 7 share: what one of them does not
//! know, or finds `null` where it may be absent, ends the whole answer there.

use std::{collections::HashMap, sync::Arc};

use axum::response::Response;
use http::HeaderValue;
use proto::history::v1::{self as history, RunStatus};

use self::chunk::{Chunk, DataChunk, End, Fault};
use super::{
    DONE,
    sse::{self, Dialect, Frames},
    why,
};
use crate::{
    event::{Event, Outcome, Started, Step},
    problem::Problem,
    resource::document,
    run::{Coming, Lost},
};

mod chunk;

/// Says which protocol this is.
const HEADER: &str = "x-vercel-ai-ui-message-stream";

/// Follows a run to its last chunk.
pub(crate) fn stream(coming: impl Into<Coming>) -> Response {
    let mut response = sse::follow(coming.into().rewound(), AiSdk::default());
    response.headers_mut().insert(HEADER, HeaderValue::from_static("v1"));
    response
}

#[derive(Default)]
struct AiSdk {
    /// The text or the reasoning that is being written.
    open: Option<Block>,
    blocks: usize,
    /// The tool calls that the client knows, and whether it is being told their input in pieces.
    calls: HashMap<String, bool>,
    started: Option<Arc<Started>>,
}

struct Block {
    is_text: bool,
    id: String,
}

impl Dialect for AiSdk {
    fn tell(&mut self, step: Step, id: &str, frames: &mut Frames) {
        match step {
            Step::Started(started) => {
                frames.data(Some(id), &Chunk::start(&started));
                frames.data(None, &Chunk::StartStep);
                self.started = Some(started);
            }
            Step::Said(event) => self.said(event, id, frames),
            Step::Ended(outcome) => self.end(&outcome, id, frames),
        }
    }

    /// The run goes on: whoever resumes gets all of it.
    fn lose(&mut self, lost: Lost, frames: &mut Frames) {
        let (code, message) = lost.told();
        self.close(frames);
        fail("lost", Fault { code, message }, frames);
    }

    fn refuse(&mut self, problem: &Problem, frames: &mut Frames) {
        fail("refused", Fault { code: problem.code(), message: problem.detail() }, frames);
    }
}

impl AiSdk {
    fn said(&mut self, event: Event, id: &str, frames: &mut Frames) {
        match event {
            Event::Text(delta) => self.write(true, &delta, id, frames),
            Event::Reasoning(delta) => self.write(false, &delta, id, frames),
            Event::ToolInput(history::ToolInput { id: call, name, delta }) => {
                if self.calls.get(&call) == Some(&false) {
                    // A piece of what is known whole would be the end of the answer.
                    return;
                }
                self.close(frames);
                if self.calls.insert(call.clone(), true).is_none() {
                    let chunk =
                        Chunk::ToolInputStart { tool_call_id: &call, tool_name: &name, provider_executed: true };
                    frames.data(Some(id), &chunk);
                }
                if !delta.is_empty() {
                    frames.data(Some(id), &Chunk::ToolInputDelta { tool_call_id: &call, input_text_delta: &delta });
                }
            }
            Event::ToolCall(history::ToolCall { id: call, name, input_json }) => {
                self.close(frames);
                frames.data(Some(id), &Chunk::called(&call, &name, input_json));
                self.calls.insert(call, false);
            }
            Event::ToolResult(result) => self.tool_result(result, id, frames),
            Event::Source(source) => frames.data(Some(id), &Chunk::source(&source)),
            Event::File(history::File { url, media_type, name }) => {
                self.close(frames);
                frames.data(Some(id), &Chunk::file(&url, &media_type, name.as_deref()));
            }
            Event::Data(history::Data { name, id: data_id, data_json, transient }) => {
                if !transient {
                    self.close(frames);
                }
                let data = document(data_json, "null");
                frames.data(Some(id), &DataChunk::new(&name, data_id, data, transient));
            }
            Event::Title(title) => frames.data(Some(id), &DataChunk::new("chat-title", None, title, true)),
            // The last chunk tells of them.
            Event::Usage(_) | Event::Model(_) | Event::FinishReason(_) => {}
        }
    }

    fn write(&mut self, is_text: bool, delta: &str, event: &str, frames: &mut Frames) {
        if delta.is_empty() {
            return;
        }
        if self.open.as_ref().is_some_and(|open| open.is_text != is_text) {
            self.close(frames);
        }
        let Block { id, .. } = self.open.get_or_insert_with(|| {
            self.blocks += 1;
            let id = format!("{}{}", if is_text { 't' } else { 'r' }, self.blocks);
            frames.data(None, &if is_text { Chunk::TextStart { id: &id } } else { Chunk::ReasoningStart { id: &id } });
            Block { is_text, id }
        });
        let chunk = if is_text { Chunk::TextDelta { id, delta } } else { Chunk::ReasoningDelta { id, delta } };
        frames.data(Some(event), &chunk);
    }

    fn close(&mut self, frames: &mut Frames) {
        if let Some(Block { is_text, id }) = self.open.take() {
            frames.data(None, &if is_text { Chunk::TextEnd { id: &id } } else { Chunk::ReasoningEnd { id: &id } });
        }
    }

    fn tool_result(&mut self, result: history::ToolResult, id: &str, frames: &mut Frames) {
        let history::ToolResult { id: call, output_json, error } = result;
        self.close(frames);
        if self.calls.insert(call.clone(), false).is_none() {
            // A result of a call that nobody told of would be the end of the answer.
            frames.data(None, &Chunk::called(&call, "unknown", "{}".to_owned()));
        }
        let (tool_call_id, provider_executed) = (call.as_str(), true);
        if let Some(error) = error {
            let chunk = Chunk::ToolOutputError { tool_call_id, error_text: &error, provider_executed };
            frames.data(Some(id), &chunk);
        } else {
            let output = document(output_json, "null");
            frames.data(Some(id), &Chunk::ToolOutputAvailable { tool_call_id, output, provider_executed });
        }
    }

    fn end(&mut self, outcome: &Outcome, id: &str, frames: &mut Frames) {
        self.close(frames);
        let Outcome { run, message, .. } = outcome;
        let known = |end: End<'static>| end.with(message);
        match run.status() {
            RunStatus::Completed => {
                let finish_reason = match message.finish_reason.as_deref() {
                    None | Some("stop") => "stop",
                    Some("length") => "length",
                    Some("content_filter") => "content-filter",
                    Some("tool_calls") => "tool-calls",
                    Some(_) => "other",
                };
                frames.data(None, &Chunk::FinishStep);
                frames.data(Some(id), &Chunk::Finish { finish_reason, message_metadata: known(End::new("completed")) });
            }
            RunStatus::Cancelled => {
                frames.data(None, &Chunk::FinishStep);
                frames.data(None, &Chunk::Abort);
                let message_metadata = known(End::new("cancelled"));
                frames.data(Some(id), &Chunk::Finish { finish_reason: "other", message_metadata });
            }
            status => {
                let status = if status == RunStatus::Failed { "failed" } else { "interrupted" };
                let (code, text) = why(run);
                let message_metadata = End::new(status).with(message).because(Fault { code, message: text });
                frames.data(None, &Chunk::MessageMetadata { message_metadata });
                frames.data(Some(id), &Chunk::Error { error_text: text });
            }
        }
        frames.word(DONE);
    }
}

fn fail(status: &str, fault: Fault<'_>, frames: &mut Frames) {
    let error_text = fault.message;
    frames.data(None, &Chunk::MessageMetadata { message_metadata: End::new(status).because(fault) });
    frames.data(None, &Chunk::Error { error_text });
    frames.word(DONE);
}

#[cfg(test)]
mod tests;
