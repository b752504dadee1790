//! Who may ask, on every route.

use std::collections::BTreeSet;

use axum::http::header;
use serde_json::json;
use testkit::agent::Reply;

use crate::{
    fake::{ALICE, BOB},
    stack::{KEY, Stack, gateway_with, greeting, request, send},
};

const ID: &str = "01970000-0000-7000-8000-000000000001";

pub(crate) fn routes() -> Vec<(&'static str, String)> {
    vec![
        ("POST", "/agents/run".to_owned()),
        ("GET", "/agents".to_owned()),
        ("GET", format!("/runs/{ID}")),
        ("GET", "/users/me".to_owned()),
        ("DELETE", "/users/me".to_owned()),
        ("GET", "/users/me/export".to_owned()),
        ("GET", "/conversations".to_owned()),
        ("POST", "/conversations".to_owned()),
        ("GET", format!("/conversations/{ID}")),
        ("PATCH", format!("/conversations/{ID}")),
        ("DELETE", format!("/conversations/{ID}")),
        ("GET", "/search".to_owned()),
        ("GET", format!("/conversations/{ID}/messages")),
        ("POST", format!("/conversations/{ID}/messages")),
        ("GET", format!("/messages/{ID}/sources")),
        ("GET", format!("/messages/{ID}/siblings")),
        ("GET", "/citations".to_owned()),
        ("PUT", format!("/messages/{ID}/feedback")),
        ("GET", format!("/runs/{ID}/events")),
        ("POST", format!("/runs/{ID}/cancel")),
        ("POST", "/api/chat".to_owned()),
        ("GET", format!("/api/chat/{ID}/stream")),
        ("POST", format!("/api/chat/{ID}/stop")),
        ("POST", "/ag-ui".to_owned()),
        ("POST", "/ag-ui/default".to_owned()),
        ("POST", "/v1/chat/completions".to_owned()),
        ("GET", "/v1/models".to_owned()),
        ("GET", format!("/v1/models/{ID}")),
    ]
}

#[test]
fn the_table_names_every_route_that_is_described() {
    let document = serde_json::to_value(gateway::openapi()).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        described.extend(methods.map(|method| (method, path.replace("{id}", ID).replace("{agent}", "default"))));
    }
    let listed: BTreeSet<_> = routes().into_iter().map(|(method, path)| (method.to_owned(), path)).collect();
    assert_eq!(listed, described);
}

