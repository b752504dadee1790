//! The agent as its callers see it: questions in, answers, sources and errors out.

#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header::CONTENT_TYPE},
};
use demo_agent::{Agent, Document, router};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

mod contract;
mod program;
mod quality;

fn harbour() -> Router {
    let documents = [
        ("README.md", include_str!("corpus/README.md")),
        ("operations/incidents.md", include_str!("corpus/operations/incidents.md")),
        ("operations/CHANGELOG.md", include_str!("corpus/operations/CHANGELOG.md")),
    ];
    let documents = documents.map(|(path, text)| Document { path: path.to_owned(), text: text.into() });
    router(Arc::new(Agent::new(&documents)), Duration::ZERO)
}

async fn send(accept: &str, body: impl Into<Body>) -> Response<Body> {
    let request = Request::post("/run")
        .header("accept", accept)
        .header(CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap();
    harbour().oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn ask_with(body: Value) -> Value {
    let response = send("application/json", body.to_string()).await;
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_str(&text(response).await).unwrap()
}

async fn ask(question: &str) -> Value {
    ask_with(json!({ "input": question })).await
}
