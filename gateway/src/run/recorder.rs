//! Takes what an agent says: into the log for readers, and together for the history.

use std::sync::Arc;

use proto::{
    history::v1::{FinishRunRequest, Run, RunError, RunStatus, Source, Usage},
    limit,
};

use super::Writer;
use crate::{
    agent::{AgentError, Sink},
    event::RunEvent,
};

/// An answer in more pieces than this would cost more memory for the pieces than for the answer.
const MOST_EVENTS: usize = 200_000;
/// What a source costs besides its texts: its id, numbers and framing on the way to the history and back.
const SOURCE_OVERHEAD: usize = 128;

/// The answer as far as it came.
#[derive(Debug)]
pub(super) struct Recorder {
    writer: Writer,
    room: usize,
    pub(super) text: String,
    pub(super) sources: Vec<Source>,
    title: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) model: Option<String>,
}

impl Recorder {
    /// Takes at most so many bytes.
    pub(super) fn new(writer: Writer, room: usize) -> Self {
        Self { writer, room, text: String::new(), sources: Vec::new(), title: None, usage: None, model: None }
    }

    /// What the history is to store.
    pub(super) fn finish_request(&self, run: &Run, status: RunStatus, error: Option<RunError>) -> FinishRunRequest {
        FinishRunRequest {
            run_id: run.id.clone(),
            fence: run.fence,
            status: status.into(),
            content: self.text.clone(),
            parts_json: String::new(),
            sources: self.sources.clone(),
            usage: self.usage,
            error,
            model: self.model.clone(),
            title: self.title.clone(),
        }
    }

    /// Writes what is not the agent's: the beginning and the end.
    pub(super) fn note(&mut self, event: RunEvent) {
        self.writer.push(event);
    }

    fn take_room(&mut self, size: usize) -> Result<(), AgentError> {
        if self.writer.len() >= MOST_EVENTS {
            return Err(AgentError::too_large());
        }
        self.room = self.room.checked_sub(size).ok_or_else(AgentError::too_large)?;
        Ok(())
    }
}

impl Sink for Recorder {
    fn emit(&mut self, event: RunEvent) -> Result<(), AgentError> {
        let event = match event {
            RunEvent::Text(text) if text.is_empty() => return Ok(()),
            RunEvent::Text(text) => {
                self.take_room(text.len())?;
                self.text.push_str(&text);
                RunEvent::Text(text)
            }
            RunEvent::Source(source) => {
                self.take_room(size(&source))?;
                if self.sources.len() == limit::ANSWER_SOURCES {
                    return Err(AgentError::too_large());
                }
                let ordinal = i32::try_from(self.sources.len() + 1).expect("there are few");
                let source = Source { ordinal, ..Arc::unwrap_or_clone(source) };
                self.sources.push(source.clone());
                RunEvent::Source(Arc::new(source))
            }
            RunEvent::Title(title) => {
                let title: String = title.trim().chars().take(limit::TITLE).collect();
                if title.is_empty() {
                    return Ok(());
                }
                self.take_room(title.len())?;
                self.title = Some(title.clone());
                RunEvent::Title(title.into())
            }
            RunEvent::Usage(usage) => {
                self.take_room(0)?;
                self.usage = Some(usage);
                RunEvent::Usage(usage)
            }
            RunEvent::Model(model) => {
                self.take_room(model.len())?;
                self.model = Some(model.to_string());
                RunEvent::Model(model)
            }
            RunEvent::Started(_) | RunEvent::Ended(_) => return Ok(()),
        };
        self.writer.push(event);
        Ok(())
    }
}

fn size(source: &Source) -> usize {
    let texts = [&source.title, &source.url, &source.snippet, &source.content_hash];
    SOURCE_OVERHEAD + source.metadata_json.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn what_is_recorded_fits_a_request_however_small_its_pieces() {
        let room = 100_000;
        let small = |_| RunEvent::Source(Arc::new(Source { kind: "document".to_owned(), ..Source::default() }));
        let large = |_| {
            let url = Some("x".repeat(3_000));
            RunEvent::Source(Arc::new(Source { kind: "url".to_owned(), url, score: Some(0.5), ..Source::default() }))
        };
        let text = |_| RunEvent::Text("x".into());
        let kinds: [&dyn Fn(usize) -> RunEvent; 3] = [&small, &large, &text];
        for make in kinds {
            let (writer, _reader) = super::super::open_log("run");
            let mut recorder = Recorder::new(writer, room);
            let refused = (0..).find_map(|number| recorder.emit(make(number)).err()).unwrap();
            assert_eq!(refused.fault, crate::agent::AgentFault::TooLarge);
            let request = recorder.finish_request(&Run::default(), RunStatus::Completed, None);
            let frame = 16;
            assert!((1..=room + frame).contains(&request.encoded_len()), "{}", request.encoded_len());
        }
    }
}
