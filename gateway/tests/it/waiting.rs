//! Questions that wait for the end of another run: their streams speak at once, and have a last word.

use std::sync::atomic::Ordering;

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use testkit::agent::{Gate, Piece, Reply};
use tower::ServiceExt as _;

use crate::stack::{Stack, events, request, text};

async fn streamed(stack: &Stack, path: &str, body: &Value) -> Response {
    let mut request = request("alice", "POST", path, Some(("application/json", body.to_string())));
    request.headers_mut().insert(header::ACCEPT, "text/event-stream".parse().unwrap());
    let response = stack.gateway.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    response
}

/// The response after its first frame, which is a comment.
async fn after_a_comment(response: Response) -> Response {
    let (parts, mut body) = response.into_parts();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, ": keep-alive\n\n");
    Response::from_parts(parts, Body::new(body))
}

fn conversation(stack: &Stack) -> String {
    stack.history.tables().conversations.keys().next().unwrap().clone()
}

#[tokio::test]
async fn who_stands_in_line_hears_so_before_the_other_run_ends() {
    let gate = Gate::new();
    let waiting = Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::delta("a"), Piece::done()]);
    let stack = Stack::scripted([waiting, Reply::Sse(vec![Piece::delta("b"), Piece::done()])], &[]).await;
    let first = streamed(&stack, "/agents/run", &json!({"message": "one"})).await;
    let second = json!({"message": "two", "conversation_id": conversation(&stack), "on_conflict": "enqueue"});
    let second = after_a_comment(streamed(&stack, "/agents/run", &second).await).await;
    assert_eq!(stack.history.tables().runs.len(), 1);
    gate.open();
    let (first, second) = tokio::join!(text(first), text(second));
    for told in [first, format!(": keep-alive\n\n{second}")] {
        let events = events(&told);
        let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["run", "delta", "completed"], "{told}");
    }
    assert_eq!(stack.agent.received().len(), 2);
}

#[tokio::test]
async fn what_is_refused_after_it_waited_ends_its_stream_with_a_word() {
    let said = |id: &str| json!({"id": id, "role": "user", "content": "x", "parts": [{"type": "text", "text": "x"}]});
    let dialects = [
        ("/agents/run", "event: failed\ndata: {\"run\":null,\"message\":null,\"problem\":{"),
        ("/api/chat", r#""messageMetadata":{"status":"refused","error":{"code":"database_unavailable""#),
        ("/ag-ui", r#"data: {"type":"RUN_ERROR","#),
        ("/v1/chat/completions", r#"data: {"error":{"#),
    ];
    let refused = dialects.map(async |(path, expected)| {
        let flags = ["--gateway-save-timeout=5s"];
        let stack = Stack::with(Reply::Sse(vec![Piece::delta("a"), Piece::Hang]), &flags).await;
        let _first = streamed(&stack, "/agents/run", &json!({"message": "one"})).await;
        // The first run is stopped, and its end cannot be saved for a while.
        stack.history.0.finish_failures.store(usize::MAX, Ordering::SeqCst);
        let id = conversation(&stack);
        let second = match path {
            "/agents/run" => json!({"message": "two", "conversation_id": id, "on_conflict": "cancel_previous"}),
            "/api/chat" => json!({"id": id, "messages": [said("m")]}),
            "/ag-ui" => json!({"threadId": id, "runId": "r", "messages": [said("m")]}),
            _ => {
                let messages = [json!({"role": "user", "content": "x"})];
                json!({"model": "default", "stream": true, "messages": messages, "metadata": {"conversation_id": id}})
            }
        };
        let second = after_a_comment(streamed(&stack, path, &second).await).await;
        stack.history.0.away.store(true, Ordering::SeqCst);
        let told = text(second).await;
        assert!(told.contains(expected) && told.contains("database_unavailable"), "{path}: {told}");
        assert!(told.ends_with("data: [DONE]\n\n") == path.contains("chat"), "{path}: {told}");
        assert_eq!(stack.agent.received().len(), 1);
    });
    futures_util::future::join_all(refused).await;
}
