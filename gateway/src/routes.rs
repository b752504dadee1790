//! The routes: each file a resource, each handler with its documentation.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::any,
};
use http::{HeaderMap, Method, StatusCode, Uri};
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, config::Options, edge, identity, problem::Problem};

mod ag_ui;
mod agents;
mod chat;
mod citations;
mod conversations;
mod documentation;
mod feedback;
mod messages;
mod openai;
mod privacy;
mod runs;
mod search;
mod source_input;
mod users;

/// Longer than any call of ours to another service, so that their answers are the ones that count.
const UNARY: Duration = Duration::from_secs(45);

/// The REST API as OpenAPI 3.1: what `/openapi.json` serves.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, mut openapi) = documented().split_for_parts();
    documentation::complete(&mut openapi);
    openapi
}

/// Everything that the gateway serves, with all that surrounds it.
pub(crate) fn router(app: &App, options: &Options) -> Router {
    let (api, _) = documented().split_for_parts();
    let identity = Router::new().route(&format!("{}{{*path}}", identity::PATH), any(identity::pass_on));
    let shared = api.merge(documentation::routes()).fallback(elsewhere).with_state(app.clone());
    edge::around(shared, identity.with_state(app.clone()), options)
}

fn documented() -> OpenApiRouter<App> {
    let unary = OpenApiRouter::new()
        .routes(routes!(agents::list_agents))
        .routes(routes!(runs::get_run))
        .routes(routes!(runs::cancel_run))
        .routes(routes!(users::get_me))
        .routes(routes!(conversations::list_conversations, conversations::create_conversation))
        .routes(routes!(
            conversations::get_conversation,
            conversations::update_conversation,
            conversations::delete_conversation
        ))
        .routes(routes!(search::search))
        .routes(routes!(messages::list_messages, messages::create_message))
        .routes(routes!(messages::list_sources))
        .routes(routes!(messages::list_siblings))
        .routes(routes!(citations::list_citations))
        .routes(routes!(feedback::set_feedback))
        .routes(routes!(chat::stop_chat))
        .routes(routes!(openai::list_models))
        .routes(routes!(openai::get_model))
        .route_layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, UNARY));
    let streaming = OpenApiRouter::new()
        .routes(routes!(runs::run_agent))
        .routes(routes!(runs::follow_run))
        .routes(routes!(chat::chat))
        .routes(routes!(chat::resume_chat))
        .routes(routes!(ag_ui::run_default_agent))
        .routes(routes!(ag_ui::run_named_agent))
        .routes(routes!(openai::complete))
        .routes(routes!(privacy::export_me))
        .routes(routes!(privacy::erase_me));
    OpenApiRouter::with_openapi(documentation::Frame::openapi()).merge(unary).merge(streaming)
}

/// A file or page of the web app, if there is one at this address.
async fn elsewhere(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let reads = matches!(method, Method::GET | Method::HEAD);
    let page = app.web.as_ref().filter(|_| reads).and_then(|web| web.answer(uri.path(), &headers));
    page.unwrap_or_else(|| Problem::of_status(StatusCode::NOT_FOUND).into_response())
}
