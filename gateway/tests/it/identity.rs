//! What is passed on to identity, and what comes back.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request as Received},
    http::{Request, StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Response},
    routing::{any, get},
};
use futures_util::stream;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use testkit::agent::Reply;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Notify,
    task::JoinSet,
};
use tower::ServiceExt as _;

use crate::stack::{Stack, request, send};

/// Says what it was asked.
async fn echo(request: Received) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| [name.as_str(), value.to_str().unwrap()]).collect();
    let told = json!({
        "method": parts.method.as_str(),
        "target": parts.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    });
    let cookies = AppendHeaders([(header::SET_COOKIE, "a=1; HttpOnly"), (header::SET_COOKIE, "b=2")]);
    let about_the_connection = [(header::CONNECTION, "keep-alive, x-private"), (header::TE, "trailers")];
    (about_the_connection, [("x-private", "1"), ("set-auth-token", "t")], cookies, Json(told)).into_response()
}

async fn refusal() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({"code": "INVALID_EMAIL_OR_PASSWORD", "message": "no"}))).into_response()
}

/// An identity that ends with the value.
struct Identity {
    flag: String,
    _running: JoinSet<()>,
}

async fn identity(more: Router) -> Identity {
    let router = more
        .route("/api/auth/refused", any(refusal))
        .route("/outside", get(|| async { "nobody's business" }))
        .fallback(echo);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flag = format!("--identity-url=http://{}", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move { axum::serve(listener, router).await.unwrap() });
    Identity { flag, _running: running }
}

fn from(peer: &str, mut request: Request<Body>, headers: &[(&'static str, &'static str)]) -> Request<Body> {
    let peer = format!("{peer}:40000").parse::<SocketAddr>().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request
}

