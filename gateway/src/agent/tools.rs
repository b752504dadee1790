//! Tool calls that are being written: told piece by piece, and whole once their input is.

use proto::history::v1::{ToolCall, ToolInput, ToolResult};

use super::{AgentError, transcript::Transcript};
use crate::event::Event;

/// The calls whose input is not whole yet, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct ToolCalls(Vec<Writing>);

#[derive(Debug)]
struct Writing {
    id: String,
    name: String,
    input: String,
}

impl ToolCalls {
    /// A call begins. Saying so again gives it the name that it may not have had.
    pub(super) fn begin(&mut self, id: &str, name: &str, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        if let Some(call) = self.0.iter_mut().find(|call| call.id == id) {
            if call.name.is_empty() {
                name.clone_into(&mut call.name);
            }
            return Ok(());
        }
        self.0.push(Writing { id: id.to_owned(), name: name.to_owned(), input: String::new() });
        said.emit(Event::ToolInput(ToolInput { id: id.to_owned(), name: name.to_owned(), delta: String::new() }))
    }

    /// More of its input.
    pub(super) fn more(&mut self, id: &str, delta: String, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        self.begin(id, "", said)?;
        let Some(call) = self.0.iter_mut().find(|call| call.id == id).filter(|_| !delta.is_empty()) else {
            return Ok(());
        };
        call.input.push_str(&delta);
        said.emit(Event::ToolInput(ToolInput { id: id.to_owned(), name: call.name.clone(), delta }))
    }

    /// Its input is whole.
    pub(super) fn end(&mut self, id: &str, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        match self.0.iter().position(|call| call.id == id) {
            Some(place) => whole(self.0.remove(place), said),
            None => Ok(()),
        }
    }

    /// So is that of all others.
    pub(super) fn end_all(&mut self, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        self.0.drain(..).try_for_each(|call| whole(call, said))
    }

    /// A call comes whole, whatever was said of it before.
    pub(super) fn call(&mut self, call: ToolCall, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let begun = self.0.iter().position(|begun| begun.id == call.id).map(|place| self.0.remove(place));
        let name = if call.name.is_empty() { begun.map_or(call.name, |begun| begun.name) } else { call.name };
        said.emit(Event::ToolCall(ToolCall { name, ..call }))
    }

    /// The id of the call that began last, while it is being written.
    pub(super) fn last(&self) -> Option<&str> {
        self.0.last().map(|call| call.id.as_str())
    }
}

fn whole(call: Writing, said: &mut Transcript<'_>) -> Result<(), AgentError> {
    // A tool that wants nothing is often called with nothing.
    let input_json = if call.input.trim().is_empty() { "{}".to_owned() } else { call.input };
    said.emit(Event::ToolCall(ToolCall { id: call.id, name: call.name, input_json }))
}

/// What came of a call.
pub(super) fn result(id: String, output_json: String) -> Event {
    Event::ToolResult(ToolResult { id, output_json, error: None })
}

/// Why nothing came of a call.
pub(super) fn failure(id: String, error: String) -> Event {
    Event::ToolResult(ToolResult { id, output_json: String::new(), error: Some(error) })
}
