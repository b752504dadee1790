//! What is wrong with a request is named, all of it, before anything is done.

use serde_json::{Value, json};
use testkit::agent::Reply;

use crate::stack::{Answer, Stack, request, send};

const CONVERSATION: &str = "/conversations/01970000-0000-7000-8000-000000000001";

/// Fields and codes.
type Expected = &'static [(&'static str, &'static str)];

fn owned(violations: Expected) -> Vec<(String, String)> {
    violations.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn every_violation_of_a_body_is_named() {
    let stack = Stack::new(Reply::Silence).await;
    let messages = format!("{CONVERSATION}/messages");
    let long = "x".repeat(201);
    let table: Vec<(&str, &str, Value, Expected)> = vec![
        ("POST", "/agents/run", json!({}), &[("message", "required")]),
        (
            "POST",
            "/agents/run",
            json!({"message": 1, "conversation_id": "x", "parent_id": 2, "agent": "", "metadata": [], "mesage": "hi"}),
            &[
                ("message", "invalid"),
                ("conversation_id", "invalid"),
                ("parent_id", "invalid"),
                ("agent", "required"),
                ("metadata", "invalid"),
                ("mesage", "unknown"),
            ],
        ),
        ("POST", "/agents/run", json!({"message": "a\u{0}b"}), &[("message", "invalid")]),
        (
            "POST",
            "/agents/run",
            json!({"message": "hi", "parent_id": "", "expires_at": 1}),
            &[("parent_id", "invalid"), ("expires_at", "invalid")],
        ),
        ("PATCH", CONVERSATION, json!({"expires_at": "never"}), &[("expires_at", "invalid")]),
        ("POST", "/agents/run", json!({"message": "hi", "agent": "nobody"}), &[("agent", "invalid")]),
        (
            "POST",
            "/conversations",
            json!({"client_id": long, "expires_at": "soon", "title": "x".repeat(501)}),
            &[("client_id", "too_long"), ("title", "too_long"), ("expires_at", "invalid")],
        ),
        ("PATCH", CONVERSATION, json!({}), &[("", "required")]),
        (
            "PATCH",
            CONVERSATION,
            json!({"pinned": "yes", "pined": true}),
            &[("pinned", "invalid"), ("pined", "unknown")],
        ),
        (
            "POST",
            &messages,
            json!({"role": "boss", "content": "", "sources": [{"span": {"start": 3, "end": 1}, "uri": "x"}]}),
            &[
                ("role", "invalid"),
                ("content", "required"),
                ("sources[0].span.end", "out_of_range"),
                ("sources[0].uri", "unknown"),
            ],
        ),
        ("PUT", "/messages/01970000-0000-7000-8000-000000000001/feedback", json!({}), &[("rating", "required")]),
    ];
    for (method, path, body, violations) in table {
        let answer = stack.send(method, path, Some(&body)).await;
        assert_eq!(answer.problem(), (400, "invalid_request".to_owned()), "{body}");
        assert_eq!(answer.violations(), owned(violations), "{body}");
    }
    assert!(stack.history.story().is_empty() && stack.agent.received().is_empty());
}

#[tokio::test]
async fn every_violation_of_a_query_or_path_is_named() {
    let stack = Stack::new(Reply::Silence).await;
    let messages = format!("{CONVERSATION}/messages?leaf=x&from=y&limit=201");
    let long = format!("/search?q={}", "x".repeat(1_001));
    let table: Vec<(&str, Expected)> = vec![
        ("/conversations?limit=0", &[("limit", "out_of_range")]),
        (
            "/conversations?limit=1000&pinned=1&from=now",
            &[("limit", "out_of_range"), ("pinned", "invalid"), ("from", "invalid")],
        ),
        ("/conversations?w=tea&lmit=3", &[("w", "unknown"), ("lmit", "unknown")]),
        ("/conversations?q=a%00b", &[("q", "invalid")]),
        ("/search", &[("q", "required")]),
        (&long, &[("q", "too_long")]),
        (
            "/search?q=%00&limit=51&role=boss&conversation_id=7&has_sources=1&from=now&to=then&archived=no&x=1",
            &[
                ("q", "invalid"),
                ("limit", "out_of_range"),
                ("archived", "invalid"),
                ("from", "invalid"),
                ("to", "invalid"),
                ("role", "invalid"),
                ("conversation_id", "invalid"),
                ("has_sources", "invalid"),
                ("x", "unknown"),
            ],
        ),
        ("/conversations?limit=1&limit=2", &[("limit", "invalid")]),
        ("/conversations/7", &[("id", "invalid")]),
        ("/conversations/%FF", &[("id", "invalid")]),
        ("/runs/7", &[("id", "invalid")]),
        ("/conversations?has_sources=yes&feedback=sideways", &[("has_sources", "invalid"), ("feedback", "invalid")]),
        (&messages, &[("limit", "out_of_range"), ("leaf", "invalid"), ("from", "invalid")]),
        ("/citations", &[("url", "required")]),
        ("/citations?url=a&content_hash=b", &[("url", "required")]),
        ("/citations?url=%00&limit=101", &[("url", "invalid"), ("limit", "out_of_range")]),
        ("/citations?uri=a", &[("uri", "unknown")]),
        ("/users/me/export?format=pdf", &[("format", "invalid")]),
        ("/users/me/export?user_id=7", &[("user_id", "unknown")]),
    ];
    for (path, violations) in table {
        let answer = stack.send("GET", path, None).await;
        assert_eq!(answer.problem(), (400, "invalid_request".to_owned()), "{path}");
        assert_eq!(answer.violations(), owned(violations), "{path}");
    }
    assert!(stack.history.story().is_empty());
    let answer = stack.send("GET", "/conversations?cursor=forged", None).await;
    assert_eq!(answer.violations(), owned(&[("cursor", "invalid")]));
    let answer = stack.send("GET", "/search?q=%3F!", None).await;
    assert_eq!(answer.violations(), owned(&[("q", "invalid")]));
}

async fn post(stack: &Stack, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let mut request = request("alice", "POST", "/conversations", Some((content_type, String::new())));
    *request.body_mut() = body.into().into();
    send(stack.gateway.router(), request).await
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_with_its_place() {
    let stack = Stack::with(Reply::Silence, &["--gateway-max-body=200000"]).await;
    let deep = format!(r#"{{"metadata":{{"a":{}1{}}}}}"#, "[".repeat(500), "]".repeat(500));
    for body in [&b"{\"title\": \n tru}"[..], b"{\"title\":\"\xff\"}", br#"{"title":"\ud800"}"#, b"", deep.as_bytes()] {
        let answer = post(&stack, "application/json", body).await;
        assert_eq!(answer.problem(), (400, "malformed_json".to_owned()));
        assert!(answer.json()["detail"].as_str().unwrap().contains("line "), "{}", answer.text);
    }
    let answer = post(&stack, "application/json", *b"[]").await;
    assert_eq!(answer.problem(), (400, "malformed_json".to_owned()));
    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let answer = post(&stack, content_type, *b"{}").await;
        assert_eq!(answer.problem(), (415, "unsupported_media_type".to_owned()));
    }
    let answer = post(&stack, "application/json", vec![b' '; 200_001]).await;
    assert_eq!(answer.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(post(&stack, "application/json; charset=utf-8", *b"{}").await.status, 201);
}

#[tokio::test]
async fn an_idempotency_key_is_short_and_printable() {
    let stack = Stack::new(Reply::Silence).await;
    for key in ["", "x".repeat(201).as_str(), "grüße"] {
        let body = json!({"message": "hi"}).to_string();
        let mut request = request("alice", "POST", "/agents/run", Some(("application/json", body)));
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        let answer = send(stack.gateway.router(), request).await;
        assert_eq!(answer.problem().0, 400);
        assert_eq!(answer.violations(), owned(&[("Idempotency-Key", "invalid")]));
    }
}
