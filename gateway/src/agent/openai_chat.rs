//! Chat completions of OpenAI and of all who speak like it: vLLM, Ollama, LiteLLM, OpenRouter, Perplexity, Open WebUI.

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use url::Url;

use super::{
    Agent, AgentError, AgentFault, Question, Reader,
    call::own_message,
    json::{self, Text},
    prompt, sse,
    tools::ToolCalls,
    transcript::Transcript,
};

mod form;
#[cfg(test)]
mod tests;

use self::form::{Choice, Chunk, Said, ToolDelta};

#[derive(Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    messages: Vec<MessageView<'a>>,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct MessageView<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The address is configured as clients of OpenAI want it, ending in `/v1`.
pub(super) fn address(base: &Url) -> Url {
    const PATH: &str = "/chat/completions";
    let path = base.path().trim_end_matches('/');
    let path = if path.ends_with(PATH) { path.to_owned() } else { format!("{path}{PATH}") };
    let mut address = base.clone();
    address.set_path(&path);
    address
}

pub(super) fn request(agent: &Agent, question: &Question) -> serde_json::Result<Vec<u8>> {
    let turns = prompt::plain_turns(agent, question).into_iter();
    serde_json::to_vec(&Request {
        model: agent.model(),
        messages: turns.map(|turn| MessageView { role: turn.role, content: turn.content }).collect(),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
    })
}

/// Reads an answer.
#[derive(Default)]
pub(super) struct Answer {
    tools: ToolCalls,
    /// Places and ids of the tool calls so far.
    calls: Vec<(Option<u64>, String)>,
    spoke: bool,
    /// The agent said why it stopped.
    stopped: bool,
    /// The last count, where counts come with every piece.
    usage: Value,
    /// Citations that some repeat with every piece.
    cited: [String; 3],
}

impl Reader for Answer {
    fn event(&mut self, event: sse::Event<'_>, said: &mut Transcript<'_>) -> Result<ControlFlow<()>, AgentError> {
        match event.data.trim() {
            "" => return Ok(ControlFlow::Continue(())),
            "[DONE]" => return self.close(said).map(ControlFlow::Break),
            _ => {}
        }
        match event.name {
            "error" => {
                let error = json::read(event.data, "the agent's error")?;
                return Err(AgentError::own_words(own_message(&error).unwrap_or_default()));
            }
            "source" | "sources" | "citations" => {
                said.sources(json::read(event.data, "what the agent cites")?)?;
                return Ok(ControlFlow::Continue(()));
            }
            // Servers have events of their own between the pieces.
            name if !name.is_empty() && !event.data.trim_start().starts_with('{') => {
                return Ok(ControlFlow::Continue(()));
            }
            _ => {}
        }
        let chunk: Chunk = json::read(event.data, "a piece of the agent's stream")?;
        self.take(chunk, said)?;
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        if self.stopped {
            return self.close(said);
        }
        let why = "the agent's stream ended without a `finish_reason` or `[DONE]`";
        Err(AgentError::new(AgentFault::Cut, why))
    }

    fn whole(&mut self, body: &[u8], said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let body: Chunk = json::read(&String::from_utf8_lossy(body), "the agent's JSON")?;
        if body.choices.as_ref().is_none_or(Vec::is_empty) && body.error.is_null() {
            return Err(AgentError::bad_response("the agent's JSON has no `choices`"));
        }
        self.take(body, said)?;
        self.close(said)
    }
}

impl Answer {
    fn take(&mut self, chunk: Chunk, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        if !chunk.error.is_null() {
            let error = Value::Object([("error".to_owned(), chunk.error)].into_iter().collect());
            return Err(AgentError::own_words(own_message(&error).unwrap_or_default()));
        }
        said.model(chunk.model.or_empty())?;
        let choices = chunk.choices.unwrap_or_default();
        let last = choices.is_empty();
        if let Some(choice) = choices.into_iter().find(|choice| choice.index.unwrap_or(0) == 0) {
            self.choice(choice, said)?;
        }
        // Results say more than the addresses that stand for them.
        for (place, cited) in [chunk.search_results, chunk.sources, chunk.citations].into_iter().enumerate() {
            self.cite(place, cited, said)?;
        }
        if !chunk.usage.is_null() {
            self.usage = chunk.usage;
        }
        if last { said.usage(&self.usage) } else { Ok(()) }
    }

    fn choice(&mut self, choice: Choice, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let Choice { delta, message, finish_reason, citations, .. } = choice;
        // Some repeat all that was said so far as `message` beside every `delta`.
        let repeated = delta.is_some() || self.spoke;
        if let Some(delta) = delta {
            self.say(delta, said)?;
        }
        match message {
            Some(mut message) if repeated => said.sources_of(message.cited())?,
            Some(message) => self.say(message, said)?,
            None => {}
        }
        said.sources(citations)?;
        match finish_reason.said() {
            Some(reason) if !self.stopped => {
                self.stopped = true;
                self.tools.end_all(said)?;
                said.finish_reason(&reason)
            }
            _ => Ok(()),
        }
    }

    fn say(&mut self, mut delta: Said, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let cited = delta.cited();
        for thought in [delta.reasoning_content, delta.reasoning] {
            if let Some(thought) = thought.said() {
                said.reasoning(thought)?;
                break;
            }
        }
        for piece in form::pieces(delta.content) {
            match piece {
                form::Piece::Text(text) => {
                    self.spoke |= !text.is_empty();
                    said.text(text)?;
                }
                form::Piece::Reasoning(text) => said.reasoning(text)?,
            }
        }
        if let Some(refusal) = delta.refusal.said() {
            self.spoke = true;
            said.text(refusal)?;
        }
        for image in delta.images.unwrap_or_default() {
            if let Some(file) = image.into_file() {
                said.emit(file)?;
            }
        }
        for call in delta.tool_calls.unwrap_or_default() {
            self.call(call, said)?;
        }
        if let Some(function) = delta.function_call {
            self.call(ToolDelta { index: Some(0), id: Text::default(), function: Some(function) }, said)?;
        }
        said.sources_of(cited)
    }

    fn call(&mut self, delta: ToolDelta, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        let id = self.call_id(delta.index, delta.id.as_str());
        let function = delta.function.unwrap_or_default();
        self.tools.begin(&id, function.name.as_str(), said)?;
        let arguments = function.arguments.map(|arguments| json::words(&arguments)).unwrap_or_default();
        self.tools.more(&id, arguments, said)
    }

    /// Which call is meant. A known place with another id is another call: some count wrongly, some not at all.
    fn call_id(&mut self, index: Option<u64>, id: &str) -> String {
        let known = self.calls.iter().rev().find(|(place, known)| match id {
            "" => index.is_none() || *place == index,
            id => known == id,
        });
        if let Some((_, id)) = known {
            return id.clone();
        }
        let id = if id.is_empty() { format!("call_{}", self.calls.len()) } else { id.to_owned() };
        self.calls.push((index, id.clone()));
        id
    }

    fn cite(
        &mut self,
        place: usize,
        cited: Option<Box<RawValue>>,
        said: &mut Transcript<'_>,
    ) -> Result<(), AgentError> {
        let Some(cited) = cited.filter(|cited| cited.get() != self.cited[place]) else { return Ok(()) };
        self.cited[place] = Box::<str>::from(cited).into_string();
        said.sources(json::read(&self.cited[place], "what the agent cites")?)
    }

    fn close(&mut self, said: &mut Transcript<'_>) -> Result<(), AgentError> {
        self.tools.end_all(said)?;
        said.usage(&self.usage)
    }
}
