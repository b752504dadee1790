//! Questions to agents.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, header};
use prost_types::Timestamp;
use proto::{history::v1::GetRunRequest, limit, reason};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    answer::Json,
    app::App,
    dialect,
    extract::{Body, Caller, Id, idempotency_key},
    fields::{Fields, FromFields},
    history,
    problem::{Problem, Refused},
    resource::{Run, RunAnswer},
    run::{Ask, Asked, OnConflict, Place, Waits},
};

/// A question to an agent.
#[derive(Debug, ToSchema)]
pub(super) struct RunRequest {
    /// The question. Either this or `user_message_id`.
    #[schema(min_length = 1, max_length = 1_000_000)]
    message: Option<String>,
    /// The question that is to be answered again: the answer stands beside those it has.
    user_message_id: Option<Uuid>,
    /// The conversation it belongs to; a new one without.
    conversation_id: Option<Uuid>,
    /// The message it follows; the newest of the shown path without. Null means none: it stands beside the first message,
    /// as an edit of the first question does.
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<String>,
    /// Your own id for the question.
    #[schema(min_length = 1, max_length = 200)]
    client_id: Option<String>,
    /// Who is to answer; the default agent without.
    #[schema(min_length = 1, max_length = 100)]
    agent: Option<String>,
    /// What is to happen when another run goes on in the conversation: `reject` (the default, a conflict that names it),
    /// `cancel_previous` or `enqueue`.
    on_conflict: Option<OnConflict>,
    /// Your own, up to 16 KiB; kept with the question as it came, and given to the agent.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// For a new conversation: when it is to be deleted; never without.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Timestamp>,
}

impl FromFields for RunRequest {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let again = fields.has("user_message_id");
        if again {
            if !fields.has("conversation_id") {
                fields.note("conversation_id", reason::FIELD_REQUIRED, "is required with `user_message_id`");
            }
            for name in ["message", "parent_id", "client_id", "metadata"] {
                if fields.has(name) {
                    fields.note(
                        name,
                        reason::FIELD_INVALID,
                        "belongs to a new question; `user_message_id` names an old one",
                    );
                }
            }
        } else if !fields.has("message") {
            fields.note("message", reason::FIELD_REQUIRED, "is required, or `user_message_id`");
        }
        let policies = [
            ("reject", OnConflict::Reject),
            ("cancel_previous", OnConflict::CancelPrevious),
            ("enqueue", OnConflict::Enqueue),
        ];
        Some(Self {
            message: fields.text("message", 1..=limit::CONTENT),
            user_message_id: fields.uuid("user_message_id"),
            conversation_id: fields.uuid("conversation_id"),
            parent_id: fields.uuid_or_none("parent_id"),
            client_id: fields.text("client_id", 1..=limit::CLIENT_ID),
            agent: fields.text("agent", 1..=limit::AGENT),
            on_conflict: fields.choice("on_conflict", &policies),
            metadata: fields.metadata("metadata"),
            expires_at: fields.time("expires_at"),
        })
    }
}

impl RunRequest {
    fn ask(self, caller: Caller, idempotency_key: Option<String>, waits: Waits) -> Ask {
        let asked = match self.user_message_id {
            Some(id) => Asked::Again { user_message_id: id.to_string() },
            None => Asked::New {
                text: self.message.unwrap_or_default(),
                parent_id: self.parent_id,
                client_id: self.client_id,
                metadata: self.metadata,
            },
        };
        let place = match self.conversation_id {
            Some(id) => Place::Conversation(id),
            None => Place::New { expires_at: self.expires_at },
        };
        let on_conflict = self.on_conflict.unwrap_or_default();
        Ask { caller, asked, place, before: None, agent: self.agent, idempotency_key, on_conflict, waits }
    }
}

