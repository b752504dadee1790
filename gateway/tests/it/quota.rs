//! What one user may have: rates that are told, places that are shared.

use serde_json::json;
use testkit::agent::{Gate, Piece, Reply};

use crate::stack::{KEY, Stack, gateway_of, greeting, request, send};

#[tokio::test]
async fn what_is_left_of_a_rate_is_told_and_too_much_is_refused() {
    let stack = Stack::with(greeting(), &["--gateway-requests-per-minute=3", "--gateway-runs-per-minute=1"]).await;
    let first = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(first.header("ratelimit-policy"), r#""requests";q=3;w=60, "runs";q=1;w=60"#);
    assert!(first.header("ratelimit").starts_with(r#""requests";r=2;t="#), "{first:?}");
    let second = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!(second.problem(), (429, "too_many_runs".to_owned()));
    assert!((1..=60).contains(&second.header("retry-after").parse().unwrap()), "{second:?}");
    assert_eq!(stack.send("GET", "/agents", None).await.status, 200);
    let fourth = stack.send("GET", "/agents", None).await;
    assert_eq!(fourth.problem(), (429, "too_many_requests".to_owned()));
    assert!((1..=20).contains(&fourth.header("retry-after").parse().unwrap()), "{fourth:?}");
    let other = send(stack.gateway.router(), request("bob", "GET", "/agents", None)).await;
    assert_eq!(other.status, 200, "everyone has their own");
    assert_eq!(stack.history.story(), ["StartRun", "agent asked", "FinishRun"], "a refused question is not saved");
}

#[tokio::test]
async fn without_limits_nothing_is_told() {
    let stack = Stack::new(greeting()).await;
    let answer = stack.ask(&json!({"message": "hi"})).await;
    assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), ("", ""));
}

#[tokio::test]
async fn nothing_is_imported_for_a_question_that_is_not_taken_on() {
    let stack = Stack::with(greeting(), &["--gateway-runs-per-minute=1"]).await;
    let said = |role: &str, text: &str| json!({"role": role, "content": text});
    let messages = [said("user", "hi"), said("assistant", "ho"), said("user", "and?")];
    let complete = async |key: Option<&str>, conversation: Option<&str>| {
        let metadata = conversation.map(|id| json!({"conversation_id": id}));
        let body = json!({"model": "default", "messages": messages, "metadata": metadata});
        let body = ("application/json", body.to_string());
        let mut request = request("alice", "POST", "/v1/chat/completions", Some(body));
        if let Some(key) = key {
            request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        }
        send(stack.gateway.router(), request).await
    };
    let first = complete(Some("k"), None).await;
    assert_eq!(first.status, 200);
    let known = first.header("x-conversation-id");
    let (saved, started) = (stack.history.story().len(), stack.history.tables().started.len());
    for (key, conversation) in
        [(None, None), (Some("other"), None), (None, Some("new")), (Some("other"), Some("new")), (None, Some(known))]
    {
        let refused = complete(key, conversation).await;
        assert_eq!(refused.openai_error(), (429, "too_many_runs".to_owned()));
        assert!(refused.header("ratelimit").starts_with(r#""runs";r=0;t="#), "{refused:?}");
    }
    let story = stack.history.story();
    assert!(
        story[saved..].iter().all(|what| ["GetRun", "GetConversation", "StartRun"].contains(&what.as_str())),
        "{story:?}"
    );
    assert!(stack.history.tables().started[started..].iter().all(|request| request.join_only));
    let again = complete(Some("k"), None).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn any_number_of_places_is_a_limit() {
    let most = usize::MAX;
    let flags = ["max-requests", "max-runs", "max-runs-per-user"].map(|name| format!("--gateway-{name}={most}"));
    let stack = Stack::with(greeting(), &flags.each_ref().map(String::as_str)).await;
    assert_eq!(stack.ask(&json!({"message": "hi"})).await.status, 200);
}

#[tokio::test]
async fn one_user_does_not_take_all_places() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::done()]);
    let stack = Stack::with(reply, &["--gateway-max-runs-per-user=1"]).await;
    let second = async {
        stack.agent.asked(1).await;
        let refused = stack.ask(&json!({"message": "and?"})).await;
        let bob = request("bob", "POST", "/agents/run", Some(("application/json", r#"{"message":"hi"}"#.to_owned())));
        let (other, ()) = tokio::join!(send(stack.gateway.router(), bob), async {
            stack.agent.asked(2).await;
            gate.open();
            gate.open();
        });
        (refused, other)
    };
    let body = json!({"message": "hi"});
    let (first, (refused, other)) = tokio::join!(stack.ask(&body), second);
    assert_eq!((first.status.as_u16(), other.status.as_u16()), (200, 200));
    assert_eq!(refused.problem(), (429, "too_many_concurrent_runs".to_owned()));
    assert_eq!(refused.header("retry-after"), "2");
}

#[tokio::test]
async fn a_request_that_is_sent_again_joins_its_run_however_much_there_is_to_do() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::done()]);
    let stack = Stack::with(reply, &["--gateway-runs-per-minute=1", "--gateway-max-runs-per-user=1"]).await;
    let keyed = |key: &str| {
        let body = ("application/json", r#"{"message":"hi"}"#.to_owned());
        let mut request = request("alice", "POST", "/agents/run", Some(body));
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        request
    };
    let again = async {
        stack.agent.asked(1).await;
        let other = send(stack.gateway.router(), keyed("other")).await;
        let (again, ()) = tokio::join!(send(stack.gateway.router(), keyed("k")), async {
            let mut story = stack.history.0.story.subscribe();
            story.wait_for(|story| story.iter().filter(|what| *what == "StartRun").count() == 3).await.unwrap();
            gate.open();
        });
        (other, again)
    };
    let (first, (other, again)) = tokio::join!(send(stack.gateway.router(), keyed("k")), again);
    assert_eq!((first.status.as_u16(), first.json()), (200, again.json()));
    assert_eq!(other.problem(), (429, "too_many_concurrent_runs".to_owned()));
    let later = send(stack.gateway.router(), keyed("k")).await;
    assert_eq!((later.status.as_u16(), later.json()), (200, first.json()));
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn what_comes_to_no_run_costs_none() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::Wait(gate.clone()), Piece::done()]);
    let stack = Stack::with(reply, &["--gateway-runs-per-minute=2"]).await;
    let others = async {
        stack.agent.asked(1).await;
        let conversation_id = stack.history.tables().runs.values().next().unwrap().1.conversation_id.clone();
        let mut told = Vec::new();
        for _ in 0..3 {
            let conflict = stack.ask(&json!({"message": "and?", "conversation_id": conversation_id})).await;
            assert_eq!(conflict.problem(), (409, "run_in_progress".to_owned()));
            told.push(conflict.header("ratelimit").to_owned());
        }
        gate.open();
        told
    };
    let body = json!({"message": "hi"});
    let (first, told) = tokio::join!(stack.ask(&body), others);
    assert_eq!(first.status, 200);
    assert!(told.iter().all(|told| told.starts_with(r#""runs";r=1;t="#)), "{told:?}");
    gate.open();
    let last = stack.ask(&json!({"message": "hi"})).await;
    assert!(last.header("ratelimit").starts_with(r#""runs";r=0;t="#), "{last:?}");
}

#[tokio::test]
async fn a_chat_that_is_looked_for_in_two_places_costs_one_run() {
    let stack = Stack::new(greeting()).await;
    let strict = gateway_of(
        &stack.history,
        &[&format!("--agent-url={}", stack.agent.url()), "--gateway-runs-per-minute=1"],
        KEY,
    );
    // It could be one of our ids.
    let message = json!({"id": "m", "role": "user", "parts": [{"type": "text", "text": "hi"}]});
    let chat = |trigger: &str| {
        let id = "01970000-0000-7000-8000-00000000c4a7";
        let body = json!({"id": id, "messages": [message.clone()], "trigger": trigger}).to_string();
        request("alice", "POST", "/api/chat", Some(("application/json", body)))
    };
    assert_eq!(send(stack.gateway.router(), chat("submit-message")).await.status, 200);
    let again = send(strict.router(), chat("regenerate-message")).await;
    assert_eq!((again.status.as_u16(), again.header("ratelimit-policy")), (200, r#""runs";q=1;w=60"#));
    assert!(again.header("ratelimit").starts_with(r#""runs";r=0;t="#), "{again:?}");
    assert_eq!(stack.agent.received().len(), 2);
}
