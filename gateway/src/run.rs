//! The runs of this process: admitted, started, executed by tasks that belong to nobody's connection, drained at the end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use kit::caller::UserId;
use proto::history::v1::{CancelRunRequest, GetRunRequest, Run, StartRunRequest, StartRunResponse};
use tokio::{
    sync::Semaphore,
    time::{Duration, Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

use crate::{
    agent::{Agent, Agents},
    config::Limits,
    event::{Started, Step},
    extract::Caller,
    history::{self, History},
    problem::{Problem, Refused},
    quota::Allowance,
};

mod admission;
mod execution;
mod fingerprint;
mod following;
mod live;
mod log;
mod recorder;
mod saving;
mod start;
mod tending;
#[cfg(test)]
mod testing;
mod turns;
mod waiting;

use self::{
    admission::{Admission, Slot},
    execution::Execution,
    live::{Held, Live},
    log::Writer,
    turns::Turns,
};
pub(crate) use self::{
    log::{Entry, Lost, Reader, open as open_log},
    start::{Ask, Asked, OnConflict, Place},
    waiting::{Coming, Waits},
};

/// So many logs of runs that could not be saved are kept for a while; each is as large as one answer.
const MOST_UNSAVED: usize = 16;
/// How long a cancelled run is waited for, so that most who stop one learn what became of it.
const LAST_WORD: Duration = Duration::from_secs(2);
/// How long a run waits for the one before it.
const QUEUED: Duration = Duration::from_mins(10);
const PAUSE: Duration = Duration::from_millis(50);
/// The codes of refusals that the end of another run may lift.
const FULL: [&str; 3] = ["overloaded", "too_many_concurrent_runs", "agent_busy"];

/// All runs of this process.
#[derive(Clone)]
pub(crate) struct Runs(Arc<Shared>);

struct Shared {
    history: History,
    agents: Agents,
    limits: Limits,
    admission: Admission,
    allowance: Arc<Allowance>,
    live: Live,
    followed: Mutex<Followed>,
    /// Logs of some that could not be saved, for a while.
    unsaved: Mutex<Followed>,
    /// Places for these.
    unsaved_places: Semaphore,
    turns: Turns,
    tasks: TaskTracker,
    /// Those that pass on runs of other gateways.
    relays: TaskTracker,
    draining: CancellationToken,
    interrupt: CancellationToken,
}

/// Logs by user and run.
type Followed = HashMap<(UserId, String), Reader>;

impl Runs {
    pub(crate) fn new(history: History, agents: Agents, limits: Limits) -> Self {
        let (admission, allowance) = (Admission::new(&limits), Arc::new(Allowance::of_runs(limits.runs_per_minute)));
        Self(Arc::new(Shared {
            history,
            agents,
            limits,
            admission,
            allowance,
            live: Live::default(),
            followed: Mutex::default(),
            unsaved: Mutex::default(),
            unsaved_places: Semaphore::new(MOST_UNSAVED),
            turns: Turns::default(),
            tasks: TaskTracker::new(),
            relays: TaskTracker::new(),
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
        let _turn = match &ask.idempotency_key {
            Some(key) => {
                let turn = self.0.turns.take((ask.caller.user_id, key.clone()));
                Some(ask.waits.during(waiting::MOMENT, turn).await)
            }
            None => None,
        };
        let (slot, started) = self.start(&ask, &agent).await?;
        let StartRunResponse { run: Some(run), user_message: Some(user_message), message, context, joined, .. } =
            started
        else {
            return Err(history::incomplete("StartRunResponse"));
        };
        let Some(mut slot) = slot.filter(|_| !joined) else {
            return self.attach(&ask.caller, &run.id).await;
        };
        slot.begin();
        let message = message.ok_or_else(|| history::incomplete("StartRunResponse"))?;
        let question = Box::new(ask.question(&run, &user_message, context));
        let (writer, reader) = open_log(&run.id, self.0.limits.reader_backlog);
        let holding = self.hold(Held::new(&run, ask.caller.user_id, reader.clone()));
        let started = Arc::new(Started { run, user_message, message });
        let execution = Execution { started, holding, agent, question, caller: ask.caller, slot };
        self.0.tasks.spawn(self.clone().execute(execution, writer).in_current_span());
        Ok(reader)
    }

    /// Takes the run on and saves its question, or finds the run that was taken on before, for which there is no slot.
    ///
    /// While another run is in the way nothing is held: what this one takes up may be what the other needs, or a third.
    async fn start(&self, ask: &Ask, agent: &Agent) -> Result<(Option<Slot>, StartRunResponse), Refused> {
        let deadline = Instant::now() + QUEUED;
        let mut looked = false;
        let mut before = None;
        loop {
            let (refused, other) = match self.admit(&ask.caller, agent) {
                Ok(slot) => {
                    let request = ask.start_request(agent.name(), &self.0.limits);
                    let status = match self.0.history.runs().start_run(ask.caller.ask(request)).await {
                        Ok(answer) => return Ok((Some(slot), answer.into_inner())),
                        Err(status) => status,
                    };
                    let other = history::run_in_the_way(&status);
                    (history::problem(status).renamed(&start::FIELDS), other)
                }
                Err(refused) => {
                    if let Some(started) = self.repeated(ask, agent.name()).await? {
                        return Ok((None, started));
                    }
                    let other =
                        if std::mem::replace(&mut looked, true) { None } else { self.in_place(ask, &refused).await? };
                    (refused, other)
                }
            };
            let Some(other) = other.filter(|_| Instant::now() < deadline) else { return Err(refused) };
            match ask.on_conflict {
                OnConflict::Reject => return Err(refused),
                OnConflict::CancelPrevious => self.ask_to_stop(&ask.caller, &other).await.map(|_| ())?,
                OnConflict::Enqueue => {}
            }
            if before.as_ref() == Some(&other) {
                // Its end was told, and is not saved yet.
                sleep(PAUSE).await;
            }
            let end = tokio::time::timeout_at(deadline, self.end_of(&ask.caller, &other));
            tokio::select! {
                () = self.0.draining.cancelled() => return Err(refused),
                ended = ask.waits.during(ask.on_conflict.silence(), end) => {
                    ended.map_err(|_| refused)??;
                }
            }
            before = Some(other);
        }
    }

    /// A request that cannot be taken on may be one that was: then there is nothing to take on.
    async fn repeated(&self, ask: &Ask, agent: &str) -> Result<Option<StartRunResponse>, Refused> {
        if ask.idempotency_key.is_none() {
            return Ok(None);
        }
        let request = StartRunRequest { join_only: true, ..ask.start_request(agent, &self.0.limits) };
        match self.0.history.runs().start_run(ask.caller.ask(request)).await {
            Ok(answer) => Ok(Some(answer.into_inner())),
            Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
            Err(status) => Err(history::problem(status).renamed(&start::FIELDS)),
        }
    }

    /// A reader of the run that began with this key, whatever else it began with; none where there is no such run.
    pub(crate) async fn keyed(&self, caller: &Caller, request_id: String) -> Result<Option<Reader>, Refused> {
        let request = GetRunRequest { request_id, ..GetRunRequest::default() };
        match self.found(caller, request).await? {
            Some(run) => self.attach(caller, &run.id).await.map(Some),
            None => Ok(None),
        }
    }

    /// A reader of the run that has the key of this question; none where there is no such run.
    pub(crate) async fn join(&self, ask: &Ask) -> Result<Option<Reader>, Refused> {
        let agent = self.0.agents.choose(ask.agent.as_deref())?;
        match self.repeated(ask, agent.name()).await?.map(|known| known.run) {
            Some(Some(run)) => self.attach(&ask.caller, &run.id).await.map(Some),
            Some(None) => Err(history::incomplete("StartRunResponse")),
            None => Ok(None),
        }
    }

    /// Refuses a question to this agent as [`Self::ask`] would now. Nothing is counted, and no place kept.
    pub(crate) fn check(&self, caller: &Caller, agent: Option<&str>) -> Result<(), Refused> {
        let agent = self.0.agents.choose(agent)?;
        self.admit(caller, &agent).map(drop)
    }

    /// The run of the same conversation that has the place which this one would get, where it is to make way.
    async fn in_place(&self, ask: &Ask, refused: &Refused) -> Result<Option<String>, Refused> {
        if ask.on_conflict == OnConflict::Reject || !is_full(refused) || self.0.draining.is_cancelled() {
            return Ok(None);
        }
        let run = self.in_conversation(&ask.caller, &ask.place).await?;
        // Places are this gateway's.
        Ok(run.map(|run| run.id).filter(|run_id| self.0.live.get(run_id).is_some()))
    }

    fn admit(&self, caller: &Caller, agent: &Agent) -> Result<Slot, Refused> {
        if self.0.draining.is_cancelled() {
            return Err(Problem::overloaded("this gateway is shutting down; try again"));
        }
        let place = self.0.admission.take(caller.user_id)?;
        let permit = agent.admit()?;
        let counted = self.0.allowance.hold(caller.user_id, &caller.told, SystemTime::now())?;
        Ok(Slot::new(place, permit, counted))
    }

    /// A reader of a run of this user's, wherever it goes on and whether or not it has ended.
    pub(crate) async fn attach(&self, caller: &Caller, run_id: &str) -> Result<Reader, Refused> {
        if let Some(held) = self.0.live.get(run_id).filter(|held| held.user_id == caller.user_id) {
            return Ok(held.log.clone());
        }
        if let Some(reader) = self.unsaved().get(&(caller.user_id, run_id.to_owned())) {
            return Ok(reader.clone());
        }
        self.follow(caller, run_id).await
    }

    /// The run that goes on in a conversation, or the one that wrote what it shows. None where there is neither.
    pub(crate) async fn in_conversation(&self, caller: &Caller, place: &Place) -> Result<Option<Run>, Refused> {
        let mut request = GetRunRequest::default();
        match place {
            Place::Conversation(id) => request.conversation_id = id.to_string(),
            Place::ClientId(id) => request.conversation_client_id.clone_from(id),
            Place::New { .. } => return Ok(None),
        }
        self.found(caller, request).await
    }

    async fn found(&self, caller: &Caller, request: GetRunRequest) -> Result<Option<Run>, Refused> {
        match self.0.history.runs().get_run(caller.ask(request)).await {
            Ok(answer) => Ok(answer.into_inner().run),
            Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
            Err(status) => Err(history::problem(status)),
        }
    }

    /// Stops a run of this user's, whichever gateway holds it. What was written stays.
    pub(crate) async fn cancel(&self, caller: &Caller, run_id: &str) -> Result<Run, Refused> {
        let run = self.ask_to_stop(caller, run_id).await?;
        if run.finished_at.is_some() {
            return Ok(run);
        }
        match timeout(LAST_WORD, self.end_of(caller, run_id)).await {
            Ok(ended) => Ok(ended?.unwrap_or(run)),
            Err(_) => Ok(run),
        }
    }

    async fn ask_to_stop(&self, caller: &Caller, run_id: &str) -> Result<Run, Refused> {
        let request = caller.ask(CancelRunRequest { run_id: run_id.to_owned() });
        let answer = self.0.history.runs().cancel_run(request).await.map_err(history::problem)?.into_inner();
        let run = answer.run.ok_or_else(|| history::incomplete("CancelRunResponse"))?;
        if let Some(held) = self.0.live.get(run_id) {
            held.cancelled.cancel();
        }
        Ok(run)
    }

    /// Waits for the end of a run. None where it cannot be told.
    async fn end_of(&self, caller: &Caller, run_id: &str) -> Result<Option<Run>, Refused> {
        let mut reader = self.attach(caller, run_id).await?;
        loop {
            match reader.next().await {
                Ok(Entry { step: Step::Ended(outcome), .. }) => return Ok(Some(outcome.run.clone())),
                Ok(_) => {}
                Err(lost) => {
                    tracing::debug!(?lost, run.id = run_id, "the end of a run was not seen");
                    sleep(PAUSE).await;
                    return Ok(None);
                }
            }
        }
    }

    /// Lets runs finish within the grace period, then interrupts the rest and waits until they are saved. Who reads a run
    /// of another gateway's here is told to resume it elsewhere.
    pub(crate) async fn drain(&self) {
        self.0.draining.cancel();
        self.0.tasks.close();
        self.0.relays.close();
        let graceful = timeout(self.0.limits.shutdown_grace, self.0.tasks.wait()).await.is_ok();
        self.0.interrupt.cancel();
        self.0.relays.wait().await;
        if graceful {
            return;
        }
        tracing::warn!("answers are interrupted at the end of the grace period");
        let save = self.0.limits.save_timeout.saturating_mul(2);
        if timeout(save, self.0.tasks.wait()).await.is_err() {
            tracing::error!("answers were lost: the history service did not come back in time");
        }
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.0.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unsaved(&self) -> MutexGuard<'_, Followed> {
        self.0.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a run was refused because there are too many others.
pub(crate) fn is_full(refused: &Refused) -> bool {
    FULL.contains(&refused.code())
}
