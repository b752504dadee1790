//! How credentials come in: by header, by cookie, from where, and what becomes of them afterwards.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use gateway::Listeners;
use serde_json::json;
use testkit::agent::Reply;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    callers::routes,
    fake::SESSION,
    stack::{Answer, Stack, greeting, request, send},
};

fn with_cookie(name: &str, method: &str, path: &str, body: Option<&str>) -> Request<Body> {
    let body = body.map(|body| ("application/json", body.to_owned()));
    let mut request = request("", method, path, body);
    request.headers_mut().insert(header::COOKIE, format!("theme=dark; {name}={SESSION}").parse().unwrap());
    request
}

fn with_header(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

async fn ask(stack: &Stack, request: Request<Body>) -> Answer {
    send(stack.gateway.router(), request).await
}

#[tokio::test]
async fn a_session_cookie_speaks_for_its_user() {
    let stack = Stack::new(Reply::Silence).await;
    for name in ["better-auth.session_token", "__Secure-better-auth.session_token"] {
        let answer = ask(&stack, with_cookie(name, "GET", "/users/me", None)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["email"]), (200, &json!("alice@example.com")), "{name}");
    }
    let another = ask(&stack, with_cookie("session_token", "GET", "/users/me", None)).await;
    assert_eq!(another.problem(), (401, "token_missing".to_owned()));
}

#[tokio::test]
async fn an_authorization_header_decides_alone() {
    let stack = Stack::new(Reply::Silence).await;
    for (authorization, status, code) in
        [("Bearer expired", 401, "token_expired"), ("Basic YTpi", 401, "token_malformed"), ("", 401, "token_malformed")]
    {
        let request = with_cookie("better-auth.session_token", "GET", "/users/me", None);
        let answer = ask(&stack, with_header(request, "authorization", authorization)).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{authorization}");
    }
    let request = with_cookie("better-auth.session_token", "GET", "/users/me", None);
    let answer = ask(&stack, with_header(request, "authorization", "Bearer bob")).await;
    assert_eq!(answer.json()["email"], "bob@example.com");
}

