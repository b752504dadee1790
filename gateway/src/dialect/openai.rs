//! Chat completions as OpenAI's API has them, streamed or whole. Tools that the agent called itself are not told of: a
//! client would take them for its own to call.

use std::sync::Arc;

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue};
use proto::history::v1::{Message, Run};

use self::chunk::{Annotation, Choice, Chunk, Delta, Ours, WholeMessage};
use super::{
    DONE, json,
    sse::{self, Dialect, Frames},
};
use crate::{
    event::{Event, Outcome, Step},
    problem::{OpenAiProblem, Problem, Refused},
    run::{Coming, Lost, Reader},
};

mod chunk;

pub(crate) use self::chunk::Completion;

const CONVERSATION: HeaderName = HeaderName::from_static("x-conversation-id");

/// How a client wants its completion.
#[derive(Debug, Clone)]
pub(crate) struct Completions {
    /// What the client calls the agent.
    pub(crate) model: String,
    /// Whether one more chunk tells what the answer cost.
    pub(crate) include_usage: bool,
}

impl Completions {
    /// Tells the run when it is over.
    pub(crate) async fn whole(self, reader: Reader) -> Result<Response, Refused> {
        let outcome = json::completed(reader).await?;
        let answer = Json(Completion::new(&self.model, &outcome)).into_response();
        Ok(naming(&outcome.run.conversation_id, answer))
    }

    /// Follows the run to its last chunk. Where it need not wait, the headers can name the conversation.
    pub(crate) async fn stream(self, coming: Coming) -> Result<Response, Refused> {
        let reader = match coming.rewound() {
            Coming::Begun(reader) => reader,
            waiting @ Coming::Waiting(_) => return Ok(sse::follow(waiting, Streamed::of(self))),
        };
        if reader.started().is_none() {
            // The first step is there at once.
            let first = reader.clone().next().await;
            first.map_err(|_| Problem::overloaded("the run goes on, but cannot be told here; ask for it again"))?;
        }
        let conversation_id = reader.started().map(|started| started.run.conversation_id.clone()).unwrap_or_default();
        Ok(naming(&conversation_id, sse::follow(reader, Streamed::of(self))))
    }
}

fn naming(conversation_id: &str, mut response: Response) -> Response {
    let value = HeaderValue::from_str(conversation_id).ok();
    response.headers_mut().extend(value.map(|value| (CONVERSATION, value)));
    response
}

struct Streamed {
    wanted: Completions,
    run: Run,
}

impl Dialect for Streamed {
    fn tell(&mut self, step: Step, id: &str, frames: &mut Frames) {
        match step {
            Step::Started(started) => {
                self.run.clone_from(&started.run);
                let delta = Delta { role: Some("assistant"), content: Some(""), ..Delta::default() };
                frames.data(Some(id), &self.chunk(Choice::more(delta)).with(Ours::of(&self.run)));
            }
            Step::Said(Event::Text(text)) if !text.is_empty() => {
                let delta = Delta { content: Some(&text), ..Delta::default() };
                frames.data(Some(id), &self.chunk(Choice::more(delta)));
            }
            Step::Said(Event::Reasoning(text)) if !text.is_empty() => {
                let delta = Delta { reasoning_content: Some(&text), ..Delta::default() };
                frames.data(Some(id), &self.chunk(Choice::more(delta)));
            }
            Step::Said(_) => {}
            Step::Ended(outcome) => self.end(&outcome, id, frames),
        }
    }

    fn lose(&mut self, lost: Lost, frames: &mut Frames) {
        let (code, text) = lost.told();
        self.refuse(&Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, code, text), frames);
    }

    fn refuse(&mut self, problem: &Problem, frames: &mut Frames) {
        frames.data(None, &OpenAiProblem::from(problem));
        frames.word(DONE);
    }
}

impl Streamed {
    fn of(wanted: Completions) -> Self {
        Self { wanted, run: Run::default() }
    }

    fn chunk<'a>(&'a self, choice: Choice<'a>) -> Chunk<'a> {
        Chunk::new(&self.run, &self.wanted.model, vec![choice], self.wanted.include_usage)
    }

    fn end(&self, outcome: &Arc<Outcome>, id: &str, frames: &mut Frames) {
        let Outcome { run, message, .. } = &**outcome;
        if run.status() != proto::history::v1::RunStatus::Completed {
            frames.data(Some(id), &OpenAiProblem::from(&*json::problem_of(outcome)));
            return frames.word(DONE);
        }
        let annotations = Annotation::all(message);
        let delta = Delta { annotations: (!annotations.is_empty()).then_some(annotations), ..Delta::default() };
        frames.data(Some(id), &self.chunk(Choice::last(delta, message)).with(Ours::citing(run, message)));
        if self.wanted.include_usage {
            frames.data(None, &Chunk::usage(&self.run, &self.wanted.model, message.usage));
        }
        frames.word(DONE);
    }
}

impl<'a> Completion<'a> {
    fn new(model: &'a str, outcome: &'a Outcome) -> Self {
        let Outcome { run, message, .. } = outcome;
        let whole = WholeMessage::new(message);
        Self::of(run, model, whole, message)
    }
}

/// Why the answer ends, in words of OpenAI's. A tool is never the client's to call.
fn finish_reason(message: &Message) -> &'static str {
    match message.finish_reason.as_deref() {
        Some("length") => "length",
        Some("content_filter") => "content_filter",
        _ => "stop",
    }
}

#[cfg(test)]
mod tests;