#[tokio::test]
async fn a_good_token_reaches_every_route() {
    let stack = Stack::new(greeting()).await;
    for (method, path) in routes() {
        let body = (method != "GET").then(|| ("application/json", "{}".to_owned()));
        let answer = send(stack.gateway.router(), request("alice", method, &path, body)).await;
        let status = answer.status.as_u16();
        assert!(![401, 403, 405].contains(&status) && status < 500, "{method} {path}: {answer:?}");
        let unknown = status == 404 && answer.text.contains("route_not_found");
        assert!(!unknown, "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn every_route_wants_a_user_and_nothing_else() {
    let stack = Stack::new(Reply::Json(json!({"output": "hi"}))).await;
    for (method, path) in routes() {
        for (token, code, challenge) in [
            ("", "token_missing", "Bearer"),
            ("nonsense", "token_malformed", r#"Bearer error="invalid_token", error_description="this is no token""#),
            (
                "expired",
                "token_expired",
                r#"Bearer error="invalid_token", error_description="the token expired at noon""#,
            ),
            (KEY, "token_malformed", r#"Bearer error="invalid_token", error_description="this is no token""#),
        ] {
            let body = (method != "GET").then(|| ("application/json", "{".to_owned()));
            let mut request = request(token, method, &path, body);
            request.headers_mut().insert("x-act-as", ALICE.parse().unwrap());
            let answer = send(stack.gateway.router(), request).await;
            assert_eq!(answer.error_at(&path), (401, code.to_owned()), "{method} {path} {token}");
            assert_eq!(answer.header("www-authenticate"), challenge);
        }
    }
    assert!(stack.history.story().is_empty());
}

#[tokio::test]
async fn two_credentials_or_another_scheme_are_refused() {
    let stack = Stack::new(Reply::Silence).await;
    let mut two = request("alice", "GET", "/users/me", None);
    two.headers_mut().append(header::AUTHORIZATION, "Bearer bob".parse().unwrap());
    let mut basic = request("", "GET", "/users/me", None);
    basic.headers_mut().insert(header::AUTHORIZATION, "Basic YTpi".parse().unwrap());
    for request in [two, basic] {
        let answer = send(stack.gateway.router(), request).await;
        assert_eq!(answer.problem(), (401, "token_malformed".to_owned()));
    }
}

#[tokio::test]
async fn i_am_who_my_token_says_whatever_else_i_send() {
    let stack = Stack::new(Reply::Silence).await;
    let mut request = request("bob", "GET", "/users/me", None);
    request.headers_mut().insert("x-act-as", ALICE.parse().unwrap());
    let answer = send(stack.gateway.router(), request).await;
    let expected = json!({
        "id": BOB, "issuer": "https://issuer.test", "subject": "bob", "email": "bob@example.com", "name": null,
        "image": null, "created_at": "2023-11-14T22:13:20Z",
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
}

#[tokio::test]
async fn what_is_not_mine_does_not_exist() {
    let stack = Stack::new(Reply::Json(json!({"output": "hi"}))).await;
    let ran = stack.ask(&json!({"message": "hello"})).await.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let conversation = text(&ran["run"]["conversation_id"]);
    let message = text(&ran["message"]["id"]);
    let run = text(&ran["run"]["id"]);
    for (method, path, body, code) in [
        ("GET", format!("/conversations/{conversation}"), None, "conversation_not_found"),
        ("PATCH", format!("/conversations/{conversation}"), Some(r#"{"pinned":true}"#), "conversation_not_found"),
        ("DELETE", format!("/conversations/{conversation}"), None, "conversation_not_found"),
        ("GET", format!("/conversations/{conversation}/messages"), None, "conversation_not_found"),
        (
            "POST",
            format!("/conversations/{conversation}/messages"),
            Some(r#"{"role":"user","content":"x"}"#),
            "conversation_not_found",
        ),
        ("GET", format!("/messages/{message}/sources"), None, "message_not_found"),
        ("GET", format!("/messages/{message}/siblings"), None, "message_not_found"),
        ("PUT", format!("/messages/{message}/feedback"), Some(r#"{"rating":"up"}"#), "message_not_found"),
        ("GET", format!("/runs/{run}"), None, "run_not_found"),
    ] {
        let body = body.map(|body| ("application/json", body.to_owned()));
        let foreign = send(stack.gateway.router(), request("bob", method, &path, body.clone())).await;
        assert_eq!(foreign.problem(), (404, code.to_owned()), "{method} {path}");
        let missing =
            path.replace([&conversation, &message, &run].into_iter().find(|id| path.contains(*id)).unwrap(), ID);
        let missing = send(stack.gateway.router(), request("bob", method, &missing, body)).await;
        let blind = |mut problem: serde_json::Value| problem["request_id"].take().is_string().then_some(problem);
        assert_eq!(blind(foreign.json()), blind(missing.json()));
    }
    let body = json!({"message": "hi", "conversation_id": conversation}).to_string();
    let foreign =
        send(stack.gateway.router(), request("bob", "POST", "/agents/run", Some(("application/json", body)))).await;
    assert_eq!(foreign.problem(), (404, "conversation_not_found".to_owned()));
    assert_eq!(stack.agent.received().len(), 1);
}

#[tokio::test]
async fn a_wrong_service_key_is_our_defect_and_not_the_users() {
    let stack = Stack::new(Reply::Silence).await;
    let wrong = "not-the-configured-key";
    for (auth_key, history_key) in [(wrong, KEY), (KEY, wrong)] {
        let gateway = gateway_with(&stack.history, &[], auth_key, history_key);
        let answer = send(gateway.router(), request("alice", "GET", "/conversations", None)).await;
        assert_eq!(answer.problem(), (500, "internal".to_owned()));
        assert!(answer.header("www-authenticate").is_empty() && !answer.text.contains(wrong));
    }
}
