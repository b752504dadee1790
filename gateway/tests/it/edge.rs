//! What surrounds every route.

use axum::http::header;
use serde_json::json;
use testkit::agent::{Gate, Piece, Reply};

use crate::stack::{Stack, request, send, text};

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let stack = Stack::new(Reply::Silence).await;
    for path in ["/nowhere", "/conversations/", "/agents/run/x"] {
        assert_eq!(stack.send("GET", path, None).await.problem(), (404, "route_not_found".to_owned()));
    }
    let wrong = stack.send("PUT", "/conversations", None).await;
    assert_eq!(wrong.problem(), (405, "method_not_allowed".to_owned()));
    let mut allowed: Vec<_> = wrong.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let head = stack.send("HEAD", "/users/me", None).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn every_answer_has_its_request_id_and_is_not_kept() {
    let stack = Stack::new(Reply::Silence).await;
    let mut given = request("alice", "GET", "/agents", None);
    given.headers_mut().insert("x-request-id", "req-7".parse().unwrap());
    let answer = send(stack.gateway.router(), given).await;
    assert_eq!(answer.header("x-request-id"), "req-7");
    assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-store", "nosniff"));
    let mut forged = request("alice", "GET", "/agents", None);
    forged.headers_mut().insert("x-request-id", "a b".parse().unwrap());
    assert_ne!(send(stack.gateway.router(), forged).await.header("x-request-id"), "a b");
}

#[tokio::test]
async fn other_origins_are_let_in_by_name_only() {
    let preflight = |origin: &str| {
        let mut request = request("", "OPTIONS", "/agents/run", None);
        let headers = request.headers_mut();
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, "POST".parse().unwrap());
        headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,idempotency-key".parse().unwrap());
        request
    };
    let closed = Stack::new(Reply::Silence).await;
    let answer = send(closed.gateway.router(), preflight("https://app.test")).await;
    assert!(answer.header("access-control-allow-origin").is_empty());

    let open = Stack::with(Reply::Silence, &["--cors-origins=https://app.test"]).await;
    let answer = send(open.gateway.router(), preflight("https://app.test")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.test");
    assert!(answer.header("access-control-allow-headers").contains("idempotency-key"));
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    let other = send(open.gateway.router(), preflight("https://evil.test")).await;
    assert!(other.header("access-control-allow-origin").is_empty());
    let mut refused = request("", "GET", "/users/me", None);
    refused.headers_mut().insert(header::ORIGIN, "https://app.test".parse().unwrap());
    let refused = send(open.gateway.router(), refused).await;
    assert_eq!((refused.problem().0, refused.header("access-control-allow-origin")), (401, "https://app.test"));
    assert_eq!(
        refused.header("access-control-expose-headers"),
        "x-request-id,retry-after,ratelimit,ratelimit-policy,location,content-disposition,x-conversation-id,\
         x-vercel-ai-ui-message-stream"
    );
}

#[tokio::test]
async fn a_stream_takes_a_place_until_its_end() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::done()]);
    let stack = Stack::with(reply, &["--gateway-max-requests=1"]).await;
    let stream = stack.stream(&json!({"message": "hi"})).await;
    let refused = stack.send("GET", "/agents", None).await;
    assert_eq!((refused.problem(), refused.header("retry-after")), ((503, "overloaded".to_owned()), "1"));
    gate.open();
    text(stream).await;
    assert_eq!(stack.send("GET", "/agents", None).await.status, 200);
}
