//! The runs of this process: admitted, started, executed by tasks that belong to nobody's connection, drained at the end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use proto::{
    history::v1::{GetRunRequest, GetRunResponse, StartRunResponse},
    reason,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

use crate::{
    agent::Agents,
    config::Limits,
    event::{Outcome, RunEvent, Started},
    extract::Caller,
    history::{self, History},
    problem::{Problem, Refused},
};

mod execution;
mod fingerprint;
mod log;
mod recorder;
mod saving;
mod start;
mod turns;

use self::{execution::Execution, log::Writer, turns::Turns};
pub(crate) use self::{
    log::{Entry, Reader, open as open_log},
    start::Ask,
};

/// So many logs of runs that could not be saved are kept for a while; each is as large as one answer.
const MOST_UNSAVED: usize = 16;

/// All runs of this process.
#[derive(Clone)]
pub(crate) struct Runs(Arc<Shared>);

struct Shared {
    history: History,
    agents: Agents,
    limits: Limits,
    slots: Option<Arc<Semaphore>>,
    /// Logs of runs that go on, and of some that could not be saved, by run id.
    live: Mutex<HashMap<String, Reader>>,
    /// Places for the latter.
    unsaved: Semaphore,
    turns: Turns,
    tasks: TaskTracker,
    draining: CancellationToken,
    interrupt: CancellationToken,
}

impl Runs {
    pub(crate) fn new(history: History, agents: Agents, limits: Limits) -> Self {
        let slots = (limits.max_runs > 0).then(|| Arc::new(Semaphore::new(limits.max_runs)));
        Self(Arc::new(Shared {
            history,
            agents,
            limits,
            slots,
            live: Mutex::default(),
            unsaved: Semaphore::new(MOST_UNSAVED),
            turns: Turns::default(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            interrupt: CancellationToken::new(),
        }))
    }

    pub(crate) fn agents(&self) -> &Agents {
        &self.0.agents
    }

    /// Puts a question to an agent, or joins the run that its idempotency key names.
    ///
    /// The work is a task of ours: a client that leaves while it begins changes nothing.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Reader, Refused> {
        self.see_through(self.clone().begin(ask)).await
    }

    /// Sees something through, whether or not its client waits for it. The end of the gateway waits, for a while.
    pub(crate) async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refused>> + Send + 'static,
    ) -> Result<T, Refused> {
        self.0.tasks.spawn(work.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a task broke");
            Err(Problem::internal())
        })
    }

    async fn begin(self, ask: Ask) -> Result<Reader, Refused> {
        let agent = self.0.agents.choose(ask.agent.as_deref())?;
        let slot = self.admit()?;
        let _turn = match &ask.idempotency_key {
            Some(key) => Some(self.0.turns.take((ask.caller.user_id, key.clone())).await),
            None => None,
        };
        let request = ask.start_request(agent.name(), &self.0.limits);
        let answer = self.0.history.runs().start_run(ask.caller.ask(request)).await;
        let answer = answer.map_err(|status| history::problem(status).renamed(&start::FIELDS))?.into_inner();
        let StartRunResponse { run: Some(run), user_message: Some(user_message), message, context, joined, .. } =
            answer
        else {
            return Err(history::incomplete("StartRunResponse"));
        };
        if joined {
            return self.join(&ask.caller, &run.id).await;
        }
        let message = message.ok_or_else(|| history::incomplete("StartRunResponse"))?;
        let question = ask.question(&run, context);
        let (writer, reader) = open_log(&run.id);
        self.live().insert(run.id.clone(), reader.clone());
        let started = Started { run, user_message, message };
        let execution = Execution { started: Arc::new(started), agent, question, caller: ask.caller, slot };
        self.0.tasks.spawn(self.clone().execute(execution, writer).in_current_span());
        Ok(reader)
    }

    fn admit(&self) -> Result<Option<OwnedSemaphorePermit>, Refused> {
        if self.0.draining.is_cancelled() {
            return Err(Problem::overloaded("this gateway is shutting down; try again"));
        }
        let Some(slots) = &self.0.slots else { return Ok(None) };
        match Arc::clone(slots).try_acquire_owned() {
            Ok(slot) => Ok(Some(slot)),
            Err(_) => Err(Problem::overloaded("too many answers are being written; try again soon")),
        }
    }

    /// Attaches to a run of this process, or tells of one that ended; one that goes on elsewhere is a conflict.
    async fn join(&self, caller: &Caller, run_id: &str) -> Result<Reader, Refused> {
        if let Some(reader) = self.live().get(run_id) {
            return Ok(reader.clone());
        }
        let request = caller.ask(GetRunRequest { run_id: run_id.to_owned() });
        let answer = self.0.history.runs().get_run(request).await.map_err(history::problem)?.into_inner();
        let outcome = outcome(answer)?;
        if outcome.run.finished_at.is_none() {
            let code = reason::RUN_IN_PROGRESS.to_ascii_lowercase();
            let detail = "the run of this idempotency key goes on elsewhere";
            return Err(Problem::new(http::StatusCode::CONFLICT, code, detail).with_run_id(run_id));
        }
        Ok(replay(outcome))
    }

    /// Lets runs finish within the grace period, then interrupts the rest and waits until they are saved.
    pub(crate) async fn drain(&self) {
        self.0.draining.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(self.0.limits.shutdown_grace, self.0.tasks.wait()).await.is_ok() {
            return;
        }
        tracing::warn!("answers are interrupted at the end of the grace period");
        self.0.interrupt.cancel();
        let save = self.0.limits.save_timeout.saturating_mul(2);
        if tokio::time::timeout(save, self.0.tasks.wait()).await.is_err() {
            tracing::error!("answers were lost: the history service did not come back in time");
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<String, Reader>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn outcome(answer: GetRunResponse) -> Result<Outcome, Refused> {
    match answer {
        GetRunResponse { run: Some(run), user_message: Some(user_message), message: Some(message) } => {
            Ok(Outcome { run, user_message, message })
        }
        _ => Err(history::incomplete("GetRunResponse")),
    }
}

/// The log that a stored run would have left.
fn replay(outcome: Outcome) -> Reader {
    let (mut writer, reader) = open_log(&outcome.run.id);
    let started = Started {
        run: outcome.run.clone(),
        user_message: outcome.user_message.clone(),
        message: outcome.message.clone(),
    };
    writer.push(RunEvent::Started(Arc::new(started)));
    if !outcome.message.content.is_empty() {
        writer.push(RunEvent::Text(outcome.message.content.as_str().into()));
    }
    for source in &outcome.message.sources {
        writer.push(RunEvent::Source(Arc::new(source.clone())));
    }
    if let Some(usage) = outcome.message.usage {
        writer.push(RunEvent::Usage(usage));
    }
    writer.push(RunEvent::Ended(Arc::new(outcome)));
    reader
}
