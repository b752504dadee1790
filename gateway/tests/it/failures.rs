//! Whatever an agent does wrong: a clear error, by JSON and by stream, and the message saved with what came.

use axum::http::StatusCode;
use serde_json::json;
use testkit::agent::{FakeAgent, Piece, Reply};

use crate::{
    fake::FakeHistory,
    stack::{KEY, Stack, events, gateway_of, request, send},
};

/// Only the replies that need it are waited for briefly, so that a busy machine fails no test.
fn flags(reply: &Reply) -> [&'static str; 2] {
    let patience = match reply {
        Reply::Silence => "--agent-first-byte-timeout=100ms",
        Reply::Sse(pieces) if matches!(pieces.last(), Some(Piece::Hang)) => "--agent-idle-timeout=500ms",
        _ => "--agent-idle-timeout=1m",
    };
    [patience, "--agent-max-answer=2000"]
}

/// Reply, status, code, what is kept, and a piece of what is said.
fn failures() -> Vec<(Reply, u16, &'static str, &'static str, &'static str)> {
    let raw = |status, content_type, body: &str| Reply::Raw(status, content_type, body.to_owned());
    let half = |end| Reply::Sse(vec![Piece::delta("Half"), end]);
    vec![
        (Reply::Silence, 504, "agent_timeout", "", "did not begin"),
        (half(Piece::Hang), 504, "agent_timeout", "Half", "silent for too long"),
        (half(Piece::Cut), 502, "agent_cut", "Half", "broke in the middle"),
        (Reply::Sse(vec![Piece::delta("Half")]), 502, "agent_cut", "Half", "without a `done`"),
        (half(Piece::Bytes("event: delta\ndata: {\"te".to_owned())), 502, "agent_cut", "Half", "without a `done`"),
        (
            half(Piece::Bytes("event: delta\ndata: rubbish\n\n".to_owned())),
            502,
            "agent_bad_response",
            "Half",
            "`delta`",
        ),
        (half(Piece::event("error", &json!({"message": "out of tea"}))), 502, "agent_error", "Half", "out of tea"),
        (
            half(Piece::Endless("event: delta\ndata: \"xxxxxxxxxx\"\n\n".to_owned())),
            502,
            "agent_answer_too_large",
            "Halfxxx",
            "larger",
        ),
        (
            half(Piece::Endless("data: xxxxxxxxxxxxxxxxxxxxxxxxxxxx".to_owned())),
            502,
            "agent_answer_too_large",
            "Half",
            "larger",
        ),
        (Reply::Json(json!({"output": "x".repeat(2001)})), 502, "agent_answer_too_large", "", "larger"),
        (Reply::Json(json!({"output": "x".repeat(200_000)})), 502, "agent_answer_too_large", "", "larger"),
        (Reply::Json(json!({"result": 1})), 502, "agent_bad_response", "", "no text"),
        (raw(StatusCode::OK, "application/json", "{\"output\": "), 502, "agent_bad_response", "", "broken"),
        (raw(StatusCode::OK, "text/html", "<h1>Hello</h1>"), 502, "agent_bad_response", "", "text/html"),
        (
            raw(StatusCode::INTERNAL_SERVER_ERROR, "application/json", r#"{"detail":"no GPU"}"#),
            502,
            "agent_error",
            "",
            "no GPU",
        ),
        (raw(StatusCode::BAD_GATEWAY, "text/html", "<h1>secret</h1>"), 502, "agent_error", "", "502 Bad Gateway"),
        (Reply::Redirect("http://127.0.0.1:1/".to_owned()), 502, "agent_bad_response", "", "redirect"),
    ]
}

#[tokio::test]
async fn every_failure_is_a_problem_that_carries_its_run() {
    for (reply, status, code, kept, said) in failures() {
        let shown = format!("{reply:?}");
        let flags = flags(&reply);
        let stack = Stack::with(reply, &flags).await;
        let answer = stack.ask(&json!({"message": "hi"})).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{shown}");
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(said), "{shown}: {problem}");
        assert_eq!((&problem["run"]["status"], &problem["run"]["error"]["code"]), (&json!("failed"), &json!(code)));
        let finished = stack.history.finished();
        assert!(finished.content.starts_with(kept) && (!kept.is_empty() || finished.content.is_empty()), "{shown}");
        assert_eq!(finished.error.unwrap().code, code);
        assert_eq!(problem["message"]["content"], finished.content.as_str());
    }
}

#[tokio::test]
async fn every_failure_is_the_last_word_of_a_stream() {
    for (reply, _, code, kept, said) in failures() {
        let shown = format!("{reply:?}");
        let flags = flags(&reply);
        let stack = Stack::with(reply, &flags).await;
        let events = stack.events(&json!({"message": "hi"})).await;
        assert_eq!(events[0].0, "run", "{shown}");
        let (name, last) = events.last().unwrap();
        let error = &last["message"]["error"];
        assert_eq!(
            (name.as_str(), &error["code"], &last["message"]["status"]),
            ("failed", &json!(code), &json!("failed"))
        );
        assert!(error["message"].as_str().unwrap().contains(said) && last["run"]["error"] == *error, "{shown}");
        let streamed: String =
            events.iter().filter(|(name, _)| name == "delta").map(|(_, data)| data["text"].as_str().unwrap()).collect();
        let finished = stack.history.finished();
        assert!(streamed.starts_with(kept) && finished.content == streamed, "{shown}");
        assert_eq!(events.iter().filter(|(name, _)| name == "failed").count(), 1);
    }
}

#[tokio::test]
async fn an_agent_that_is_not_there_fails_the_run() {
    let history = FakeHistory::default();
    let url = format!("--agent-url={}", FakeAgent::dead().await);
    let gateway = gateway_of(&history, &[&url], KEY);
    let body = json!({"message": "hi"}).to_string();
    let ask = || request("alice", "POST", "/agents/run", Some(("application/json", body.clone())));
    let answer = send(gateway.router(), ask()).await;
    assert_eq!(answer.problem(), (502, "agent_unreachable".to_owned()));
    assert!(!answer.text.contains("127.0.0.1"), "{}", answer.text);
    assert_eq!(history.finished().error.unwrap().code, "agent_unreachable");
    let mut stream = ask();
    stream.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    let events = events(&send(gateway.router(), stream).await.text);
    assert_eq!(events.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["run", "failed"]);
}

#[tokio::test]
async fn the_whole_answer_has_a_deadline_too() {
    let reply = Reply::Sse(vec![Piece::delta("x"), Piece::Endless(": still here\n\n".to_owned())]);
    let stack = Stack::with(reply, &["--agent-run-timeout=500ms"]).await;
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(answer.problem(), (504, "agent_timeout".to_owned()));
    assert_eq!(stack.history.finished().content, "x");
    stack.agent.abandoned().await;
}
