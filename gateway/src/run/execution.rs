//! One run from the call of its agent to its last event.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use proto::history::v1::{RunError, RunStatus};
use tracing::Instrument as _;

use super::{
    Runs, Writer,
    admission::Slot,
    live::{Held, Holding},
    recorder::Recorder,
    saving,
};
use crate::{
    agent::{Agent, Question},
    event::{Outcome, Started},
    extract::Caller,
};

/// How long the log of a run that could not be saved can still be joined here. Of all others the history tells.
const AFTERLIFE: Duration = Duration::from_secs(30);

/// A run that is saved as begun.
pub(super) struct Execution {
    pub(super) started: Arc<Started>,
    pub(super) holding: Holding,
    pub(super) agent: Arc<Agent>,
    pub(super) question: Box<Question>,
    pub(super) caller: Caller,
    pub(super) slot: Slot,
}

impl Runs {
    pub(super) async fn execute(self, execution: Execution, writer: Writer) {
        let run_id = execution.started.run.id.clone();
        let span = tracing::info_span!(
            "run",
            otel.name = "run",
            run.id = run_id,
            conversation.id = execution.started.run.conversation_id,
            agent.name = execution.agent.name(),
        );
        let (key, log) = ((execution.caller.user_id, run_id), execution.holding.held.log.clone());
        let (recorder, outcome, holding, slot) = self.carry_out(execution, writer).instrument(span).await;
        let saved = outcome.run.error.as_ref().is_none_or(|error| error.code != saving::NOT_SAVED);
        let place = if saved { None } else { self.0.unsaved_places.try_acquire().ok() };
        if place.is_some() {
            self.unsaved().insert(key.clone(), log);
        }
        // Before anyone sees the end: whoever joins from then on asks the history.
        drop(holding);
        // The next run may be admitted by the time a reader sees the end of this one.
        drop(slot);
        recorder.writer.end(Arc::new(outcome));
        drop(recorder);
        if place.is_some() {
            tokio::select! {
                () = tokio::time::sleep(AFTERLIFE) => {}
                () = self.0.draining.cancelled() => {}
            }
            self.unsaved().remove(&key);
        }
    }

    async fn carry_out(&self, execution: Execution, writer: Writer) -> (Recorder, Outcome, Holding, Slot) {
        let Execution { started, holding, agent, question, caller, slot } = execution;
        let began = tokio::time::Instant::now();
        let mut recorder = Recorder::new(writer, Arc::clone(&holding.held), self.0.limits.max_answer);
        recorder.writer.start(Arc::clone(&started));

        let (status, error) = self.call(&agent, question, &holding.held, &mut recorder).await;
        if tokio::time::timeout(self.0.limits.save_timeout, holding.held.make_way()).await.is_err() {
            tracing::debug!("a tick takes long; the end does not wait for it any more");
        }
        let request = recorder.finish_request(&started.run, status, error);
        if request.rest.is_none() && holding.held.was_offered() {
            // It is too much to go along with the end, and goes before.
            let settled = tokio::time::timeout(self.0.limits.save_timeout, holding.held.settled()).await;
            if settled.is_err() {
                tracing::warn!(
                    "the last of what an agent said could not be kept: who follows elsewhere gets it with the end"
                );
            }
        }
        let saving = saving::save(&self.0.history, &caller, &started, request, self.0.limits.save_timeout);
        let outcome = Box::pin(saving).await;

        let status = outcome.run.status().as_str_name().trim_start_matches("RUN_STATUS_").to_ascii_lowercase();
        let code = outcome.run.error.as_ref().map(|error| error.code.as_str());
        tracing::info!(
            run.status = status,
            error.code = code,
            elapsed_ms = began.elapsed().as_secs_f64() * 1e3,
            "run ended"
        );
        let labels = [("agent", agent.name().to_owned()), ("status", status)];
        metrics::counter!("runs_total", &labels).increment(1);
        metrics::histogram!("run_duration_seconds", &labels[..1]).record(began.elapsed());
        (recorder, outcome, holding, slot)
    }

    /// How the agent's work ended, and why if badly.
    async fn call(
        &self,
        agent: &Agent,
        question: Box<Question>,
        held: &Held,
        sink: &mut Recorder,
    ) -> (RunStatus, Option<RunError>) {
        let answer = AssertUnwindSafe(agent.answer(question, sink)).catch_unwind();
        let answer = tokio::select! {
            biased;
            () = self.0.interrupt.cancelled() => {
                return failure(RunStatus::Interrupted, "interrupted", "the gateway was shut down in the middle of the answer");
            }
            () = held.cancelled.cancelled() => return (RunStatus::Cancelled, None),
            () = held.lost.cancelled() => {
                return failure(RunStatus::Interrupted, "interrupted", "this gateway could not go on with the run");
            }
            answer = answer => answer,
        };
        let error = match answer {
            Ok(Ok(())) => return (RunStatus::Completed, None),
            Ok(Err(error)) => error,
            Err(_panic) => return failure(RunStatus::Failed, "internal", "something broke on our side"),
        };
        tracing::warn!(error.code = error.fault.code(), %error, "the agent failed");
        failure(RunStatus::Failed, error.fault.code(), error.message)
    }
}

fn failure(status: RunStatus, code: &str, message: impl Into<String>) -> (RunStatus, Option<RunError>) {
    (status, Some(RunError { code: code.to_owned(), message: message.into() }))
}
