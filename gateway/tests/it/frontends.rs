//! The protocols of frontends, where no client need be asked: whose things are whose, and what errors look like.

use axum::http::{Method, StatusCode};
use gateway::Gateway;
use serde_json::{Value, json};
use testkit::agent::{Gate, Piece, Reply};

use crate::stack::{Answer, KEY, Stack, gateway_of, greeting, request, send};

const CHAT: &str = "/api/chat/my%2Fchat%20%C3%B6";

fn question(text: &str) -> Value {
    let message = json!({"id": "m", "role": "user", "parts": [{"type": "text", "text": text}]});
    json!({"id": "my/chat ö", "messages": [message], "trigger": "submit-message"})
}

async fn post(gateway: &Gateway, token: &str, path: &str, body: &Value) -> Answer {
    send(gateway.router(), request(token, "POST", path, Some(("application/json", body.to_string())))).await
}

async fn bare(gateway: &Gateway, token: &str, method: Method, path: &str) -> Answer {
    send(gateway.router(), request(token, method.as_str(), path, None)).await
}

/// What the chunks of a UI message stream say.
fn text(answer: &Answer) -> String {
    let data = answer.text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
    data.filter_map(|chunk: Value| chunk["delta"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_chat_is_resumed_and_stopped_anywhere_and_by_nobody_else() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::delta("a"), Piece::Wait(gate.clone()), Piece::delta("b"), Piece::done()]);
    let stack = Stack::new(reply).await;
    let elsewhere = gateway_of(&stack.history, &[&format!("--agent-url={}", stack.agent.url())], KEY);
    let asked = question("hi");
    let asking = post(&stack.gateway, "alice", "/api/chat", &asked);
    let others = async {
        stack.agent.asked(1).await;
        let run = stack.history.tables().runs.values().next().unwrap().1.clone();
        let ours = format!("/api/chat/{}", run.conversation_id);
        for chat in [CHAT, &ours] {
            let stream = bare(&stack.gateway, "bob", Method::GET, &format!("{chat}/stream")).await;
            assert_eq!((stream.status, stream.text.as_str()), (StatusCode::NO_CONTENT, ""));
            let stop = bare(&stack.gateway, "bob", Method::POST, &format!("{chat}/stop")).await;
            assert_eq!(stop.status, StatusCode::NO_CONTENT);
        }
        let theirs = json!({"id": "x", "trigger": "regenerate-message", "messageId": run.message_id});
        let refused = post(&stack.gateway, "bob", "/api/chat", &theirs).await;
        assert_eq!(refused.problem(), (400, "question_expected".to_owned()));
        assert!(stack.history.tables().cancelled.is_empty());

        let resumed = [CHAT, &ours].map(|chat| format!("{chat}/stream"));
        let here = bare(&stack.gateway, "alice", Method::GET, &resumed[0]);
        let there = bare(&elsewhere, "alice", Method::GET, &resumed[1]);
        let opened = async {
            stack.history.happened("WatchRun").await;
            gate.open();
        };
        let (here, there, ()) = tokio::join!(here, there, opened);
        [here, there]
    };
    let (asked, resumed) = tokio::join!(asking, others);
    for answer in resumed.iter().chain([&asked]) {
        assert_eq!(text(answer), "ab");
        assert_eq!(answer.header("x-vercel-ai-ui-message-stream"), "v1");
        assert!(answer.text.ends_with("data: [DONE]\n\n"), "{}", answer.text);
    }
    let long_over = bare(&stack.gateway, "alice", Method::GET, &format!("{CHAT}/stream")).await;
    assert_eq!(long_over.status, StatusCode::NO_CONTENT);
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn only_what_has_the_form_of_our_ids_is_looked_for_among_them() {
    for (id, looks) in [
        ("m-1", 2),
        ("9b2d7c1e-4f0a-4c3b-8d21-7e6f5a4b3c2d", 2),
        ("00000000-0000-0000-0000-000000000000", 2),
        ("01970000-0000-7000-8000-000000000001", 3),
    ] {
        let stack = Stack::new(greeting()).await;
        let mut edited = question("hi");
        edited["messageId"] = json!(id);
        assert_eq!(text(&post(&stack.gateway, "alice", "/api/chat", &edited).await), "Hello Alice");
        let looked = stack.history.story().iter().filter(|what| *what == "GetMessage").count();
        assert_eq!(looked, looks, "{id}");
    }
}

#[tokio::test]
async fn a_stop_needs_no_body() {
    let stack = Stack::new(Reply::Sse(vec![Piece::delta("a"), Piece::Hang])).await;
    let asked = question("hi");
    let asking = post(&stack.gateway, "alice", "/api/chat", &asked);
    let stopping = async {
        stack.agent.asked(1).await;
        bare(&stack.gateway, "alice", Method::POST, &format!("{CHAT}/stop")).await
    };
    let (asked, stopped) = tokio::join!(asking, stopping);
    assert_eq!(stopped.status, StatusCode::NO_CONTENT);
    assert!(asked.text.contains(r#"{"type":"abort"}"#), "{}", asked.text);
}

#[tokio::test]
async fn what_no_frontend_may_send_is_refused_by_name() {
    let stack = Stack::new(greeting()).await;
    let run = json!({"threadId": "t", "runId": "r", "messages": []});
    for (path, body, code) in [
        ("/api/chat", json!({"messages": []}), "invalid_request"),
        ("/api/chat", json!({"id": "", "messages": []}), "invalid_request"),
        ("/api/chat", json!({"id": "c", "trigger": "resume-stream"}), "invalid_request"),
        ("/api/chat", json!({"id": "c", "messages": [{"role": "assistant", "parts": []}]}), "question_expected"),
        ("/ag-ui", json!({"threadId": "t"}), "invalid_request"),
        ("/ag-ui", run.clone(), "question_expected"),
        ("/ag-ui", json!({"resume": [{}], "threadId": "t", "runId": "r", "messages": []}), "question_expected"),
        (
            "/ag-ui/nobody",
            json!({"threadId": "t", "runId": "r", "messages": [{"role": "user", "content": "x"}]}),
            "invalid_request",
        ),
    ] {
        let answer = post(&stack.gateway, "alice", path, &body).await;
        assert_eq!(answer.problem(), (400, code.to_owned()), "{path} {body}");
    }
    assert!(stack.agent.received().is_empty());
}

#[tokio::test]
async fn below_v1_every_error_has_the_form_of_openai() {
    let stack = Stack::with(greeting(), &["--gateway-max-body=1000", "--cors-origins=https://app.test"]).await;
    let completions = "/v1/chat/completions";
    let large = json!({"model": "default", "messages": [{"role": "user", "content": "x".repeat(16_000)}]});
    assert_eq!(post(&stack.gateway, "alice", completions, &large).await.openai_error().0, 413);
    let repeated =
        json!({"id": "c", "message": question("hi")["messages"][0], "messages": [{"text": "x".repeat(15_000)}]});
    assert_eq!(text(&post(&stack.gateway, "alice", "/api/chat", &repeated).await), "Hello Alice");
    let none = json!({"model": "nobody", "messages": [{"role": "user", "content": "x"}]});
    let expected = (404, "model_not_found".to_owned());
    assert_eq!(post(&stack.gateway, "alice", completions, &none).await.openai_error(), expected);
    let answer =
        send(stack.gateway.router(), request("alice", "POST", completions, Some(("text/plain", "x".into())))).await;
    assert_eq!(answer.openai_error(), (415, "unsupported_media_type".to_owned()));
    for (method, path, expected) in [
        (Method::GET, "/v1/embeddings", (404, "route_not_found")),
        (Method::GET, completions, (405, "method_not_allowed")),
        (Method::GET, "/v1/models/nobody", (404, "model_not_found")),
    ] {
        let answer = bare(&stack.gateway, "alice", method, path).await;
        assert_eq!(answer.openai_error(), (expected.0, expected.1.to_owned()), "{path}");
    }
    let mut preflight = request("", "OPTIONS", completions, None);
    preflight.headers_mut().insert("origin", "https://app.test".parse().unwrap());
    preflight.headers_mut().insert("access-control-request-method", "POST".parse().unwrap());
    let allowed = send(stack.gateway.router(), preflight).await;
    assert!(allowed.header("access-control-allow-headers").contains("x-stainless-runtime-version"), "{allowed:?}");
}

#[tokio::test]
async fn a_history_that_is_away_is_said_before_the_agent_is_called() {
    let stack = Stack::new(greeting()).await;
    stack.history.0.away.store(true, std::sync::atomic::Ordering::SeqCst);
    let earlier = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]);
    let completion = json!({"model": "default", "messages": earlier});
    let answer = post(&stack.gateway, "alice", "/v1/chat/completions", &completion).await;
    assert_eq!(answer.openai_error(), (503, "database_unavailable".to_owned()));
    assert!(!answer.header("retry-after").is_empty());
    let answer = post(&stack.gateway, "alice", "/api/chat", &question("hi")).await;
    assert_eq!(answer.problem(), (503, "database_unavailable".to_owned()));
    assert!(stack.agent.received().is_empty());
}

#[tokio::test]
async fn over_ag_ui_a_run_that_ended_is_told_again_by_its_id_alone() {
    let stack = Stack::new(greeting()).await;
    let question = json!({"id": "m", "role": "user", "content": "hi"});
    let run = |thread: &str, messages: Value| json!({"threadId": thread, "runId": "r", "messages": messages});
    let first = post(&stack.gateway, "alice", "/ag-ui", &run("t", json!([question]))).await;
    assert!(text(&first) == "Hello Alice" && first.text.contains("RUN_FINISHED"), "{}", first.text);
    let answer = json!({"id": "a", "role": "assistant", "content": "Hello Alice"});
    for messages in [json!([question, answer]), json!([])] {
        let again = post(&stack.gateway, "alice", "/ag-ui", &run("t", messages.clone())).await;
        assert_eq!((text(&again).as_str(), again.text.contains("RUN_FINISHED")), ("Hello Alice", true), "{messages}");
        for (who, thread) in [("bob", "t"), ("alice", "another")] {
            let refused = post(&stack.gateway, who, "/ag-ui", &run(thread, messages.clone())).await;
            assert_eq!(refused.problem(), (400, "question_expected".to_owned()), "{who} {thread}");
        }
    }
    assert_eq!(stack.agent.received().len(), 1);
}