#[tokio::test]
async fn two_cookies_that_contradict_each_other_are_refused() {
    let stack = Stack::new(Reply::Silence).await;
    let mut request = with_cookie("better-auth.session_token", "GET", "/users/me", None);
    request.headers_mut().append(header::COOKIE, "better-auth.session_token=another".parse().unwrap());
    let answer = ask(&stack, request).await;
    assert_eq!(answer.problem(), (401, "token_malformed".to_owned()));
    assert!(answer.header("www-authenticate").starts_with(r#"Bearer error="invalid_token""#));
}

#[tokio::test]
async fn a_foreign_page_cannot_make_a_browser_change_anything() {
    let stack = Stack::new(Reply::Silence).await;
    for (method, path) in routes().into_iter().filter(|(method, _)| *method != "GET") {
        let request = with_cookie("better-auth.session_token", method, &path, Some("{"));
        let answer = ask(&stack, with_header(request, "sec-fetch-site", "cross-site")).await;
        assert_eq!(answer.error_at(&path), (403, "origin_refused".to_owned()), "{method} {path}");
        let answer = ask(&stack, with_cookie("better-auth.session_token", method, &path, Some("{"))).await;
        assert_eq!(answer.error_at(&path), (403, "origin_refused".to_owned()), "{method} {path} without any origin");
    }
    assert!(stack.history.story().is_empty());
}

#[tokio::test]
async fn our_own_pages_and_listed_ones_may_use_the_cookie() {
    let stack = Stack::with(greeting(), &["--cors-origins=https://app.test"]).await;
    let create = || with_cookie("better-auth.session_token", "POST", "/conversations", Some("{}"));
    for (name, value) in
        [("sec-fetch-site", "same-origin"), ("origin", "https://app.test"), ("origin", "https://chat.test")]
    {
        let request = with_header(with_header(create(), "host", "chat.test"), name, value);
        assert_eq!(ask(&stack, request).await.status, 201, "{name}: {value}");
    }
    let foreign = with_header(create(), "origin", "https://evil.test");
    assert_eq!(ask(&stack, foreign).await.problem(), (403, "origin_refused".to_owned()));
    let bearer = request("alice", "POST", "/conversations", Some(("application/json", "{}".to_owned())));
    let bearer = with_header(bearer, "origin", "https://evil.test");
    assert_eq!(ask(&stack, bearer).await.status, 201, "a token is added on purpose");
}

#[tokio::test]
async fn the_cookie_may_have_another_name_or_be_switched_off() {
    let named = Stack::with(Reply::Silence, &["--session-cookie=my.session_token"]).await;
    let off = Stack::with(Reply::Silence, &["--session-cookie=off"]).await;
    for (stack, name, status) in [
        (&named, "my.session_token", 200),
        (&named, "__Secure-my.session_token", 200),
        (&named, "better-auth.session_token", 401),
        (&off, "better-auth.session_token", 401),
        (&off, "off", 401),
    ] {
        assert_eq!(ask(stack, with_cookie(name, "GET", "/users/me", None)).await.status, status, "{name}");
    }
}

#[tokio::test]
async fn the_auth_service_learns_where_a_credential_came_from() {
    let behind = ["--trusted-proxies=10.0.0.0/8"];
    for (flags, peer, client) in [
        (&[][..], "192.0.2.1:4711", json!("192.0.2.1")),
        (&[][..], "10.0.0.1:4711", json!(null)),
        (&behind[..], "10.0.0.1:4711", json!("198.51.100.7")),
        (&behind[..], "192.0.2.1:4711", json!("192.0.2.1")),
        (&behind[..], "[::ffff:10.0.0.1]:4711", json!("198.51.100.7")),
    ] {
        let stack = Stack::with(Reply::Silence, flags).await;
        let mut request = request("alice", "GET", "/users/me", None);
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let answer = ask(&stack, with_header(request, "x-forwarded-for", "203.0.113.9, 198.51.100.7")).await;
        assert_eq!(answer.json()["image"], client, "{peer}");
    }
}

#[tokio::test]
async fn a_connection_tells_its_peer() {
    let stack = Stack::new(Reply::Silence).await;
    let bind = || TcpListener::bind("127.0.0.1:0");
    let listeners = Listeners { http: bind().await.unwrap(), admin: bind().await.unwrap() };
    let url = format!("http://{}/users/me", listeners.http.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(stack.gateway.clone().serve(listeners, CancellationToken::new()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).bearer_auth("alice").send().await.unwrap().json::<serde_json::Value>().await.unwrap();
    assert_eq!(answer["image"], "127.0.0.1");
}

#[tokio::test]
async fn an_address_that_failed_too_often_is_told_when_to_come_back() {
    let stack = Stack::new(Reply::Silence).await;
    let answer = ask(&stack, request("flood", "GET", "/users/me", None)).await;
    assert_eq!(answer.problem(), (429, "too_many_failures".to_owned()));
    assert_eq!((answer.header("retry-after"), answer.header("www-authenticate")), ("3", ""));
}

#[tokio::test]
async fn a_revoked_token_stops_when_the_memory_of_it_ends() {
    let me = || request("revoked-soon", "GET", "/users/me", None);
    let long = Stack::with(Reply::Silence, &["--token-cache-ttl=5m"]).await;
    let short = Stack::with(Reply::Silence, &["--token-cache-ttl=20ms"]).await;
    for stack in [&long, &short] {
        assert_eq!(ask(stack, me()).await.status, 200);
    }
    let refused = loop {
        let answer = ask(&short, me()).await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(refused.problem(), (401, "token_revoked".to_owned()));
    assert_eq!(
        refused.header("www-authenticate"),
        r#"Bearer error="invalid_token", error_description="the token was revoked""#
    );
    assert_eq!(ask(&long, me()).await.status, 200);
}
