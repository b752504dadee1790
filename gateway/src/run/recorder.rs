//! What becomes of an agent's events: each goes to the log at once, and the log makes the answer that is saved at the end.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use prost::Message as _;
use proto::{
    answer::Answer,
    history::v1::{FinishRunRequest, Run, RunError, RunStatus, Source},
    limit,
};

use super::{Writer, live::Held};
use crate::{
    agent::{AgentError, Sink},
    event::Event,
};

/// Smaller pieces than this would cost more memory for the pieces than for the answer.
const MOST_EVENTS: usize = 200_000;
/// What an event costs besides its texts: ids, numbers and framing on the way to the history and back.
const OVERHEAD: usize = 128;
/// What is left of a request for parts, however much text and sources there are.
const PARTS: usize = limit::REQUEST_BYTES - crate::config::Limits::LARGEST_ANSWER - 1024 * 1024;

/// The answer as far as it came.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) writer: Writer,
    held: Arc<Held>,
    room: usize,
    room_for_parts: usize,
    sources: usize,
}

impl Recorder {
    /// Takes at most so many bytes.
    pub(super) fn new(writer: Writer, held: Arc<Held>, room: usize) -> Self {
        Self { writer, held, room, room_for_parts: PARTS, sources: 0 }
    }

    /// What the history is to store. What it has not yet of the events goes along if there is room for it.
    pub(super) fn finish_request(&self, run: &Run, status: RunStatus, error: Option<RunError>) -> FinishRunRequest {
        let mut answer = Answer::default();
        for event in self.held.log.said_since(0, usize::MAX).events {
            answer.take(event);
        }
        let mut request = FinishRunRequest {
            run_id: run.id.clone(),
            fence: run.fence,
            status: status.into(),
            parts_json: answer.parts_json(),
            content: answer.text,
            sources: answer.sources,
            usage: answer.usage,
            error,
            model: answer.model,
            title: answer.title,
            finish_reason: answer.finish_reason,
            rest: None,
        };
        // What was offered to the history may have readers, who are to miss nothing.
        if self.held.was_offered() {
            request.rest = Some(self.held.log.said_since(self.held.kept(), usize::MAX));
            if request.encoded_len() > limit::REQUEST_BYTES {
                request.rest = None;
            }
        }
        request
    }

    fn take_room(&mut self, event: &Event) -> Result<(), AgentError> {
        if self.writer.len() >= MOST_EVENTS {
            return Err(AgentError::too_large());
        }
        let size = match event {
            Event::Text(text) => text.len(),
            event => OVERHEAD + event.encoded_len(),
        };
        let part = match event {
            Event::Text(text) | Event::Reasoning(text) => escaped(text),
            Event::ToolCall(_) | Event::ToolResult(_) | Event::File(_) | Event::Data(_) => OVERHEAD + 6 * size,
            _ => 0,
        };
        let take = |room: usize, size| room.checked_sub(size).ok_or_else(AgentError::too_large);
        (self.room, self.room_for_parts) = (take(self.room, size)?, take(self.room_for_parts, part)?);
        Ok(())
    }
}

impl Sink for Recorder {
    fn emit(&mut self, event: Event) -> Result<(), AgentError> {
        let event = match event {
            Event::Text(text) | Event::Reasoning(text) if text.is_empty() => return Ok(()),
            Event::Source(source) => {
                if self.sources == limit::ANSWER_SOURCES {
                    return Err(AgentError::too_large());
                }
                self.sources += 1;
                let ordinal = i32::try_from(self.sources).expect("there are few");
                Event::Source(Source { ordinal, ..source })
            }
            Event::Title(title) => {
                let title: String = title.trim().chars().take(limit::TITLE).collect();
                if title.is_empty() {
                    return Ok(());
                }
                Event::Title(title)
            }
            event => event,
        };
        self.take_room(&event)?;
        self.writer.say(event);
        Ok(())
    }

    fn ready(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.held.eased())
    }
}

/// How long a text is as a JSON string.
fn escaped(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

#[cfg(test)]
mod tests {
    use proto::history::v1::ToolResult;

    use super::*;

    #[test]
    fn what_is_recorded_fits_a_request_however_small_its_pieces() {
        let room = crate::config::Limits::LARGEST_ANSWER;
        let small = |_| Event::Source(Source { kind: "document".to_owned(), ..Source::default() });
        let large = |_| {
            let url = Some("x".repeat(3_000));
            Event::Source(Source { kind: "url".to_owned(), url, score: Some(0.5), ..Source::default() })
        };
        let text = |_| Event::Text("\u{1}x".repeat(1_000));
        let mixed = |number| match number % 2 {
            0 => Event::Text("\"".repeat(1_000)),
            _ => Event::Reasoning("\n".repeat(1_000)),
        };
        let tools = |_| {
            Event::ToolResult(ToolResult {
                id: "x".to_owned(),
                output_json: String::new(),
                error: Some("\u{1}".repeat(900)),
            })
        };
        let kinds: [&dyn Fn(usize) -> Event; 5] = [&small, &large, &text, &mixed, &tools];
        for make in kinds {
            let (writer, reader) = super::super::open_log("run", usize::MAX);
            let held = Held::new(&Run::default(), kit::caller::UserId(uuid::Uuid::nil()), reader);
            let mut recorder = Recorder::new(writer, held, room);
            let refused = (0..).find_map(|number| recorder.emit(make(number)).err()).unwrap();
            assert_eq!(refused.fault, crate::agent::AgentFault::TooLarge);
            let finish = || recorder.finish_request(&Run::default(), RunStatus::Completed, None);
            let request = finish();
            assert!((1..=limit::REQUEST_BYTES).contains(&request.encoded_len()), "{}", request.encoded_len());
            // Readers elsewhere may be half-way through it: what they miss goes along, or it goes before.
            recorder.held.offer();
            let with_rest = finish();
            assert!(with_rest.encoded_len() <= limit::REQUEST_BYTES, "{}", with_rest.encoded_len());
            let rest = recorder.held.log.said_since(0, usize::MAX);
            let fits = request.encoded_len() + rest.encoded_len() + 10 <= limit::REQUEST_BYTES;
            assert_eq!(with_rest.rest, fits.then_some(rest));
        }
    }
}
