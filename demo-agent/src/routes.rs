//! HTTP: `POST /run` as JSON or as server-sent events, and `GET /healthz`.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest as _, Request, State},
    http::{HeaderMap, StatusCode, header::ACCEPT},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::{get, post},
};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Serialize;
use serde_json::json;

use crate::{
    Agent,
    agent::Reply,
    contract::{Problem, ProblemBody, RunRequest, RunResponse},
};

const LONGEST_BODY: usize = 32 * 1024 * 1024;
const BODY_DEADLINE: Duration = Duration::from_secs(15);
/// How many words of an answer leave together.
const WORDS_IN_A_PIECE: usize = 3;

#[derive(Clone)]
struct Context {
    agent: Arc<Agent>,
    pace: Duration,
}

/// The routes of an agent. A streamed answer pauses for `pace` before each piece.
pub fn router(agent: Arc<Agent>, pace: Duration) -> Router {
    Router::new()
        .route("/run", post(run))
        .route("/healthz", get(healthz))
        .fallback(async || {
            problem(StatusCode::NOT_FOUND, "not_found", "there are POST /run and GET /healthz".to_owned())
        })
        .method_not_allowed_fallback(async || {
            problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "ask with POST /run".to_owned())
        })
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(Context { agent, pace })
}

async fn healthz(State(context): State<Context>) -> Json<serde_json::Value> {
    let agent = &context.agent;
    Json(json!({ "status": "ok", "documents": agent.document_count(), "passages": agent.passage_count() }))
}

async fn run(State(context): State<Context>, request: Request) -> Response {
    let streamed = wants_events(request.headers());
    let body = match tokio::time::timeout(BODY_DEADLINE, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(refused)) => return problem(refused.status(), "invalid_request", refused.body_text()),
        Err(_) => return problem(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time".to_owned()),
    };
    let request = match RunRequest::parse(&body) {
        Ok(request) => request,
        Err(message) => return problem(StatusCode::BAD_REQUEST, "invalid_request", message),
    };
    let reply = context.agent.reply(&request);
    if streamed {
        ([("x-accel-buffering", "no")], Sse::new(events(reply, context.pace))).into_response()
    } else {
        let output = reply.output();
        let sources = reply.parts.into_iter().filter_map(|part| part.source).collect();
        Json(RunResponse { output, title: reply.title, sources, usage: reply.usage }).into_response()
    }
}

fn wants_events(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("text/event-stream"))
}

fn events(reply: Reply, pace: Duration) -> impl Stream<Item = Result<Event, Infallible>> {
    let mut events = Vec::new();
    events.extend(reply.title.map(|title| (false, event("title", json!({ "title": title })))));
    for part in reply.parts {
        events.extend(part.source.map(|source| (false, event("source", source))));
        events.extend(pieces(&part.text).map(|text| (true, event("delta", json!({ "text": text })))));
    }
    events.push((false, event("usage", reply.usage)));
    events.push((false, event("done", json!({}))));
    stream::iter(events).then(move |(paced, event)| async move {
        if paced && !pace.is_zero() {
            tokio::time::sleep(pace).await;
        }
        Ok(event)
    })
}

fn event(name: &str, data: impl Serialize) -> Event {
    Event::default().event(name).json_data(data).expect("our own types can be written as JSON")
}

/// Groups of words with the space that follows them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut starts = rest
            .char_indices()
            .zip(rest.chars().skip(1))
            .filter(|((_, c), next)| c.is_whitespace() && !next.is_whitespace());
        let end = starts.nth(WORDS_IN_A_PIECE - 1).map_or(rest.len(), |((at, c), _)| at + c.len_utf8());
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn problem(status: StatusCode, code: &'static str, message: String) -> Response {
    (status, Json(Problem { error: ProblemBody { code, message } })).into_response()
}
