//! A gateway with everything around it, and the requests that tests make.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use clap::Parser;
use gateway::{Config, Gateway};
use http_body_util::BodyExt as _;
use kit::{caller::Authenticator, client, config::ServiceKeys, server::Services};
use proto::{
    auth::v1::{auth_service_server::AuthServiceServer, user_service_server::UserServiceServer},
    history::v1::{
        conversation_service_server::ConversationServiceServer, message_service_server::MessageServiceServer,
        privacy_service_server::PrivacyServiceServer, run_service_server::RunServiceServer,
    },
};
use serde_json::Value;
use testkit::{
    NoUsers, OnlyVerifies,
    agent::{FakeAgent, Piece, Reply},
};
use tower::ServiceExt as _;

use crate::fake::{FakeAuth, FakeHistory, FakeUsers};

pub(crate) const KEY: &str = "gateway-key-0123456789";

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

/// A gateway, its fake history, and its agent.
pub(crate) struct Stack {
    pub(crate) gateway: Gateway,
    pub(crate) history: FakeHistory,
    pub(crate) agent: FakeAgent,
}

impl Stack {
    /// An agent that answers like this.
    pub(crate) async fn new(reply: Reply) -> Self {
        Self::with(reply, &[]).await
    }

    /// The same, with flags.
    pub(crate) async fn with(reply: Reply, flags: &[&str]) -> Self {
        Self::scripted([reply], flags).await
    }

    /// An agent that answers in this order, and goes on with the last reply.
    pub(crate) async fn scripted(replies: impl IntoIterator<Item = Reply>, flags: &[&str]) -> Self {
        let history = FakeHistory::default();
        let witness = history.clone();
        let agent = FakeAgent::observed(replies, move || witness.tell("agent asked")).await;
        let url = format!("--agent-url={}", agent.url());
        let flags: Vec<&str> = std::iter::once(url.as_str()).chain(flags.iter().copied()).collect();
        let gateway = gateway_of(&history, &flags, KEY);
        Self { gateway, history, agent }
    }

    /// A request of Alice's, answered whole.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string()));
        send(self.gateway.router(), request("alice", method, path, body)).await
    }

    /// A question of Alice's, answered by JSON.
    pub(crate) async fn ask(&self, body: &Value) -> Answer {
        self.send("POST", "/agents/run", Some(body)).await
    }

    /// A question of Alice's, answered by a stream that is not read yet.
    pub(crate) async fn stream(&self, body: &Value) -> Response {
        let mut request = request("alice", "POST", "/agents/run", Some(("application/json", body.to_string())));
        request.headers_mut().insert(header::ACCEPT, "text/event-stream".parse().unwrap());
        self.gateway.router().oneshot(request).await.unwrap()
    }

    /// A question of Alice's, answered by a stream that is read to its end.
    pub(crate) async fn events(&self, body: &Value) -> Vec<(String, Value)> {
        events(&text(self.stream(body).await).await)
    }
}

/// A gateway over this history, with these flags and this key.
pub(crate) fn gateway_of(history: &FakeHistory, flags: &[&str], key: &str) -> Gateway {
    gateway_with(history, flags, key, key)
}

/// The same with a key for each service.
pub(crate) fn gateway_with(history: &FakeHistory, flags: &[&str], auth_key: &str, history_key: &str) -> Gateway {
    let arguments = ["gateway", "--service-key", KEY].into_iter().chain(flags.iter().copied());
    let config = Cli::parse_from(arguments).config;
    let keys = ServiceKeys::single("gateway", KEY.to_owned().into()).into();
    let guard = || Authenticator::new(Arc::new(NoUsers), &keys).unwrap();
    let auth = Services::new("auth")
        .with(AuthServiceServer::new(OnlyVerifies(FakeAuth::default())))
        .with(UserServiceServer::new(FakeUsers(history.clone())))
        .guarded_by(guard());
    let runs = RunServiceServer::new(history.clone());
    let runs = match history.0.largest.load(Ordering::SeqCst) {
        0 => runs,
        largest => runs.max_decoding_message_size(largest),
    };
    let services = Services::new("history")
        .with(ConversationServiceServer::new(history.clone()))
        .with(MessageServiceServer::new(history.clone()))
        .with(runs)
        .with(PrivacyServiceServer::new(history.clone()))
        .guarded_by(guard());
    let transport =
        |router: Router, key: &str| client::attach(testkit::channel(router), &key.to_owned().into()).unwrap();
    let auth = transport(auth.into_router(), auth_key);
    Gateway::new(&config, auth, transport(services.into_router(), history_key)).unwrap()
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and code of a problem, whose form is checked on the way.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        for name in ["type", "title", "detail"] {
            assert!(problem[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {problem}");
        }
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(problem["errors"].is_array());
        (self.status.as_u16(), problem["code"].as_str().unwrap().to_owned())
    }

    /// The same of an error as OpenAI's API has them.
    pub(crate) fn openai_error(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        let error = &self.json()["error"];
        for name in ["message", "type"] {
            assert!(error[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {error}");
        }
        assert!(error.get("param").is_some());
        assert_eq!(error["request_id"], self.header("x-request-id"));
        (self.status.as_u16(), error["code"].as_str().unwrap().to_owned())
    }

    /// Status and code of an error in the form of this path.
    pub(crate) fn error_at(&self, path: &str) -> (u16, String) {
        if path.starts_with("/v1/") { self.openai_error() } else { self.problem() }
    }

    /// Fields and codes of what is wrong.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = self.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

pub(crate) fn request(token: &str, method: &str, path: &str, body: Option<(&str, String)>) -> Request<Body> {
    let builder = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    let builder =
        if token.is_empty() { builder } else { builder.header(header::AUTHORIZATION, format!("Bearer {token}")) };
    match body {
        Some((content_type, body)) => builder.header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap(),
        None => builder.body(Body::empty()).unwrap(),
    }
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: text(response).await }
}

pub(crate) async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Names and data of the events of a stream; each has an id that counts on.
pub(crate) fn events(stream: &str) -> Vec<(String, Value)> {
    assert!(stream.starts_with(": ") && stream.ends_with("\n\n") && !stream.contains('\r'), "{stream}");
    let frames = stream.split("\n\n").filter(|frame| !frame.is_empty() && !frame.starts_with(':'));
    let read = |(number, frame): (usize, &str)| {
        let lines: Vec<_> = frame.lines().map(|line| line.split_once(": ").unwrap()).collect();
        let [("event", name), ("id", id), ("data", data)] = lines[..] else { panic!("{frame}") };
        assert!(id.ends_with(&format!("-{number}")), "{id}");
        (name.to_owned(), serde_json::from_str(data).unwrap())
    };
    frames.enumerate().map(read).collect()
}

/// A good stream of an agent's.
pub(crate) fn greeting() -> Reply {
    Reply::Sse(vec![Piece::delta("Hello "), Piece::delta("Alice"), Piece::done()])
}
