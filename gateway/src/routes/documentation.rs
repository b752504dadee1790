//! The API described: `/openapi.json`, a page that shows it at `/docs`, and a signpost at `/`.

use std::sync::LazyLock;

use axum::{
    Json, Router,
    extract::State,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;
use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder,
        path::{Operation, PathItem},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use crate::{app::App, problem::Wording};

/// What is not about a single route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Colloquy",
        description = "Accounts and durable chat history in front of any AI agent. Every request needs \
            `Authorization: Bearer <token>` or the session cookie of Better Auth; what belongs to someone else answers 404. Errors are RFC 9457 problems with \
            a stable `code`; below `/v1`, errors as OpenAI's API has them, with the same code."
    ),
    tags(
        (name = "agents", description = "Put questions to agents"),
        (name = "conversations", description = "My conversations"),
        (name = "messages", description = "What was said in them"),
        (name = "search", description = "What I am looking for"),
        (name = "frontends", description = "The protocols of the AI SDK, AG-UI and OpenAI"),
        (name = "users", description = "Me"),
    )
)]
pub(super) struct Frame;

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| super::openapi().to_json().expect("the document is made of strings and numbers"));

const PAGE: &str = include_str!("../../assets/docs.html");

pub(super) fn routes() -> Router<App> {
    Router::new().route("/", get(signpost)).route("/docs", get(page)).route("/openapi.json", get(document))
}

/// For programs; people get the first page, if there is one.
async fn signpost(State(app): State<App>, headers: HeaderMap) -> Response {
    let page = app.web.as_ref().and_then(|web| web.answer("/", &headers));
    page.unwrap_or_else(|| {
        let signpost = json!({ "name": "Colloquy", "documentation": "/docs", "openapi": "/openapi.json" });
        ([(header::VARY, HeaderValue::from_static("accept"))], Json(signpost)).into_response()
    })
}

/// Nothing from elsewhere is loaded, and nothing may be.
async fn page() -> impl IntoResponse {
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(PAGE))
}

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], DOCUMENT.as_str())
}

/// Adds what holds for every route: the credential, and the problems that any request can meet.
pub(super) fn complete(document: &mut Document) {
    let cookie = ApiKeyValue::with_description(
        "__Secure-better-auth.session_token",
        "The session cookie of Better Auth, also without `__Secure-`. `Authorization` wins over it. Other methods than \
         GET and HEAD count only from pages of this origin or a listed one.",
    );
    let schemes = [
        ("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))),
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
    ];
    let components = document.components.get_or_insert_default();
    let mut either = Vec::new();
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
        either.push(SecurityRequirement::new(name, std::iter::empty::<&str>()));
    }
    document.security = Some(either);
    for (path, item) in &mut document.paths.paths {
        let wording = Wording::at(path);
        for operation in changes(item) {
            let refused = problem("The session cookie came from a page of another origin");
            operation.responses.responses.entry("403".to_owned()).or_insert(refused);
        }
        for operation in operations(item) {
            let general = [
                ("400", "The request is invalid: `errors` says where"),
                ("401", "There is no credential, or none that is accepted"),
                ("429", "Too many credentials from this address were refused: try again after `Retry-After`"),
                ("500", "Something broke on our side"),
                ("503", "Too much to do, or a service is away: try again after `Retry-After`"),
                ("504", "The answer took too long"),
            ];
            let of_bodies = [
                ("408", "The body took too long to arrive"),
                ("413", "The body is too large"),
                ("415", "The body is not JSON"),
            ];
            let of_bodies = of_bodies.into_iter().filter(|_| operation.request_body.is_some());
            for (status, description) in general.into_iter().chain(of_bodies).collect::<Vec<_>>() {
                operation.responses.responses.entry(status.to_owned()).or_insert_with(|| problem(description));
            }
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                if !status.starts_with('2') {
                    as_problem(response, wording);
                } else if response.description.is_empty() {
                    "Done".clone_into(&mut response.description);
                }
            }
        }
    }
}

fn problem(description: &str) -> RefOr<utoipa::openapi::Response> {
    RefOr::T(ResponseBuilder::new().description(description).build())
}

fn as_problem(response: &mut utoipa::openapi::Response, wording: Wording) {
    let (media_type, schema) = match wording {
        Wording::Problem => ("application/problem+json", "Problem"),
        Wording::OpenAi => ("application/json", "OpenAiProblem"),
    };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    response.content.clear();
    response.content.insert(media_type.to_owned(), content.into());
    if response.description.is_empty() {
        "There is no such thing, for you".clone_into(&mut response.description);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Those that a foreign page must not cause.
fn changes(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

#[cfg(test)]
mod tests;
