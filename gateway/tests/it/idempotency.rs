//! The same request sent twice makes one message and one agent call.

use std::sync::atomic::Ordering;

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use testkit::agent::{Gate, Piece, Reply};

use crate::stack::{KEY, Stack, events, gateway_of, greeting, request, send};

fn keyed(body: &Value, accept: &str) -> Request<Body> {
    let mut request = request("alice", "POST", "/agents/run", Some(("application/json", body.to_string())));
    request.headers_mut().insert("idempotency-key", "k-1".parse().unwrap());
    request.headers_mut().insert("accept", accept.parse().unwrap());
    request
}

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream";

#[tokio::test]
async fn two_at_once_are_one() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::delta("a"), Piece::Wait(gate.clone()), Piece::delta("b"), Piece::done()]);
    let stack = Stack::new(reply).await;
    let body = json!({"message": "hi", "metadata": {"a": 1, "b": 2}});
    let router = || stack.gateway.router();
    let opened = async {
        stack.history.happened("agent asked").await;
        gate.open();
    };
    let (one, two, three, ()) = tokio::join!(
        send(router(), keyed(&body, JSON)),
        send(router(), keyed(&body, JSON)),
        send(router(), keyed(&body, SSE)),
        opened,
    );
    assert_eq!((one.status.as_u16(), one.json()), (200, two.json()));
    let events = events(&three.text);
    let said: String = events.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
    let (name, last) = events.last().unwrap();
    assert_eq!((said.as_str(), name.as_str(), &last["message"]), ("ab", "completed", &one.json()["message"]));
    assert_eq!((stack.agent.received().len(), stack.history.tables().runs.len()), (1, 1));
}

#[tokio::test]
async fn the_same_key_for_something_else_is_refused() {
    let stack = Stack::new(greeting()).await;
    assert_eq!(send(stack.gateway.router(), keyed(&json!({"message": "hi"}), JSON)).await.status, 200);
    let other = send(stack.gateway.router(), keyed(&json!({"message": "ho"}), JSON)).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
    for other in
        [json!({"message": "hi", "parent_id": null}), json!({"message": "hi", "expires_at": "2030-01-01T00:00:00Z"})]
    {
        let other = send(stack.gateway.router(), keyed(&other, JSON)).await;
        assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
    }
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn of_a_run_that_ended_only_the_history_tells() {
    let stack = Stack::new(greeting()).await;
    let body = json!({"message": "hi"});
    let first = send(stack.gateway.router(), keyed(&body, JSON)).await;
    let again = send(stack.gateway.router(), keyed(&body, JSON)).await;
    assert_eq!((first.status.as_u16(), first.json()), (200, again.json()));
    assert_eq!(stack.history.story(), ["StartRun", "agent asked", "FinishRun", "StartRun", "WatchRun"]);
}

#[tokio::test]
async fn a_run_that_could_not_be_saved_is_told_of_again() {
    let stack = Stack::with(greeting(), &["--gateway-save-timeout=120ms"]).await;
    stack.history.0.finish_failures.store(usize::MAX, Ordering::SeqCst);
    let body = json!({"message": "hi"});
    let first = send(stack.gateway.router(), keyed(&body, JSON)).await;
    let again = send(stack.gateway.router(), keyed(&body, JSON)).await;
    assert_eq!((first.problem(), again.problem().1.as_str()), ((503, "not_saved".to_owned()), "not_saved"));
    assert_eq!(again.json()["message"], first.json()["message"]);
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn the_spelling_of_a_body_does_not_matter() {
    let stack = Stack::new(greeting()).await;
    let mut answers = Vec::new();
    for body in
        [r#"{"message":"hi","metadata":{"a":1,"b":2}}"#, r#"{ "metadata": {"b": 2, "a": 1}, "message": "h\u0069" }"#]
    {
        let mut request = keyed(&json!({}), JSON);
        *request.body_mut() = body.into();
        answers.push(send(stack.gateway.router(), request).await.json());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn an_ended_run_of_another_gateway_is_told_from_the_history() {
    let reply = json!({"output": "Hello", "sources": [{"title": "T"}], "usage": {"total_tokens": 3}});
    let stack = Stack::new(Reply::Json(reply)).await;
    let body = json!({"message": "hi"});
    let first = send(stack.gateway.router(), keyed(&body, JSON)).await.json();
    let elsewhere = gateway_of(&stack.history, &[&format!("--agent-url={}", stack.agent.url())], KEY);
    assert_eq!(send(elsewhere.router(), keyed(&body, JSON)).await.json(), first);
    let events = events(&send(elsewhere.router(), keyed(&body, SSE)).await.text);
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["run", "delta", "source", "usage", "completed"]);
    assert_eq!((&events[1].1, &events[4].1["message"]), (&json!({"text": "Hello"}), &first["message"]));
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn a_run_that_goes_on_elsewhere_is_joined_there() {
    let gate = Gate::new();
    let stack = Stack::new(Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::done()])).await;
    let body = json!({"message": "hi"});
    let elsewhere = gateway_of(&stack.history, &[&format!("--agent-url={}", stack.agent.url())], KEY);
    let joining = async {
        stack.agent.asked(1).await;
        let (answer, ()) = tokio::join!(send(elsewhere.router(), keyed(&body, JSON)), async {
            stack.history.happened("WatchRun").await;
            gate.open();
        });
        answer
    };
    let (first, joined) = tokio::join!(send(stack.gateway.router(), keyed(&body, JSON)), joining);
    assert_eq!((joined.status.as_u16(), joined.json()), (200, first.json()));
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn a_completion_with_another_past_is_another_request_and_leaves_nothing_behind() {
    let stack = Stack::new(greeting()).await;
    let said = |role: &str, text: &str| json!({"role": role, "content": text});
    let complete = async |key: &str, past: &[Value], thread: Option<&str>| {
        let messages: Vec<_> = past.iter().cloned().chain([said("user", "and?")]).collect();
        let metadata = thread.map(|id| json!({"conversation_id": id}));
        let body = json!({"model": "default", "messages": messages, "metadata": metadata});
        let body = ("application/json", body.to_string());
        let mut request = request("alice", "POST", "/v1/chat/completions", Some(body));
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        send(stack.gateway.router(), request).await
    };
    let count = || {
        let tables = stack.history.tables();
        (tables.conversations.len(), tables.messages.len())
    };
    let past = [said("system", "be kind"), said("user", "hi"), said("assistant", "ho")];
    let other = [said("system", "be unkind"), said("user", "hi"), said("assistant", "ho")];
    let reused = (422, "idempotency_key_reused".to_owned());
    for (key, thread) in [("k", None), ("l", Some("thread"))] {
        let first = complete(key, &past, thread).await;
        assert_eq!(first.status, 200, "{first:?}");
        let stored = count();
        let again = complete(key, &past, thread).await;
        assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
        let longer = [&past[..], &other[1..]].concat();
        for past in [&other[..], &past[..2], &longer, &[]] {
            for thread in [thread, Some("elsewhere")] {
                assert_eq!(complete(key, past, thread).await.openai_error(), reused, "{past:?} {thread:?}");
            }
        }
        assert_eq!(complete(key, &past, Some("elsewhere")).await.openai_error(), reused);
        assert_eq!(count(), stored);
    }
    assert_eq!(stack.agent.received().len(), 2);
}
