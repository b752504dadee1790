//! Makes an answer final in the history, over short absences of it. What could not be saved is said to be so.

use std::time::Duration;

use proto::{
    history::v1::{
        FinishRunRequest, FinishRunResponse, GetRunRequest, GetRunResponse, Message, MessageStatus, Run, RunError,
        RunStatus,
    },
    reason,
};
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::{
    agent::AgentFault,
    event::{Outcome, Started},
    extract::Caller,
    history::{self, History},
};

/// The code of an answer that is in no database.
pub(crate) const NOT_SAVED: &str = "not_saved";
/// The code of a run whose conversation is gone.
const DELETED: &str = "conversation_deleted";
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How the run ended, as the history has it.
pub(super) async fn save(
    history: &History,
    caller: &Caller,
    started: &Started,
    request: FinishRunRequest,
    patience: Duration,
) -> Outcome {
    let deadline = Instant::now() + patience;
    let mut saved = insist(history, caller, &request, deadline).await;
    if let Err(status) = &saved
        && history::is_refusal(status)
    {
        // Kept without what may be at fault, so that the text stays and the conversation is free again.
        tracing::warn!(error = status.message(), "the history service refuses an answer of the agent's");
        saved = insist(history, caller, &text_only(&request), deadline).await;
    }
    match saved {
        Ok(FinishRunResponse { run: Some(run), message: Some(message), .. }) => {
            Outcome { run, user_message: started.user_message.clone(), message }
        }
        Ok(_) => not_saved(started, request, "an incomplete FinishRunResponse"),
        Err(status) if is_fenced(&status) => match elsewhere(history, caller, started, deadline).await {
            Some(outcome) => outcome,
            None => not_saved(started, request, "the run was taken away"),
        },
        Err(status) if is_gone(&status) => gone(started, request),
        Err(status) => not_saved(started, request, status.message()),
    }
}

/// Tries again while the history is away; finishing twice under one fence is finishing once.
async fn insist(
    history: &History,
    caller: &Caller,
    request: &FinishRunRequest,
    deadline: Instant,
) -> Result<FinishRunResponse, Status> {
    let mut pause = FIRST_PAUSE;
    loop {
        let call = async { history.runs().finish_run(caller.ask(request.clone())).await };
        let status = match timeout_at(deadline, call).await {
            Ok(Ok(answer)) => return Ok(answer.into_inner()),
            Ok(Err(status)) => status,
            Err(_) => return Err(Status::deadline_exceeded("the history service did not answer in time")),
        };
        if !history::is_away(&status) || Instant::now() + pause >= deadline {
            return Err(status);
        }
        tracing::warn!(error = status.message(), "saving an answer is tried again");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn text_only(request: &FinishRunRequest) -> FinishRunRequest {
    let message = "the agent's answer could not be stored as it was; only its text was kept".to_owned();
    FinishRunRequest {
        run_id: request.run_id.clone(),
        fence: request.fence,
        status: RunStatus::Failed.into(),
        content: request.content.clone(),
        error: Some(RunError { code: AgentFault::BadResponse.code().to_owned(), message }),
        ..FinishRunRequest::default()
    }
}

fn is_fenced(status: &Status) -> bool {
    status.get_details_error_info().is_some_and(|info| info.reason == reason::RUN_FENCED)
}

/// The end that someone else gave to the run.
async fn elsewhere(history: &History, caller: &Caller, started: &Started, deadline: Instant) -> Option<Outcome> {
    let call = async {
        let request = caller.ask(GetRunRequest { run_id: started.run.id.clone(), ..GetRunRequest::default() });
        history.runs().get_run(request).await
    };
    let GetRunResponse { run, user_message, message } = timeout_at(deadline, call).await.ok()?.ok()?.into_inner();
    Outcome::of(run, user_message, message).filter(|outcome| outcome.run.finished_at.is_some())
}

fn is_gone(status: &Status) -> bool {
    status.get_details_error_info().is_some_and(|info| info.reason == reason::RUN_NOT_FOUND)
}

/// The user deleted the conversation, or themself, while the agent was at work: there is nothing to save the answer in.
fn gone(started: &Started, request: FinishRunRequest) -> Outcome {
    tracing::info!("the conversation of a run was deleted before it ended");
    let message = "the conversation was deleted meanwhile".to_owned();
    let error = RunError { code: DELETED.to_owned(), message };
    ended(started, request, (RunStatus::Cancelled, MessageStatus::Cancelled), error)
}

/// The end as only this process knows it.
fn not_saved(started: &Started, request: FinishRunRequest, why: &str) -> Outcome {
    tracing::error!(error = why, "an answer could not be saved");
    let message = "the answer could not be saved; what you see may be gone after a reload".to_owned();
    let error = RunError { code: NOT_SAVED.to_owned(), message };
    ended(started, request, (RunStatus::Failed, MessageStatus::Failed), error)
}

fn ended(
    started: &Started,
    request: FinishRunRequest,
    (run, message): (RunStatus, MessageStatus),
    error: RunError,
) -> Outcome {
    let usage = request.usage;
    let run = Run { status: run.into(), error: Some(error.clone()), usage, ..started.run.clone() };
    let message = Message {
        status: message.into(),
        content: request.content,
        sources: request.sources,
        model: request.model,
        usage,
        error: Some(error),
        ..started.message.clone()
    };
    Outcome { run, user_message: started.user_message.clone(), message }
}
