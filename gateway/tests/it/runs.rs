//! Runs answered by JSON, and what the agent gets to see.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::{Value, json};
use testkit::agent::{Gate, Piece, Reply};

use crate::stack::{Stack, gateway_of, greeting, request, send};

#[tokio::test]
async fn the_question_is_saved_before_the_agent_is_called_and_the_answer_before_it_is_given() {
    let reply = json!({"answer": "Twelve.", "title": "Sums", "model": "m-1", "usage": {"input_tokens": 3, "output_tokens": 1},
        "sources": [{"title": "Tables", "url": "https://t", "page": 7}, "Chapter 3"]});
    let stack = Stack::with(Reply::Json(reply), &["--agent-api-key=sk-secret", "--agent-model=m-0"]).await;
    let answer = stack.ask(&json!({"message": "What is 3 × 4?", "metadata": {"lang": "en"}})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(stack.history.story(), ["StartRun", "agent asked", "FinishRun"]);
    assert_eq!(answer.header("cache-control"), "no-store");

    let body = answer.json();
    assert_eq!(body["run"]["status"], "completed");
    assert_eq!(body["run"]["usage"], json!({"input_tokens": 3, "output_tokens": 1, "total_tokens": 4}));
    assert_eq!(body["user_message"]["content"], "What is 3 × 4?");
    assert_eq!(body["user_message"]["metadata"], json!({"lang": "en"}));
    let message = &body["message"];
    assert_eq!(
        (&message["content"], &message["status"], &message["model"]),
        (&json!("Twelve."), &json!("completed"), &json!("m-1"))
    );
    assert_eq!(message["sources"][0]["metadata"], json!({"page": 7}));
    assert_eq!(message["sources"][1]["title"], "Chapter 3");
    assert_eq!(stack.history.finished().title.as_deref(), Some("Sums"));

    let asked = stack.agent.received().remove(0);
    let expected = json!({
        "run_id": body["run"]["id"], "conversation_id": body["run"]["conversation_id"],
        "user": {"id": crate::fake::ALICE, "email": "alice@example.com", "name": null},
        "input": "What is 3 × 4?", "messages": [{"role": "user", "content": "What is 3 × 4?"}],
        "metadata": {"lang": "en"}, "model": "m-0",
    });
    assert_eq!(asked.body, expected);
    assert_eq!(asked.headers["authorization"], "Bearer sk-secret");
    assert_eq!(asked.headers["x-request-id"], answer.header("x-request-id"));
    let run = stack.send("GET", &format!("/runs/{}", body["run"]["id"].as_str().unwrap()), None).await.json();
    assert_eq!(run, body["run"]);
}

#[tokio::test]
async fn a_stream_of_the_agents_is_one_answer_in_json() {
    let stack = Stack::new(greeting()).await;
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!((answer.status, &answer.json()["message"]["content"]), (StatusCode::OK, &json!("Hello Alice")));
}

#[tokio::test]
async fn agents_are_listed() {
    let stack = Stack::with(greeting(), &["--agent-model=m"]).await;
    let expected = json!({"items": [{"name": "default", "protocol": "native", "model": "m", "default": true}], "next_cursor": null});
    assert_eq!(stack.send("GET", "/agents", None).await.json(), expected);
}

#[tokio::test]
async fn without_an_agent_a_question_is_refused_and_not_saved() {
    let history = crate::fake::FakeHistory::default();
    let gateway = gateway_of(&history, &[], crate::stack::KEY);
    let body = json!({"message": "hi"}).to_string();
    let request = request("alice", "POST", "/agents/run", Some(("application/json", body)));
    assert_eq!(send(gateway.router(), request).await.problem(), (503, "agent_not_configured".to_owned()));
    assert!(history.story().is_empty());
}

#[tokio::test]
async fn with_the_database_away_the_agent_is_not_called() {
    let stack = Stack::new(greeting()).await;
    stack.history.0.away.store(true, Ordering::SeqCst);
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(answer.problem(), (503, "database_unavailable".to_owned()));
    assert_eq!(answer.header("retry-after"), "3");
    assert!(stack.agent.received().is_empty());
}

#[tokio::test]
async fn a_short_absence_of_the_database_at_the_end_is_bridged() {
    let stack = Stack::new(greeting()).await;
    stack.history.0.finish_failures.store(3, Ordering::SeqCst);
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["message"]["content"]), (200, &json!("Hello Alice")));
}

