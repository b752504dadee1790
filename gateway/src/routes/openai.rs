//! OpenAI's API, as far as it is about chats: agents are its models.

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use self::input::CompletionRequest;
use crate::{
    answer::Json,
    app::App,
    dialect::{Completion, Completions},
    extract::{Caller, Foreign, Name, idempotency_key},
    problem::{OpenAiProblem, Problem, Refused},
    run::Waits,
};

mod import;
mod input;

/// An agent, as a model.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Model {
    /// The name of the agent.
    id: String,
    /// `model`
    object: &'static str,
    /// When it was made: not known.
    created: i64,
    owned_by: &'static str,
}

/// All models.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Models {
    /// `list`
    object: &'static str,
    /// The default agent first.
    data: Vec<Model>,
}

impl Model {
    fn named(name: &str) -> Self {
        Self { id: name.to_owned(), object: "model", created: 0, owned_by: "colloquy" }
    }
}

/// Put a question to an agent, as to a model of OpenAI's.
///
/// The last message is the question. `metadata.conversation_id` or the header `x-conversation-id` continues a conversation,
/// by our id or by one of yours; its history is the one that is stored. Without, a new conversation begins with the
/// messages that came before the question. The answer names its conversation in `x-conversation-id` and in `colloquy`.
#[utoipa::path(
    post,
    path = "/v1/chat/completions",
    tag = "frontends",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters"),
        ("x-conversation-id" = Option<String>, Header, description = "The conversation: our id, or one of yours"),
    ),
    request_body = CompletionRequest,
    responses(
        (status = 200, description = "The completion; or its chunks", content(
            (Completion<'static> = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 404, body = OpenAiProblem<'static>, description = "No such model"),
        (status = 409, body = OpenAiProblem<'static>, description = "The run was stopped; or `user_erased`: you were erased"),
        (status = 422, body = OpenAiProblem<'static>, description = "The idempotency key was used for another request"),
        (status = 502, body = OpenAiProblem<'static>, description = "The agent failed"),
        (status = 504, body = OpenAiProblem<'static>, description = "The agent was too slow"),
    )
)]
pub(super) async fn complete(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Foreign(request): Foreign<CompletionRequest>,
) -> Result<Response, Refused> {
    let key = idempotency_key(&headers)?;
    let turn = request.turn(&headers)?;
    if !app.runs.agents().iter().any(|agent| agent.name() == turn.model) {
        return Err(no_such_model(&turn.model));
    }
    let wanted = Completions { model: turn.model.clone(), include_usage: turn.include_usage };
    if !turn.stream {
        let ask = import::ask(app.clone(), caller, turn, key, Waits::default());
        return wanted.whole(app.runs.see_through(ask).await?).await;
    }
    let asked = app.clone();
    let coming = app.runs.begin_or_wait(caller, |caller, waits| import::ask(asked, caller, turn, key, waits));
    wanted.stream(coming.await?).await
}

/// The agents, as models.
#[utoipa::path(get, path = "/v1/models", tag = "frontends", responses((status = 200, body = Models)))]
pub(super) async fn list_models(State(app): State<App>, _caller: Caller) -> Json<Models> {
    let data = app.runs.agents().iter().map(|agent| Model::named(agent.name())).collect();
    Json(Models { object: "list", data })
}

/// An agent, as a model.
#[utoipa::path(
    get,
    path = "/v1/models/{id}",
    tag = "frontends",
    params(("id" = String, Path)),
    responses((status = 200, body = Model), (status = 404, body = OpenAiProblem<'static>, description = "No such model"))
)]
pub(super) async fn get_model(State(app): State<App>, _caller: Caller, Name(id): Name) -> Result<Json<Model>, Refused> {
    let model = app.runs.agents().iter().find(|agent| agent.name() == id).map(|agent| Model::named(agent.name()));
    model.map(Json).ok_or_else(|| no_such_model(&id))
}

fn no_such_model(name: &str) -> Refused {
    let detail = format!("there is no agent `{name}`; GET /v1/models lists those there are");
    Problem::new(StatusCode::NOT_FOUND, "model_not_found", detail)
}
