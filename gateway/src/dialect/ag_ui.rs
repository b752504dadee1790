//! AG-UI: everything that was opened is closed before a run ends, and nothing comes after its end.

use std::collections::HashSet;

use axum::response::Response;
use proto::history::v1::{self as history, RunStatus};

use self::frame::{Custom, Frame, Outcome as Ending};
use super::{
    sse::{self, Dialect, Frames},
    tokens::Tokens,
    why,
};
use crate::{
    event::{Event, Outcome, Step},
    problem::Problem,
    resource::{Source, document},
    run::{Coming, Lost},
};

mod frame;

/// How the client calls its conversation and this run.
#[derive(Debug, Clone)]
pub(crate) struct RunNames {
    pub(crate) thread_id: String,
    pub(crate) run_id: String,
}

/// Follows a run to its last event.
pub(crate) fn stream(coming: impl Into<Coming>, names: RunNames) -> Response {
    sse::follow(coming.into().rewound(), AgUi::new(names))
}

struct AgUi {
    names: RunNames,
    /// The id of the answer.
    message_id: String,
    open: Option<Open>,
    /// How many messages there were; tools and texts after them stand in messages of their own, so that the order is kept.
    messages: usize,
    /// Whether tools were called since the last message began.
    tools_since: bool,
    calls: HashSet<String>,
    /// Tool calls whose input is being written.
    writing: Option<String>,
    sources: Vec<Source>,
}

enum Open {
    Text(String),
    Reasoning(String),
}

impl AgUi {
    fn new(names: RunNames) -> Self {
        Self {
            names,
            message_id: String::new(),
            open: None,
            messages: 0,
            tools_since: false,
            calls: HashSet::new(),
            writing: None,
            sources: Vec::new(),
        }
    }
}

impl Dialect for AgUi {
    fn tell(&mut self, step: Step, id: &str, frames: &mut Frames) {
        match step {
            Step::Started(started) => {
                self.message_id.clone_from(&started.message.id);
                let RunNames { thread_id, run_id } = &self.names;
                frames.data(Some(id), &Frame::RunStarted { thread_id, run_id });
                frames.data(None, &Custom::new("run", frame::RunFacts::of(&started.run)));
            }
            Step::Said(event) => self.said(event, id, frames),
            Step::Ended(outcome) => self.end(&outcome, id, frames),
        }
    }

    fn lose(&mut self, lost: Lost, frames: &mut Frames) {
        let (code, message) = lost.told();
        self.close(frames);
        frames.data(None, &Frame::RunError { message, code, usage: None });
    }

    fn refuse(&mut self, problem: &Problem, frames: &mut Frames) {
        frames.data(None, &Frame::RunError { message: problem.detail(), code: problem.code(), usage: None });
    }
}

impl AgUi {
    fn said(&mut self, event: Event, id: &str, frames: &mut Frames) {
        match event {
            Event::Text(delta) => self.text(&delta, id, frames),
            Event::Reasoning(delta) => self.reasoning(&delta, id, frames),
            Event::ToolInput(history::ToolInput { id: call, name, delta }) => {
                self.begin_call(&call, &name, frames);
                if !delta.is_empty() && self.writing.as_ref() == Some(&call) {
                    frames.data(Some(id), &Frame::ToolCallArgs { tool_call_id: &call, delta: &delta });
                }
            }
            Event::ToolCall(history::ToolCall { id: call, name, input_json }) => {
                // What was written piece by piece is there already.
                if self.begin_call(&call, &name, frames) && !input_json.is_empty() {
                    frames.data(Some(id), &Frame::ToolCallArgs { tool_call_id: &call, delta: &input_json });
                }
                self.close(frames);
            }
            Event::ToolResult(history::ToolResult { id: call, output_json, error }) => {
                self.begin_call(&call, "unknown", frames);
                self.close(frames);
                let content = error.as_deref().map_or(output_json.as_str(), |error| error);
                let message_id = format!("{}-{call}", self.message_id);
                let frame =
                    Frame::ToolCallResult { message_id: &message_id, tool_call_id: &call, content, role: "tool" };
                frames.data(Some(id), &frame);
            }
            Event::Source(source) => {
                let source = Source::from(source);
                frames.data(Some(id), &Custom::new("source", &source));
                self.sources.push(source);
            }
            Event::File(history::File { url, media_type, name }) => {
                let value = frame::FileFacts { url: &url, media_type: &media_type, name: name.as_deref() };
                frames.data(Some(id), &Custom::new("file", value));
            }
            Event::Data(history::Data { name, id: data_id, data_json, transient }) => {
                let data = document(data_json, "null");
                let value = frame::DataFacts { name: &name, id: data_id.as_deref(), data, transient };
                frames.data(Some(id), &Custom::new("data", value));
            }
            Event::Title(title) => frames.data(Some(id), &Custom::new("title", title)),
            // The end tells of them.
            Event::Usage(_) | Event::Model(_) | Event::FinishReason(_) => {}
        }
    }