/// Put a question to an agent.
///
/// The question is saved before the agent is called, and the answer is written to the end whether or not you stay.
/// With `Accept: text/event-stream` the answer is a stream of `run`, `delta`, `reasoning`, `tool_input`, `tool_call`,
/// `tool_result`, `source`, `file`, `data`, `title`, `usage` and exactly one of `completed`, `failed`, `cancelled`,
/// `interrupted`; otherwise one JSON document at the end.
/// The same `Idempotency-Key` with the same body joins the first run instead of beginning another.
#[utoipa::path(
    post,
    path = "/agents/run",
    tag = "agents",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters")),
    request_body = RunRequest,
    responses(
        (status = 200, description = "The run completed; or its stream began", content(
            (RunAnswer = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 404, body = Problem, description = "No such conversation or parent"),
        (status = 409, body = Problem, description = "Another run goes on: `run_id` names it. Or `user_erased`: you were erased"),
        (status = 422, body = Problem, description = "The idempotency key was used for another request"),
        (status = 502, body = Problem, description = "The agent failed: `run` and `message` tell of it"),
        (status = 504, body = Problem, description = "The agent was too slow: `run` and `message` tell of it"),
    )
)]
pub(super) async fn run_agent(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(request): Body<RunRequest>,
) -> Result<Response, Refused> {
    let key = idempotency_key(&headers)?;
    if wants_stream(&headers) {
        let runs = app.runs.clone();
        let ask = |caller, waits| async move { runs.ask(request.ask(caller, key, waits)).await };
        return Ok(dialect::native_sse(app.runs.begin_or_wait(caller, ask).await?));
    }
    let reader = app.runs.ask(request.ask(caller, key, Waits::default())).await?;
    Ok(dialect::json(reader).await?.into_response())
}

/// A run.
#[utoipa::path(
    get,
    path = "/runs/{id}",
    tag = "agents",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Run), (status = 404, body = Problem))
)]
pub(super) async fn get_run(State(app): State<App>, caller: Caller, Id(run_id): Id) -> Result<Json<Run>, Refused> {
    let request = GetRunRequest { run_id, ..GetRunRequest::default() };
    let answer = app.history.runs().get_run(caller.ask(request)).await.map_err(history::problem)?;
    let run = answer.into_inner().run.ok_or_else(|| history::incomplete("GetRunResponse"))?;
    Ok(Json(run.into()))
}

/// Follow a run.
///
/// From its first event, or from the one after `Last-Event-ID`, which may be still to come; whether it goes on, here or
/// elsewhere, or has ended. The last event comes in any case.
#[utoipa::path(
    get,
    path = "/runs/{id}/events",
    tag = "agents",
    params(("id" = Uuid, Path), ("Last-Event-ID" = Option<String>, Header)),
    responses(
        (status = 200, description = "The events", content((String = "text/event-stream"))),
        (status = 404, body = Problem),
    )
)]
pub(super) async fn follow_run(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(run_id): Id,
) -> Result<Response, Refused> {
    let after = last_event(&headers, &run_id)?;
    let reader = app.runs.attach(&caller, &run_id).await?;
    Ok(dialect::native_sse(reader.after(after)))
}

/// Stop a run.
///
/// What was written stays. The answer is the run as it ended, or as it stands if its gateway needs a moment; a run that had
/// ended stays as it was.
#[utoipa::path(
    post,
    path = "/runs/{id}/cancel",
    tag = "agents",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Run), (status = 404, body = Problem))
)]
pub(super) async fn cancel_run(State(app): State<App>, caller: Caller, Id(run_id): Id) -> Result<Json<Run>, Refused> {
    let runs = app.runs.clone();
    let run = app.runs.see_through(async move { runs.cancel(&caller, &run_id).await }).await?;
    Ok(Json(run.into()))
}

/// The number of the event after which a client wants to go on.
fn last_event(headers: &HeaderMap, run_id: &str) -> Result<Option<usize>, Refused> {
    const NAME: &str = "Last-Event-ID";
    let Some(value) = headers.get(NAME).filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|id| {
        let (run, number) = id.rsplit_once('-')?;
        if run.eq_ignore_ascii_case(run_id) { number.parse().ok() } else { None }
    });
    let refused = || Problem::invalid_field(NAME, reason::FIELD_INVALID, "is no id of an event of this run");
    number.map(Some).ok_or_else(refused)
}

/// Whether the client likes events at least as much as JSON (RFC 9110 §12.5.1); first named wins a tie.
fn wants_stream(headers: &HeaderMap) -> bool {
    let mut best = (0.0, false);
    let lists = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in lists.flat_map(|list| list.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let stream = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "text/event-stream" => true,
            "application/json" | "application/*" | "*/*" => false,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        if weight > best.0 {
            best = (weight, stream);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn accept_decides_between_json_and_events() {
        for (accept, stream) in [
            ("", false),
            ("*/*", false),
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("application/json, text/event-stream", false),
            ("text/event-stream, application/json", true),
            ("application/json;q=0.5, text/event-stream", true),
            ("text/event-stream;q=0", false),
            ("text/html", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(wants_stream(&headers), stream, "{accept}");
        }
    }
}