fn told(answer: &Value, name: &str) -> Vec<String> {
    let headers = answer["headers"].as_array().unwrap().iter();
    headers.filter(|header| header[0] == name).map(|header| header[1].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn requests_and_answers_are_passed_on_whole() {
    let identity = identity(Router::new()).await;
    let stack = Stack::with(Reply::Silence, &[&identity.flag]).await;
    let asked = request("", "POST", "/api/auth/sign-in/email?x=%2F&y", Some(("application/json", "{\"a\":1}".into())));
    let asked = from(
        "192.0.2.1",
        asked,
        &[("cookie", "s=1; t=2"), ("origin", "https://chat.test"), ("authorization", "Bearer x")],
    );
    let answer = send(stack.gateway.router(), asked).await;
    let heard = answer.json();
    assert_eq!(
        (answer.status.as_u16(), heard["method"].as_str(), heard["body"].as_str()),
        (200, Some("POST"), Some("{\"a\":1}"))
    );
    assert_eq!(heard["target"], "/api/auth/sign-in/email?x=%2F&y");
    for (name, value) in [
        ("cookie", "s=1; t=2"),
        ("origin", "https://chat.test"),
        ("authorization", "Bearer x"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(told(&heard, name), [value]);
    }
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1; HttpOnly", "b=2"]);
    assert_eq!((answer.header("set-auth-token"), answer.header("cache-control")), ("t", "no-store"));
    assert!(!answer.header("x-request-id").is_empty());
    // What was about the connection to identity stays there.
    for name in ["connection", "te", "x-private"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
}

#[tokio::test]
async fn nobody_says_who_they_are_but_those_who_are_believed() {
    let identity = identity(Router::new()).await;
    let lies = [
        ("x-forwarded-for", "198.51.100.9"),
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", "198.51.100.9"),
        ("forwarded", "for=198.51.100.9"),
        ("connection", "close, x-secret"),
        ("x-secret", "1"),
        ("te", "trailers"),
        ("host", "chat.test"),
    ];
    let heard = async |flags: &[&str], peer| {
        let stack = Stack::with(Reply::Silence, &[&[identity.flag.as_str()], flags].concat()).await;
        send(stack.gateway.router(), from(peer, request("", "GET", "/api/auth/ok", None), &lies)).await.json()
    };
    let direct = heard(&[], "192.0.2.1").await;
    assert_eq!(told(&direct, "x-forwarded-for"), ["192.0.2.1"]);
    assert_eq!(told(&direct, "x-forwarded-host"), ["chat.test"]);
    assert_eq!(told(&direct, "x-forwarded-proto"), ["http"]);
    for name in ["x-real-ip", "forwarded", "x-secret", "te"] {
        assert!(told(&direct, name).is_empty(), "{name}");
    }
    // Behind a proxy that nobody named, clients have no address.
    assert!(told(&heard(&[], "10.0.0.1").await, "x-forwarded-for").is_empty());
    let proxied = heard(&["--trusted-proxies=10.0.0.0/8"], "10.0.0.1").await;
    assert_eq!(told(&proxied, "x-forwarded-for"), ["198.51.100.9"]);
    assert_eq!(told(&proxied, "x-forwarded-host"), ["evil.test"]);
    assert_eq!(told(&proxied, "x-forwarded-proto"), ["https"]);
}

#[tokio::test]
async fn its_refusals_are_its_own() {
    let identity = identity(Router::new()).await;
    let stack = Stack::with(Reply::Silence, &[&identity.flag]).await;
    let answer = send(stack.gateway.router(), request("", "POST", "/api/auth/refused", None)).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (401, "application/json"));
    assert_eq!(answer.json(), json!({"code": "INVALID_EMAIL_OR_PASSWORD", "message": "no"}));
}

#[tokio::test]
async fn nothing_outside_is_reached() {
    let identity = identity(Router::new()).await;
    let stack = Stack::with(Reply::Silence, &[&identity.flag]).await;
    for path in [
        "/api/auth/../../outside",
        "/api/auth/%2e%2e/%2e%2e/outside",
        "/api/auth/.%2E/../outside",
        "/api/auth/x/../../../outside",
    ] {
        let answer = send(stack.gateway.router(), request("", "GET", path, None)).await;
        assert_eq!(answer.problem(), (404, "route_not_found".to_owned()), "{path}");
    }
    let doubly = send(stack.gateway.router(), request("", "GET", "/api/auth//evil.test/x", None)).await;
    assert_eq!(doubly.json()["target"], "/api/auth//evil.test/x");
}

#[tokio::test]
async fn an_answer_comes_as_it_is_said() {
    let gate = Arc::new(Notify::new());
    let behind = gate.clone();
    let slowly = get(async move || {
        let said = stream::unfold(0, move |step| {
            let behind = behind.clone();
            async move {
                if step == 1 {
                    behind.notified().await;
                }
                (step < 2).then(|| (Ok::<_, std::io::Error>(Bytes::from(format!("part {step};"))), step + 1))
            }
        });
        Body::from_stream(said)
    });
    let identity = identity(Router::new().route("/api/auth/slow", slowly)).await;
    let stack = Stack::with(Reply::Silence, &[&identity.flag]).await;
    let response = stack.gateway.router().oneshot(request("", "GET", "/api/auth/slow", None)).await.unwrap();
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "part 0;");
    gate.notify_one();
    assert_eq!(body.collect().await.unwrap().to_bytes(), "part 1;");
}

#[tokio::test]
async fn a_body_has_a_limit_also_when_it_does_not_say_how_long_it_is() {
    let identity = identity(Router::new()).await;
    let stack = Stack::with(Reply::Silence, &[&identity.flag, "--gateway-max-body=1000"]).await;
    let said = request("", "POST", "/api/auth/x", Some(("application/json", "x".repeat(1001))));
    let mut said = said;
    said.headers_mut().insert(header::CONTENT_LENGTH, 1001.into());
    assert_eq!(send(stack.gateway.router(), said).await.problem(), (413, "body_too_large".to_owned()));
    let pieces = || stream::iter((0..11).map(|_| Ok::<_, std::io::Error>(Bytes::from("x".repeat(100)))));
    let unsaid = Request::post("/api/auth/x").body(Body::from_stream(pieces())).unwrap();
    assert_eq!(send(stack.gateway.router(), unsaid).await.problem(), (413, "body_too_large".to_owned()));
    let fits = Request::post("/api/auth/x").body(Body::from("x".repeat(1000))).unwrap();
    assert_eq!(send(stack.gateway.router(), fits).await.status, 200);
}

#[tokio::test]
async fn identity_that_is_gone_is_told_as_such_and_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let stack = Stack::with(Reply::Silence, &[&format!("--identity-url=http://{address}")]).await;
    let away = stack.send("POST", "/api/auth/sign-in/email", Some(&json!({}))).await;
    assert_eq!((away.problem(), away.header("retry-after")), ((503, "identity_unavailable".to_owned()), "2"));
    // The rest goes on.
    assert_eq!(stack.send("GET", "/users/me", None).await.status, 200);
    let listener = TcpListener::bind(address).await.unwrap();
    let mut running = JoinSet::new();
    running.spawn(async move { axum::serve(listener, Router::new().fallback(echo)).await.unwrap() });
    assert_eq!(stack.send("GET", "/api/auth/ok", None).await.status, 200);
}

#[tokio::test]
async fn without_identity_there_is_nothing() {
    let stack = Stack::new(Reply::Silence).await;
    let answer = stack.send("GET", "/api/auth/get-session", None).await;
    assert_eq!(answer.problem(), (404, "identity_not_configured".to_owned()));
}

#[tokio::test]
async fn a_users_rates_are_not_spent_here() {
    let identity = identity(Router::new()).await;
    let stack = Stack::with(Reply::Silence, &[&identity.flag, "--gateway-requests-per-minute=1"]).await;
    for _ in 0..3 {
        let answer = stack.send("GET", "/api/auth/token", None).await;
        assert_eq!((answer.status.as_u16(), answer.header("ratelimit")), (200, ""));
    }
}

#[tokio::test]
async fn a_cut_answer_is_not_a_whole_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flag = format!("--identity-url=http://{}", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
    });
    let stack = Stack::with(Reply::Silence, &[&flag]).await;
    let response = stack.gateway.router().oneshot(request("", "GET", "/api/auth/cut", None)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn pages_of_other_origins_read_nothing_of_it_whatever_they_may_read_elsewhere() {
    let identity = identity(Router::new()).await;
    for origins in ["--cors-origins=*", "--cors-origins=https://app.test"] {
        let stack = Stack::with(Reply::Silence, &[&identity.flag, origins]).await;
        for (path, allowed) in [("/api/auth/token", false), ("/api/auth/outbox/x", false), ("/users/me", true)] {
            for method in ["GET", "OPTIONS"] {
                let preflight = [("origin", "https://app.test"), ("access-control-request-method", "GET")];
                let asked = from("192.0.2.1", request("", method, path, None), &preflight);
                let answer = send(stack.gateway.router(), asked).await;
                let told = !answer.header("access-control-allow-origin").is_empty();
                assert_eq!(told, allowed, "{origins} {method} {path}");
                assert!(allowed || answer.status == 200, "it is passed on: {}", answer.status);
            }
        }
    }
}
