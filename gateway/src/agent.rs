//! Agents: who they are, and how a question is put to one. Each protocol decodes into [`Event`]s in a file of its own.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use kit::{error::Violation, request_id::RequestId};
use proto::{auth::v1::User, history::v1::ContextMessage, reason};
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use url::Url;

use crate::{
    config::{AgentConfig, Limits},
    event::Event,
    problem::{Problem, Refused},
};

mod admission;
mod ag_ui;
mod ai_sdk;
mod call;
mod circuit;
mod citation;
mod error;

mod json;
mod native;
mod openai_chat;
mod prompt;
mod protocol;
mod reading;
mod sse;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tools;
mod transcript;
mod usage;

pub(crate) use self::{
    admission::Permit,
    error::{AgentError, AgentFault},
};
use self::{admission::Places, circuit::Circuit, reading::Reader, transcript::Transcript};

/// Takes what an agent says.
pub(crate) trait Sink: Send {
    /// Takes one event; refuses it when the answer has grown too large.
    fn emit(&mut self, event: Event) -> Result<(), AgentError>;

    /// What is to be waited for before more is read from the agent: while too much of what it said is not kept yet, it has
    /// to wait.
    fn ready(&mut self) -> Option<BoxFuture<'_, ()>> {
        None
    }
}

/// What an agent is asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) run_id: String,
    pub(crate) conversation_id: String,
    pub(crate) user: Arc<User>,
    pub(crate) input: String,
    /// The path that ends with the question, oldest first.
    pub(crate) context: Vec<ContextMessage>,
    pub(crate) metadata: Option<Box<RawValue>>,
    pub(crate) request_id: RequestId,
}

/// The bounds of one answer.
#[derive(Debug, Clone, Copy)]
struct Patience {
    first_byte: Duration,
    idle: Duration,
    whole: Duration,
    max_answer: usize,
}

/// One agent.
#[derive(Debug)]
pub(crate) struct Agent {
    config: AgentConfig,
    /// Where it takes questions.
    url: Url,
    client: reqwest::Client,
    patience: Patience,
    places: Places,
    circuit: Arc<Circuit>,
    /// Of streams that have said all.
    endings: TaskTracker,
}

impl Agent {
    fn new(config: AgentConfig, limits: &Limits) -> anyhow::Result<Self> {
        let patience = Patience {
            first_byte: config.first_byte_timeout.unwrap_or(limits.first_byte_timeout),
            idle: config.idle_timeout.unwrap_or(limits.idle_timeout),
            whole: config.run_timeout.unwrap_or(limits.run_timeout),
            max_answer: limits.max_answer,
        };
        Ok(Self {
            url: config.protocol.address(&config.url),
            client: call::client(&config.url, config.connect_timeout.unwrap_or(limits.connect_timeout))?,
            patience,
            places: Places::new(config.max_concurrent),
            circuit: Arc::new(Circuit::new(&config.name, config.breaker_failures, config.breaker_pause)),
            endings: TaskTracker::new(),
            config,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    pub(crate) fn protocol(&self) -> &'static str {
        self.config.protocol.name()
    }

    pub(crate) fn model(&self) -> Option<&str> {
        self.config.model.as_deref()
    }

    /// How long a whole answer may take.
    pub(crate) fn run_timeout(&self) -> Duration {
        self.patience.whole
    }

    /// Puts the question and passes on what comes. `Ok` is the agent's own word that it is done.
    pub(crate) async fn answer(&self, question: Box<Question>, sink: &mut dyn Sink) -> Result<(), AgentError> {
        let mut transcript = Transcript::new(sink);
        let until = Instant::now() + self.run_timeout();
        let reading = reading::answer(self, question, until, &mut transcript);
        let answered = timeout_at(until, reading).await.unwrap_or_else(|_elapsed| {
            let late = AgentError::new(AgentFault::Timeout, "the agent took too long for the whole answer");
            Err(late.of_one_alive())
        });
        let ended = transcript.end();
        let answered = answered.and(ended);
        match &answered {
            Err(error) if error.is_down() => self.circuit.down(Instant::now()),
            _ => self.circuit.well(),
        }
        // What an agent says about its failure is shown and saved; some repeat the key that they were given.
        let key = self.config.api_key.as_ref().map(ExposeSecret::expose_secret);
        answered.map_err(|error| error.fit_to_tell(key))
    }
}

/// All agents, the default one first.
#[derive(Debug, Clone)]
pub(crate) struct Agents(Arc<[Arc<Agent>]>);

impl Agents {
    pub(crate) fn new(configs: Vec<AgentConfig>, limits: &Limits) -> anyhow::Result<Self> {
        let agents = configs.into_iter().map(|config| Agent::new(config, limits).map(Arc::new));
        agents.collect::<Result<Vec<_>, _>>().map(|agents| Self(agents.into()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Agent> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The agent of this name, or the default one.
    pub(crate) fn choose(&self, name: Option<&str>) -> Result<Arc<Agent>, Refused> {
        let Some(default) = self.0.first() else {
            let detail = "no agent is configured; the operator sets AGENT_URL or AGENTS_FILE";
            return Err(Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, "agent_not_configured", detail));
        };
        let Some(name) = name else { return Ok(Arc::clone(default)) };
        self.0.iter().find(|agent| agent.name() == name).cloned().ok_or_else(|| {
            let names: Vec<_> = self.iter().map(|agent| format!("`{}`", agent.name())).collect();
            let message = format!("there is no such agent; there are {}", names.join(", "));
            Problem::invalid(vec![Violation { field: "agent".to_owned(), code: reason::FIELD_INVALID, message }])
        })
    }
}
