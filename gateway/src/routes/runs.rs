//! Questions to agents.

use axum::{
    Json,
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
    app::App,
    dialect,
    extract::{Body, Caller, Id},
    fields::{Fields, FromFields},
    history,
    problem::{Problem, Refused},
    resource::{Run, RunAnswer},
    run::Ask,
};

/// A question to an agent.
#[derive(Debug, ToSchema)]
pub(super) struct RunRequest {
    /// The question.
    #[schema(min_length = 1, max_length = 1_000_000)]
    message: String,
    /// The conversation it belongs to; a new one without.
    conversation_id: Option<Uuid>,
    /// The message it follows; the newest of the shown path without. Null means none: it stands beside the first message,
    /// as an edit of the first question does.
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<String>,
    /// Who is to answer; the default agent without.
    #[schema(min_length = 1, max_length = 100)]
    agent: Option<String>,
    /// Your own, up to 16 KiB; kept with the question as it came, and given to the agent.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// For a new conversation: when it is to be deleted; never without.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Timestamp>,
}

impl FromFields for RunRequest {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.require("message");
        let message = fields.text("message", 1..=limit::CONTENT);
        let conversation_id = fields.uuid("conversation_id");
        let parent_id = fields.uuid_or_none("parent_id");
        let agent = fields.text("agent", 1..=limit::AGENT);
        let metadata = fields.metadata("metadata");
        let expires_at = fields.time("expires_at");
        Some(Self { message: message?, conversation_id, parent_id, agent, metadata, expires_at })
    }
}

/// Put a question to an agent.
///
/// The question is saved before the agent is called, and the answer is written to the end whether or not you stay.
/// With `Accept: text/event-stream` the answer is a stream of `run`, `delta`, `source`, `title`, `usage` and
/// exactly one of `completed`, `failed`, `cancelled`, `interrupted`; otherwise one JSON document at the end.
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
    let RunRequest { message, conversation_id, parent_id, agent, metadata, expires_at } = request;
    let idempotency_key = idempotency_key(&headers)?;
    let ask = Ask { caller, message, conversation_id, parent_id, expires_at, agent, metadata, idempotency_key };
    let reader = app.runs.ask(ask).await?;
    if wants_stream(&headers) {
        return Ok(dialect::stream(reader));
    }
    Ok(dialect::answer(reader).await?.into_response())
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
    let answer = app.history.runs().get_run(caller.ask(GetRunRequest { run_id })).await.map_err(history::problem)?;
    let run = answer.into_inner().run.ok_or_else(|| history::incomplete("GetRunResponse"))?;
    Ok(Json(run.into()))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    const NAME: &str = "Idempotency-Key";
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if !(1..=limit::IDEMPOTENCY_KEY).contains(&text.len()) || values.next().is_some() {
        let message = "must be one key of 1 to 200 printable ASCII characters";
        return Err(Problem::invalid_field(NAME, reason::FIELD_INVALID, message));
    }
    Ok(Some(text.to_owned()))
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