#[tokio::test]
async fn an_answer_that_cannot_be_saved_says_so() {
    let stack = Stack::with(greeting(), &["--gateway-save-timeout=120ms"]).await;
    stack.history.0.finish_failures.store(usize::MAX, Ordering::SeqCst);
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(answer.problem(), (503, "not_saved".to_owned()));
    assert_eq!(answer.json()["message"]["content"], "Hello Alice");
    let events = stack.events(&json!({"message": "again"})).await;
    let (name, last) = events.last().unwrap();
    assert_eq!((name.as_str(), &last["run"]["error"]["code"]), ("failed", &json!("not_saved")));
}

#[tokio::test]
async fn an_answer_that_the_history_refuses_keeps_its_text() {
    let stack = Stack::new(Reply::Json(json!({"output": "text", "sources": ["odd"]}))).await;
    stack.history.0.refuse_sources.store(true, Ordering::SeqCst);
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(answer.problem(), (502, "agent_bad_response".to_owned()));
    assert_eq!(stack.history.finished().content, "text");
}

#[tokio::test]
async fn whatever_an_agent_cites_is_stored_as_it_came() {
    let mut sources: Vec<_> = (1..300).map(|number| json!({ "title": format!("T{number}") })).collect();
    let deep = serde_json::from_str::<Value>(&format!("{}{}", "[".repeat(110), "]".repeat(110))).unwrap();
    let url = format!("https://t/{}", "x".repeat(50_000));
    sources.push(json!({"url": url, "metadata": {"long": "x".repeat(20 * 1024), "deep": deep}}));
    let stack = Stack::new(Reply::Json(json!({"output": "text", "sources": sources}))).await;
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let stored = stack.history.finished().sources;
    assert_eq!((stored.len(), stored[299].url.as_ref()), (300, Some(&url)));
    let metadata: Value = serde_json::from_str(&stored[299].metadata_json).unwrap();
    assert_eq!(metadata, sources[299]["metadata"]);
}

#[tokio::test]
async fn an_answer_that_is_too_large_for_the_history_keeps_its_text() {
    // The fake takes 4 MiB, as any server does that was not told otherwise.
    let reply = json!({"output": "text", "sources": [{"snippet": "x".repeat(5 * 1024 * 1024)}]});
    let stack = Stack::with(Reply::Json(reply), &["--agent-max-answer=8388608"]).await;
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(answer.problem(), (502, "agent_bad_response".to_owned()));
    assert_eq!(stack.history.finished().content, "text");
}

#[tokio::test]
async fn a_run_that_was_taken_away_ends_as_the_history_says() {
    let gate = Gate::new();
    let stack = Stack::new(Reply::Sse(vec![Piece::delta("Hel"), Piece::Wait(gate.clone()), Piece::done()])).await;
    let (question, taken) = (json!({"message": "hi"}), async {
        stack.agent.asked(1).await;
        let mut tables = stack.history.tables();
        let (_, run) = tables.runs.values_mut().next().unwrap();
        (run.fence, run.finished_at) = (2, run.created_at);
        run.set_status(proto::history::v1::RunStatus::Interrupted);
        gate.open();
    });
    let (answer, ()) = tokio::join!(stack.ask(&question), taken);
    assert_eq!(answer.problem(), (503, "interrupted".to_owned()));
}

#[tokio::test]
async fn more_runs_than_allowed_are_refused_until_one_ends() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::done()]);
    let stack = Stack::with(reply, &["--gateway-max-runs=1"]).await;
    let first = stack.stream(&json!({"message": "one"})).await;
    let second = stack.ask(&json!({"message": "two"})).await;
    assert_eq!((second.problem(), second.header("retry-after")), ((503, "overloaded".to_owned()), "1"));
    gate.open();
    crate::stack::text(first).await;
    gate.open();
    assert_eq!(stack.ask(&json!({"message": "three"})).await.status, 200);
    assert_eq!(stack.agent.received().len(), 2);
}

#[tokio::test]
async fn a_second_run_in_a_conversation_learns_of_the_first() {
    let gate = Gate::new();
    let stack = Stack::new(Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::done()])).await;
    let _first = stack.stream(&json!({"message": "one"})).await;
    let (run, conversation): (String, String) = {
        let tables = stack.history.tables();
        let (_, run) = tables.runs.values().next().unwrap();
        (run.id.clone(), run.conversation_id.clone())
    };
    let second = stack.ask(&json!({"message": "two", "conversation_id": conversation})).await;
    assert_eq!(second.problem(), (409, "run_in_progress".to_owned()));
    assert_eq!(second.json()["run_id"], Value::from(run));
    gate.open();
}