    fn text(&mut self, delta: &str, event: &str, frames: &mut Frames) {
        if delta.is_empty() {
            return;
        }
        if !matches!(self.open, Some(Open::Text(_))) {
            self.close(frames);
            if self.messages == 0 || self.tools_since {
                self.messages += 1;
                self.tools_since = false;
            }
            let id = self.message();
            frames.data(None, &Frame::TextMessageStart { message_id: &id, role: "assistant" });
            self.open = Some(Open::Text(id));
        }
        if let Some(Open::Text(id)) = &self.open {
            frames.data(Some(event), &Frame::TextMessageContent { message_id: id, delta });
        }
    }

    fn reasoning(&mut self, delta: &str, event: &str, frames: &mut Frames) {
        if delta.is_empty() {
            return;
        }
        if !matches!(self.open, Some(Open::Reasoning(_))) {
            self.close(frames);
            // Each is a message of its own.
            let id = format!("{}-reasoning-{event}", self.message_id);
            frames.data(None, &Frame::ReasoningStart { message_id: &id });
            frames.data(None, &Frame::ReasoningMessageStart { message_id: &id, role: "reasoning" });
            self.open = Some(Open::Reasoning(id));
        }
        if let Some(Open::Reasoning(id)) = &self.open {
            frames.data(Some(event), &Frame::ReasoningMessageContent { message_id: id, delta });
        }
    }

    /// Whether the call is new to the client.
    fn begin_call(&mut self, call: &str, name: &str, frames: &mut Frames) -> bool {
        if self.writing.as_deref() != Some(call) {
            self.close(frames);
        }
        if !self.calls.insert(call.to_owned()) {
            return false;
        }
        self.messages = self.messages.max(1);
        self.tools_since = true;
        let parent = self.message();
        let frame = Frame::ToolCallStart { tool_call_id: call, tool_call_name: name, parent_message_id: &parent };
        frames.data(None, &frame);
        self.writing = Some(call.to_owned());
        true
    }

    /// The id of the message that is written.
    fn message(&self) -> String {
        match self.messages {
            0 | 1 => self.message_id.clone(),
            number => format!("{}-{number}", self.message_id),
        }
    }

    fn close(&mut self, frames: &mut Frames) {
        if let Some(call) = self.writing.take() {
            frames.data(None, &Frame::ToolCallEnd { tool_call_id: &call });
        }
        match self.open.take() {
            Some(Open::Text(id)) => frames.data(None, &Frame::TextMessageEnd { message_id: &id, metadata: None }),
            Some(Open::Reasoning(id)) => {
                frames.data(None, &Frame::ReasoningMessageEnd { message_id: &id });
                frames.data(None, &Frame::ReasoningEnd { message_id: &id });
            }
            None => {}
        }
    }

    fn end(&mut self, Outcome { run, message, .. }: &Outcome, id: &str, frames: &mut Frames) {
        self.tell_sources(frames);
        self.close(frames);
        let usage = message.usage.map(|usage| [Tokens::of(usage).by(message.model.as_deref())]);
        let RunNames { thread_id, run_id } = &self.names;
        let outcome = match run.status() {
            // Nothing waits for the client, though a call may be without a result.
            RunStatus::Completed => Ending::Success { pending_tool_call_ids: [] },
            RunStatus::Cancelled => Ending::Cancelled,
            _ => {
                let (code, message) = why(run);
                return frames.data(Some(id), &Frame::RunError { message, code, usage });
            }
        };
        frames.data(Some(id), &Frame::RunFinished { thread_id, run_id, outcome, usage });
    }

    /// All of them together, and in the metadata of the last text.
    fn tell_sources(&mut self, frames: &mut Frames) {
        if self.sources.is_empty() {
            return;
        }
        let sources = std::mem::take(&mut self.sources);
        frames.data(None, &Custom::new("sources", &sources));
        let id = match self.open.take() {
            Some(Open::Text(id)) => id,
            other => {
                self.open = other;
                self.close(frames);
                let id = self.message();
                frames.data(None, &Frame::TextMessageStart { message_id: &id, role: "assistant" });
                id
            }
        };
        let metadata = Some(frame::Cited { sources: &sources });
        frames.data(None, &Frame::TextMessageEnd { message_id: &id, metadata });
    }
}

#[cfg(test)]
mod tests;
