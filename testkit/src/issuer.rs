//! A fake issuer: serves its keys as Better Auth does, and signs good and bad tokens in the same shape.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_stream::StreamExt as _;

mod key;
mod token;

pub use self::{
    key::{Algorithm, SigningKey},
    token::Token,
};

/// Where Better Auth publishes its keys, and below which path its API lives.
const BASE: &str = "/api/auth";

/// What the issuer answers when it is asked for its keys.
#[derive(Debug, Clone, Default)]
pub enum Answer {
    /// Its keys.
    #[default]
    Keys,
    /// A status and an empty body, as Better Auth does when it is broken.
    Status(u16),
    /// This text, with status 200.
    Text(String),
    /// A redirect to this place.
    Redirect(String),
    /// Nothing, ever.
    Silence,
    /// The beginning of its keys, and nothing more.
    Stall,
}

/// An issuer on this machine. It ends with the value.
#[derive(Debug)]
pub struct Issuer {
    origin: String,
    state: Arc<Mutex<Published>>,
    _server: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Published {
    keys: Vec<Arc<SigningKey>>,
    extra_keys: Vec<Value>,
    documents: HashMap<String, Value>,
    answer: Answer,
    headers: HeaderMap,
    fetches: watch::Sender<usize>,
}

impl Published {
    fn key_set(&self) -> Value {
        let keys = self.keys.iter().map(|key| key.jwk()).chain(self.extra_keys.iter().cloned());
        json!({ "keys": keys.collect::<Vec<_>>() })
    }
}

impl Issuer {
    /// An issuer with one Ed25519 key, Better Auth's default.
    ///
    /// # Panics
    /// When the machine has no free port.
    pub async fn start() -> Self {
        Self::with([Algorithm::EdDsa]).await
    }

    /// An issuer with one key for each of these.
    ///
    /// # Panics
    /// When the machine has no free port.
    pub async fn with(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("a bound listener"));
        let keys = algorithms.into_iter().map(|algorithm| Arc::new(SigningKey::generate(algorithm))).collect();
        let state = Arc::new(Mutex::new(Published { keys, ..Published::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("a server that goes on") });
        Self { origin, state, _server: server }
    }

    /// Its `iss` and `aud`: scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What a program is told as `BETTER_AUTH_URL`.
    pub fn base_url(&self) -> String {
        format!("{}{BASE}", self.origin)
    }

    /// Where its keys are. Any other path that ends in `/jwks` or `/jwks.json` answers the same.
    pub fn jwks_url(&self) -> String {
        format!("{}{BASE}/jwks", self.origin)
    }

    /// Its public keys, as they are served.
    pub fn key_set(&self) -> Value {
        self.state().key_set()
    }

    /// How often its keys were asked for.
    pub fn fetches(&self) -> usize {
        *self.state().fetches.borrow()
    }

    /// Returns when its keys have been asked for so many times.
    ///
    /// # Panics
    /// When the issuer has ended.
    pub async fn fetched(&self, times: usize) {
        let mut fetches = self.state().fetches.subscribe();
        fetches.wait_for(|fetches| *fetches >= times).await.expect("the issuer goes on");
    }

    /// From now on, this is the answer to those who ask for keys.
    pub fn answer(&self, answer: Answer) {
        self.state().answer = answer;
    }

    /// From now on, every answer to those who ask for keys has this header.
    ///
    /// # Panics
    /// When this is no header.
    pub fn header(&self, name: &'static str, value: &str) {
        self.state().headers.insert(name, value.parse().expect("the value of a header"));
    }

    /// Adds a key, with which tokens are signed from now on; the old ones stay published.
    pub fn rotate(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        self.publish(SigningKey::generate(algorithm))
    }

    /// The same with a key that is there already, be it another issuer's.
    pub fn publish(&self, key: impl Into<Arc<SigningKey>>) -> Arc<SigningKey> {
        let key = key.into();
        self.state().keys.push(Arc::clone(&key));
        key
    }

    /// Publishes a key as it is given, fit or not.
    pub fn publish_raw(&self, jwk: Value) {
        self.state().extra_keys.push(jwk);
    }

    /// Takes a key out of what is published.
    pub fn withdraw(&self, key: &SigningKey) {
        self.state().keys.retain(|published| published.id() != key.id());
    }

    /// Serves a JSON document, such as one for discovery, at this path.
    pub fn serve(&self, path: &str, document: Value) {
        self.state().documents.insert(path.to_owned(), document);
    }

    /// The newest key.
    ///
    /// # Panics
    /// When every key was withdrawn.
    pub fn key(&self) -> Arc<SigningKey> {
        Arc::clone(self.state().keys.last().expect("a key"))
    }

    /// A good token of this subject, to be signed with the newest key; change it at will before [`Token::sign`].
    pub fn token(&self, subject: &str) -> Token {
        Token::new(&self.origin, subject, self.key())
    }

    fn state(&self) -> MutexGuard<'_, Published> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<Published>) -> MutexGuard<'_, Published> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(state): State<Arc<Mutex<Published>>>, request: Request) -> Response {
    let path = request.uri().path();
    let (answer, keys, headers) = {
        let published = lock(&state);
        if let Some(document) = published.documents.get(path) {
            return json_response(document);
        }
        if !(path.ends_with("/jwks") || path.ends_with("/jwks.json")) {
            return StatusCode::NOT_FOUND.into_response();
        }
        published.fetches.send_modify(|fetches| *fetches += 1);
        (published.answer.clone(), published.key_set(), published.headers.clone())
    };
    let answer = match answer {
        Answer::Keys => json_response(&keys),
        Answer::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Answer::Text(text) => text.into_response(),
        Answer::Redirect(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        Answer::Silence => std::future::pending().await,
        Answer::Stall => {
            let beginning = keys.to_string()[..10].to_owned();
            let stalled = tokio_stream::once(Ok::<_, Infallible>(beginning)).chain(tokio_stream::pending());
            Body::from_stream(stalled).into_response()
        }
    };
    (headers, answer).into_response()
}

fn json_response(document: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}
