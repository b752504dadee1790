//! `RunService`.

use std::{ops::RangeInclusive, time::Duration};

use kit::error::Error;
use proto::{
    history::v1::{self as pb, run_service_server::RunService},
    limit,
};
use tonic::{Request, Response, Status};

use super::{
    answer,
    convert::{self, Author},
    fields::Fields,
    open,
};
use crate::{
    headline, json,
    message::{RunError, Usage},
    run::{self, Budget, Finish, NewRun, Outcome},
    store::Store,
};

const LEASE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);
const LONGEST_CONTEXT: i64 = 1_000;
const LONGEST_FINGERPRINT: usize = 256;

pub(super) struct Runs(pub(super) Store);

#[tonic::async_trait]
impl RunService for Runs {
    async fn start_run(&self, request: Request<pb::StartRunRequest>) -> Result<Response<pb::StartRunResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let started = run::start(&self.0, user, &question(request)?).await?;
            Ok(pb::StartRunResponse {
                run: Some(convert::run(started.exchange.run)),
                conversation: Some(convert::conversation(started.conversation)),
                user_message: Some(convert::message(started.exchange.user_message)),
                message: Some(convert::message(started.exchange.message)),
                context: started.context.into_iter().map(convert::context).collect(),
                joined: started.joined,
            })
        })
        .await
    }

    async fn finish_run(
        &self,
        request: Request<pb::FinishRunRequest>,
    ) -> Result<Response<pb::FinishRunResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let finished = run::finish(&self.0, user, &end(request)?).await?;
            Ok(pb::FinishRunResponse {
                run: Some(convert::run(finished.run)),
                message: Some(convert::message(finished.message)),
                conversation: Some(convert::conversation(finished.conversation)),
            })
        })
        .await
    }

    async fn get_run(&self, request: Request<pb::GetRunRequest>) -> Result<Response<pb::GetRunResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let id = fields.id("run_id", &request.run_id);
            fields.finish()?;
            let found = run::get(&self.0, user, id).await?;
            Ok(pb::GetRunResponse {
                run: Some(convert::run(found.run)),
                user_message: Some(convert::message(found.user_message)),
                message: Some(convert::message(found.message)),
            })
        })
        .await
    }
}

fn question(request: pb::StartRunRequest) -> Result<NewRun, Error> {
    let mut fields = Fields::new();
    if request.conversation_id.is_none() && request.parent_id.as_ref().is_some_and(|parent| !parent.is_empty()) {
        fields.invalid("parent_id", "needs its conversation_id");
    }
    if request.conversation_id.is_some() && request.expires_at.is_some() {
        fields.invalid("expires_at", "is for new conversations");
    }
    fields.count("fingerprint", request.fingerprint.len(), LONGEST_FINGERPRINT);
    let limit = fields.number("context_limit", request.context_limit.into(), &(0..=LONGEST_CONTEXT));
    let characters = request.context_characters.into();
    let characters = fields.number("context_characters", characters, &(0..=limit::CONTEXT_CHARACTERS.into()));
    let new = NewRun {
        conversation_id: fields.optional_id("conversation_id", request.conversation_id.as_deref()),
        // Under a key it may be a question that was asked before, when the time had not come.
        expires_at: if request.request_id.is_some() {
            fields.time("expires_at", request.expires_at)
        } else {
            fields.future("expires_at", request.expires_at)
        },
        parent: fields.parent("parent_id", request.parent_id.as_deref()),
        agent: fields.text("agent", request.agent, &(1..=limit::AGENT)),
        content: fields.text("content", request.content, &(1..=limit::CONTENT)),
        metadata: fields.metadata("metadata", request.metadata_json),
        request_id: fields.optional_text("request_id", request.request_id, &(1..=limit::IDEMPOTENCY_KEY)),
        fingerprint: request.fingerprint,
        lease: fields.duration("lease", request.lease, &LEASE),
        budget: Budget {
            messages: usize::try_from(limit).unwrap_or_default(),
            characters: Some(characters).filter(|characters| *characters > 0),
        },
    };
    fields.finish()?;
    Ok(new)
}

/// What an agent wrote must not be lost to a NUL, which PostgreSQL cannot keep: it becomes U+FFFD.
fn end(mut request: pb::FinishRunRequest) -> Result<Finish, Error> {
    let mut fields = Fields::new();
    convert::keep_storable(&mut request);
    let outcome = match request.status() {
        pb::RunStatus::Completed => Outcome::Completed,
        pb::RunStatus::Failed => Outcome::Failed,
        pb::RunStatus::Cancelled => Outcome::Cancelled,
        pb::RunStatus::Interrupted => Outcome::Interrupted,
        pb::RunStatus::Unspecified | pb::RunStatus::Running => {
            fields.invalid("status", "must be COMPLETED, FAILED, CANCELLED or INTERRUPTED");
            Outcome::Interrupted
        }
    };
    match (outcome, &request.error) {
        (Outcome::Failed, None) => fields.missing("error"),
        (_, Some(error)) if error.code.is_empty() => fields.missing("error.code"),
        _ => {}
    }
    let parts = Some(request.parts_json).filter(|parts| !parts.is_empty());
    if let Some(problem) = parts.as_deref().and_then(|parts| json::parts_problem(parts, json::DEEPEST_OF_AGENTS)) {
        fields.invalid("parts", problem);
    }
    let usage = request.usage.unwrap_or_default();
    let title = request.title.map(|title| headline::one_line(&title, limit::TITLE));
    let finish = Finish {
        run_id: fields.id("run_id", &request.run_id),
        fence: request.fence,
        outcome,
        content: request.content,
        parts,
        sources: convert::sources(&mut fields, request.sources, Author::Agent),
        usage: Usage { input: usage.input_tokens, output: usage.output_tokens, total: usage.total_tokens },
        error: request.error.map(|error| RunError { code: error.code, message: error.message }),
        model: request.model,
        title: title.filter(|title| !title.is_empty()),
    };
    fields.finish()?;
    Ok(finish)
}
