//! A fake agent on loopback that answers as a test scripts it, and remembers what it was asked.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc, watch},
    task::JoinSet,
};
use tokio_stream::wrappers::ReceiverStream;

/// What the agent answers to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// 200 with this JSON.
    Json(Value),
    /// 200 `text/event-stream`, piece by piece.
    Sse(Vec<Piece>),
    /// Any status, content type and body, as 500 with a body, or rubbish.
    Raw(StatusCode, &'static str, String),
    /// 307 to this place.
    Redirect(String),
    /// This status, and after so many seconds it may be asked again.
    Later(StatusCode, u64),
    /// Waits for the gate before it answers anything.
    After(Gate, Box<Reply>),
    /// Takes the request and never answers.
    Silence,
}

/// A piece of a stream.
#[derive(Debug, Clone)]
pub enum Piece {
    /// These bytes, as they are.
    Bytes(String),
    /// Waits until the gate opens.
    Wait(Gate),
    /// Nothing more, and no end.
    Hang,
    /// The connection breaks.
    Cut,
    /// These bytes for ever.
    Endless(String),
}

impl Piece {
    /// One SSE event.
    pub fn event(name: &str, data: &Value) -> Self {
        Self::Bytes(format!("event: {name}\ndata: {data}\n\n"))
    }

    /// A `delta` event.
    pub fn delta(text: &str) -> Self {
        Self::event("delta", &serde_json::json!({ "text": text }))
    }

    /// The `done` event.
    pub fn done() -> Self {
        Self::event("done", &serde_json::json!({}))
    }
}

/// Holds an agent back until a test opens it.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Notify>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets one waiting agent pass, now or when it comes.
    pub fn open(&self) {
        self.0.notify_one();
    }
}

/// A request that the agent got.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where it came.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Value,
}

/// The agent. It ends when it is dropped.
#[derive(Debug)]
pub struct FakeAgent {
    address: SocketAddr,
    script: Arc<Script>,
    tasks: JoinSet<()>,
}

struct Script {
    /// Replies in order; the last one is given again and again.
    replies: Mutex<VecDeque<Reply>>,
    received: watch::Sender<Vec<Received>>,
    /// Streams that lost their reader in the middle.
    abandoned: watch::Sender<usize>,
    on_request: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").field("replies", &self.replies).finish_non_exhaustive()
    }
}

impl FakeAgent {
    /// An agent that always answers the same.
    pub async fn always(reply: Reply) -> Self {
        Self::scripted([reply]).await
    }

    /// An agent that answers in this order, and goes on with the last reply.
    pub async fn scripted(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::observed(replies, || ()).await
    }

    /// The same, and says when a request arrives, before it answers.
    pub async fn observed(
        replies: impl IntoIterator<Item = Reply>,
        on_request: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let script = Arc::new(Script {
            replies: Mutex::new(replies.into_iter().collect()),
            received: watch::Sender::default(),
            abandoned: watch::Sender::default(),
            on_request: Box::new(on_request),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("serving never ends") });
        Self { address, script, tasks }
    }

    /// Where it is asked.
    pub fn url(&self) -> String {
        format!("http://{}/run", self.address)
    }

    /// The URL of an agent that is not there: nobody listens.
    pub async fn dead() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        format!("http://{}/run", listener.local_addr().expect("it is bound"))
    }

    /// What it was asked so far.
    pub fn received(&self) -> Vec<Received> {
        self.script.received.borrow().clone()
    }

    /// Waits until it was asked so many times.
    pub async fn asked(&self, times: usize) -> Vec<Received> {
        let mut received = self.script.received.subscribe();
        received.wait_for(|all| all.len() >= times).await.expect("the sender lives in self").clone()
    }

    /// Waits until a reader has left one of its streams.
    pub async fn abandoned(&self) {
        let mut abandoned = self.script.abandoned.subscribe();
        abandoned.wait_for(|count| *count > 0).await.expect("the sender lives in self");
    }

    /// Ends it now, connections included.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn answer(State(script): State<Arc<Script>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    (script.on_request)();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    script.received.send_modify(|all| all.push(Received { path: uri.path().to_owned(), headers, body }));
    let mut reply = {
        let mut replies = script.replies.lock().expect("no test panics while it holds this");
        if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() }.expect("a script has a reply")
    };
    while let Reply::After(gate, then) = reply {
        gate.0.notified().await;
        reply = *then;
    }
    match reply {
        Reply::Json(value) => axum::Json(value).into_response(),
        Reply::Sse(pieces) => ([(header::CONTENT_TYPE, "text/event-stream")], stream(script, pieces)).into_response(),
        Reply::Raw(status, content_type, body) => {
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        Reply::Redirect(place) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response(),
        Reply::Later(status, wait) => (status, [(header::RETRY_AFTER, wait.to_string())]).into_response(),
        Reply::Silence | Reply::After(..) => std::future::pending::<Infallible>().await.into_response(),
    }
}

fn stream(script: Arc<Script>, pieces: Vec<Piece>) -> Body {
    let (sender, receiver) = mpsc::channel::<std::io::Result<Bytes>>(1);
    #[expect(clippy::disallowed_methods, reason = "ends when the stream's reader leaves")]
    tokio::spawn(async move {
        if play(pieces, &sender).await.is_none() {
            script.abandoned.send_modify(|count| *count += 1);
        }
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

/// `None` when the reader left before the end.
async fn play(pieces: Vec<Piece>, sender: &mpsc::Sender<std::io::Result<Bytes>>) -> Option<()> {
    for piece in pieces {
        match piece {
            Piece::Bytes(text) => sender.send(Ok(text.into())).await.ok()?,
            Piece::Wait(gate) => tokio::select! {
                () = gate.0.notified() => {}
                () = sender.closed() => return None,
            },
            Piece::Hang => {
                sender.closed().await;
                return None;
            }
            Piece::Cut => sender.send(Err(std::io::Error::other("cut"))).await.ok()?,
            Piece::Endless(text) => loop {
                sender.send(Ok(text.clone().into())).await.ok()?;
            },
        }
    }
    Some(())
}
