//! What requests about runs ask for.

use std::{collections::HashSet, ops::RangeInclusive, time::Duration};

use kit::{caller::UserId, error::Error};
use proto::{history::v1 as pb, limit};

use super::super::{
    agent,
    convert::{self, Author},
    fields::Fields,
};
use crate::{
    headline,
    id::ConversationId,
    json,
    message::{RunError, Usage},
    run::{Asked, Batch, Budget, Conversing, Finish, NewRun, Outcome, Question, Which},
};

const LEASE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);
const LONGEST_CONTEXT: i64 = 1_000;
const LONGEST_FINGERPRINT: usize = 256;

/// A run that is to begin.
pub(super) fn beginning(request: pb::StartRunRequest) -> Result<NewRun, Error> {
    let mut fields = Fields::new();
    let in_one = request.conversation_id.is_some() || request.conversation_client_id.is_some();
    if !in_one && request.parent_id.as_ref().is_some_and(|parent| !parent.is_empty()) {
        fields.invalid("parent_id", "needs its conversation_id");
    }
    if request.conversation_id.is_some() && request.expires_at.is_some() {
        fields.invalid("expires_at", "is for new conversations");
    }
    fields.count("fingerprint", request.fingerprint.len(), LONGEST_FINGERPRINT);
    let limit = fields.number("context_limit", request.context_limit.into(), &(0..=LONGEST_CONTEXT));
    let characters = request.context_characters.into();
    let characters = fields.number("context_characters", characters, &(0..=limit::CONTEXT_CHARACTERS.into()));
    let id: Option<ConversationId> = fields.optional_id("conversation_id", request.conversation_id.as_deref());
    let client_id = request.conversation_client_id;
    let client_id = fields.optional_text("conversation_client_id", client_id, &(1..=limit::CLIENT_ID));
    let conversing = match (id, client_id) {
        (None, None) => Conversing::InNew,
        (Some(id), None) => Conversing::In(id),
        (None, Some(client_id)) => Conversing::InNamed(client_id),
        (Some(id), Some(_)) => {
            fields.invalid("conversation_client_id", "excludes conversation_id");
            Conversing::In(id)
        }
    };
    if request.join_only && request.request_id.is_none() {
        fields.missing("request_id");
    }
    let agent = fields.text("agent", request.agent, &(1..=limit::AGENT));
    let (user_message_id, parent_id) = (request.user_message_id, request.parent_id.as_deref());
    let asked = if let Some(question) = user_message_id {
        if !in_one {
            fields.invalid("user_message_id", "needs its conversation_id or conversation_client_id");
        }
        let others = [
            ("content", request.content.is_empty()),
            ("parent_id", parent_id.is_none()),
            ("client_id", request.client_id.is_none()),
            ("metadata", request.metadata_json.is_empty()),
        ];
        for (field, _) in others.into_iter().filter(|(_, absent)| !absent) {
            fields.invalid(field, "is for a new question");
        }
        Asked::Again(fields.id("user_message_id", &question))
    } else {
        Asked::New(Question {
            parent: fields.parent("parent_id", parent_id),
            content: fields.text("content", request.content, &(1..=limit::CONTENT)),
            client_id: fields.optional_text("client_id", request.client_id, &(1..=limit::CLIENT_ID)),
            metadata: fields.metadata("metadata", request.metadata_json),
        })
    };
    let new = NewRun {
        conversing,
        // Under a key it may be a question that was asked before, when the time had not come.
        expires_at: if request.request_id.is_some() {
            fields.time("expires_at", request.expires_at)
        } else {
            fields.future("expires_at", request.expires_at)
        },
        asked,
        agent,
        request_id: fields.optional_text("request_id", request.request_id, &(1..=limit::IDEMPOTENCY_KEY)),
        join_only: request.join_only,
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

/// What is new in many runs, and for how long they are held on.
pub(super) fn batches(request: pb::AppendEventsRequest) -> Result<(Vec<Batch>, Duration), Error> {
    let mut fields = Fields::new();
    let (mut runs, mut batches) = (HashSet::new(), Vec::with_capacity(request.batches.len()));
    for (index, batch) in request.batches.into_iter().enumerate() {
        let field = |name: &str| format!("batches[{index}].{name}");
        let run = fields.id(&field("run_id"), &batch.run_id);
        if !runs.insert(run) {
            fields.invalid(&field("run_id"), "has a batch already");
        }
        batches.push(Batch {
            run,
            user: UserId(fields.id(&field("user_id"), &batch.user_id)),
            fence: batch.fence,
            events: agent::events(&mut fields, &field("events"), batch.events),
            renew: batch.renew,
        });
    }
    let lease = if request.lease.is_some() || batches.iter().any(|batch| batch.renew) {
        fields.duration("lease", request.lease, &LEASE)
    } else {
        *LEASE.start()
    };
    fields.finish()?;
    Ok((batches, lease))
}

/// Exactly one of the four.
pub(super) fn which(request: pb::GetRunRequest) -> Result<Which, Error> {
    let mut fields = Fields::new();
    let pb::GetRunRequest { run_id, conversation_id, conversation_client_id, request_id } = request;
    let names = [
        ("conversation_id", &conversation_id),
        ("conversation_client_id", &conversation_client_id),
        ("request_id", &request_id),
    ];
    let given: Vec<_> = names.into_iter().filter(|(_, name)| !name.is_empty()).map(|(field, _)| field).collect();
    let which = match (run_id.as_str(), given.first().copied(), given.get(1)) {
        (_, None, _) => Which::This(fields.id("run_id", &run_id)),
        ("", Some("conversation_id"), None) => Which::LatestIn(fields.id("conversation_id", &conversation_id)),
        ("", Some("request_id"), None) => {
            Which::Requested(fields.text("request_id", request_id, &(1..=limit::IDEMPOTENCY_KEY)))
        }
        ("", Some(_), None) => {
            Which::LatestNamed(fields.text("conversation_client_id", conversation_client_id, &(1..=limit::CLIENT_ID)))
        }
        (_, Some(first), second) => {
            fields.invalid(second.unwrap_or(&first), "excludes what names a run besides");
            Which::LatestNamed(String::new())
        }
    };
    fields.finish()?;
    Ok(which)
}

/// How a run ended.
pub(super) fn end(mut request: pb::FinishRunRequest) -> Result<Finish, Error> {
    let mut fields = Fields::new();
    agent::keep_storable(&mut request);
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
        reason: agent::finish_reason(&mut fields, request.finish_reason.as_deref()),
        rest: agent::events(&mut fields, "rest", request.rest),
    };
    fields.finish()?;
    Ok(finish)
}
