//! The whole run as one JSON document, when it is over.

use std::sync::Arc;

use http::StatusCode;
use proto::history::v1::RunStatus;

use super::why;
use crate::{
    agent::AgentFault,
    answer::Json,
    event::{Outcome, Step},
    problem::{Problem, Refused},
    resource::RunAnswer,
    run::{Entry, Reader},
};

/// Waits for the end. A run that did not complete is a problem that carries it.
pub(crate) async fn answer(reader: Reader) -> Result<Json<RunAnswer>, Refused> {
    let Outcome { run, user_message, message } = Arc::unwrap_or_clone(completed(reader).await?);
    Ok(Json(RunAnswer { run: run.into(), user_message: user_message.into(), message: message.into() }))
}

/// The same, for whoever has other words for what completed.
pub(super) async fn completed(reader: Reader) -> Result<Arc<Outcome>, Refused> {
    let mut reader = reader.after(None);
    loop {
        match reader.next().await {
            Ok(Entry { step: Step::Ended(outcome), .. }) if outcome.run.status() == RunStatus::Completed => {
                return Ok(outcome);
            }
            Ok(Entry { step: Step::Ended(outcome), .. }) => return Err(problem_of(&outcome)),
            Ok(_) => {}
            Err(lost) => {
                tracing::warn!(run.id = reader.run_id(), ?lost, "the end of a run cannot be told");
                let problem = Problem::overloaded("the run goes on, but its end cannot be told here; ask for it again");
                return Err(problem.with_run_id(reader.run_id()));
            }
        }
    }
}

/// What a run is that did not complete.
pub(super) fn problem_of(Outcome { run, message, .. }: &Outcome) -> Refused {
    let status = match run.status() {
        RunStatus::Cancelled => StatusCode::CONFLICT,
        _ => run
            .error
            .as_ref()
            .and_then(|error| AgentFault::http_status(&error.code))
            .unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
    };
    let (code, detail) = why(run);
    Problem::new(status, code.to_owned(), detail).with_run(run.clone().into(), message.clone().into())
}
