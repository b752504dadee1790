//! Who may ask an agent, and who is told to come back.

use axum::response::IntoResponse as _;
use http::StatusCode;
use testkit::agent::{FakeAgent, Piece, Reply};

use super::*;

/// Status, code and seconds to wait of a refusal.
fn refused(agent: &Agent) -> (u16, String, String) {
    let problem = agent.admit().unwrap_err();
    let (status, code) = (problem.status().as_u16(), problem.code().to_owned());
    let wait = problem.into_response().headers()["retry-after"].to_str().unwrap().to_owned();
    (status, code, wait)
}

fn unavailable(wait: &str) -> (u16, String, String) {
    (503, "agent_unavailable".to_owned(), wait.to_owned())
}

#[tokio::test]
async fn an_agent_writes_as_many_answers_as_it_may() {
    let agent = agent("http://127.0.0.1:1/", &["--agent-max-concurrent=2"]);
    let first = agent.admit().unwrap();
    let _second = agent.admit().unwrap();
    assert_eq!(refused(&agent), (503, "agent_busy".to_owned(), "1".to_owned()));
    drop(first);
    agent.admit().unwrap();
}

#[tokio::test]
async fn an_agent_that_is_down_is_left_alone_and_then_tried_by_one() {
    let down = Reply::Raw(StatusCode::BAD_GATEWAY, "text/plain", String::new());
    let greeting = Reply::Sse(vec![Piece::delta("Hi"), Piece::done()]);
    let fake = FakeAgent::scripted([down.clone(), down.clone(), down, greeting]).await;
    let agent = agent(&fake.url(), &["--agent-breaker-failures=2", "--agent-breaker-pause=1h"]);
    for _ in 0..2 {
        let _permit = agent.admit().unwrap();
        ask(&agent, "Hello").await.1.unwrap_err();
    }
    assert_eq!(refused(&agent), unavailable("3600"));

    let an_hour_passes = async || {
        tokio::time::pause();
        tokio::time::advance(Duration::from_hours(1)).await;
        tokio::time::resume();
    };
    an_hour_passes().await;
    let probe = agent.admit().unwrap();
    assert_eq!(refused(&agent), unavailable("1"));
    ask(&agent, "Hello").await.1.unwrap_err();
    drop(probe);
    assert_eq!(refused(&agent), unavailable("3600"));

    an_hour_passes().await;
    drop(agent.admit().unwrap());
    let _probe = agent.admit().unwrap();
    assert_eq!(ask(&agent, "Hello").await, (texts(&["Hi"]), Ok(())));
    let _all = [agent.admit().unwrap(), agent.admit().unwrap()];
}

#[tokio::test]
async fn only_an_agent_that_is_down_is_left_alone() {
    let raw = |status, body: &str| Reply::Raw(status, "application/json", body.to_owned());
    let (patient, headers) = ("--agent-first-byte-timeout=1m", Reply::Sse(vec![Piece::Hang]));
    let silent = Reply::Sse(vec![Piece::delta("Hi"), Piece::Hang]);
    let lively = Reply::Sse(vec![Piece::delta("Hi"), Piece::Endless(": on\n\n".to_owned())]);
    for (reply, patience, is_down) in [
        (Reply::Silence, "--agent-first-byte-timeout=300ms", true),
        (Reply::Silence, "--agent-run-timeout=300ms", true),
        (headers, "--agent-run-timeout=300ms", true),
        (silent, "--agent-idle-timeout=300ms", true),
        (lively, "--agent-run-timeout=300ms", false),
        (raw(StatusCode::INTERNAL_SERVER_ERROR, "{}"), patient, true),
        (raw(StatusCode::BAD_REQUEST, "{}"), patient, false),
        (raw(StatusCode::TOO_MANY_REQUESTS, "{}"), patient, false),
        (raw(StatusCode::OK, "rubbish"), patient, false),
        (Reply::Sse(vec![Piece::event("error", &json!({"message": "out of tea"}))]), patient, false),
    ] {
        let shown = format!("{reply:?} {patience}");
        let fake = FakeAgent::always(reply).await;
        let agent = agent(&fake.url(), &["--agent-breaker-failures=1", patience]);
        ask(&agent, "Hello").await.1.unwrap_err();
        assert_eq!(agent.admit().is_err(), is_down, "{shown}");
    }
    let agent = agent(&FakeAgent::dead().await, &["--agent-breaker-failures=1", "--agent-retries=0"]);
    ask(&agent, "Hello").await.1.unwrap_err();
    assert_eq!(refused(&agent).1, "agent_unavailable");
}
