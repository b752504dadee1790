//! What is below `/api/auth` belongs to identity: it is asked, and what it says is passed on as it is said.

use std::{io, net::IpAddr, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kit::telemetry::propagation;
use tokio::time::timeout;
use url::Url;

use crate::{
    app::App,
    problem::{AsItIs, Problem, Refused},
};

/// The path of everything that is passed on.
pub(crate) const PATH: &str = "/api/auth/";

const CONNECT: Duration = Duration::from_secs(2);
/// Until it begins to answer. It may erase somebody meanwhile, by asking this gateway.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long it may be silent in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(30);
/// Node closes what was idle for 5 seconds: a request that meets the closing is lost, and may not be repeated.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
/// When to come back to one that is away.
const RETRY: Duration = Duration::from_secs(2);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// About one connection only (RFC 9110 §7.6.1), besides what `Connection` names.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The way to identity.
pub(crate) struct Identity {
    origin: Url,
    client: reqwest::Client,
    largest_body: usize,
}

impl Identity {
    pub(crate) fn new(origin: &Url, largest_body: usize) -> anyhow::Result<Self> {
        let client = kit::http::client(origin, CONNECT).pool_idle_timeout(IDLE_CONNECTION).build()?;
        Ok(Self { origin: origin.clone(), client, largest_body })
    }

    /// Where this path lies there. None if it only looks as if it were below ours.
    fn address(&self, parts: &Parts) -> Option<Url> {
        let path = parts.uri.path_and_query()?.as_str();
        let url = self.origin.join(&format!("{}{path}", self.origin.origin().ascii_serialization())).ok()?;
        (url.origin() == self.origin.origin() && url.path().starts_with(PATH)).then_some(url)
    }

    async fn ask(&self, told: &Told, request: Request) -> Result<Response, Refused> {
        let (mut parts, body) = request.into_parts();
        let Some(url) = self.address(&parts) else { return Err(Problem::of_status(StatusCode::NOT_FOUND)) };
        let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > self.largest_body) {
            return Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        told.replace(&mut parts);
        propagation::inject(&mut parts.headers);
        let mut asked = self.client.request(parts.method, url).headers(parts.headers);
        if !body.is_end_stream() {
            let body = Limited::new(body, self.largest_body).into_data_stream();
            asked = asked.body(reqwest::Body::wrap_stream(body));
        }
        match timeout(PATIENCE, asked.send()).await {
            Ok(Ok(answer)) => Ok(passed_on(answer)),
            Ok(Err(error)) if is_too_large(&error) => Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE)),
            Ok(Err(error)) => {
                tracing::warn!(error = format!("{:#}", anyhow::Error::from(error.without_url())), "identity is away");
                let detail = "logging in and signing up are not possible right now; try again in a moment";
                let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "identity_unavailable", detail);
                Err(problem.retry_after(RETRY))
            }
            Err(_) => Err(Problem::of_status(StatusCode::GATEWAY_TIMEOUT)),
        }
    }
}

/// Passes a request on, if there is somebody to pass it on to.
pub(crate) async fn pass_on(State(app): State<App>, request: Request) -> Response {
    let Some(identity) = &app.identity else {
        let detail = "no identity server is configured here (IDENTITY_URL)";
        return Problem::new(StatusCode::NOT_FOUND, "identity_not_configured", detail).into_response();
    };
    let (parts, body) = request.into_parts();
    let told = Told::of(&app, &parts);
    let answer = identity.ask(&told, Request::from_parts(parts, body)).await;
    answer.unwrap_or_else(axum::response::IntoResponse::into_response)
}

/// What is said about the client: what this gateway knows, and never what clients say about themselves.
struct Told {
    client: Option<IpAddr>,
    host: Option<HeaderValue>,
    scheme: HeaderValue,
}

impl Told {
    fn of(app: &App, parts: &Parts) -> Self {
        let by_proxy =
            |name: HeaderName| parts.headers.get(name).filter(|_| app.clients.is_told_by_proxy(parts)).cloned();
        let authority = parts.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        let host = by_proxy(FORWARDED_HOST).or(authority).or_else(|| parts.headers.get(header::HOST).cloned());
        let scheme = by_proxy(FORWARDED_PROTO).unwrap_or(HeaderValue::from_static("http"));
        Self { client: app.clients.address(parts), host, scheme }
    }

    fn replace(&self, parts: &mut Parts) {
        let headers = &mut parts.headers;
        drop_hop_by_hop(headers);
        // Its own host is the one of its address.
        for name in [&FORWARDED_FOR, &FORWARDED_HOST, &FORWARDED_PROTO, &header::FORWARDED, &header::HOST] {
            headers.remove(name);
        }
        headers.remove("x-real-ip");
        if let Some(client) = self.client {
            headers.insert(FORWARDED_FOR, HeaderValue::from_str(&client.to_string()).expect("an address is text"));
        }
        headers.extend(self.host.clone().map(|host| (FORWARDED_HOST, host)));
        headers.insert(FORWARDED_PROTO, self.scheme.clone());
    }
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

/// Status, headers and body as they came, the body as it comes.
fn passed_on(answer: reqwest::Response) -> Response {
    let answer: http::Response<reqwest::Body> = answer.into();
    let (mut parts, body) = answer.into_parts();
    drop_hop_by_hop(&mut parts.headers);
    parts.extensions = http::Extensions::new();
    parts.extensions.insert(AsItIs);
    Response::from_parts(parts, Body::from_stream(unless_silent(body)))
}

/// The bytes of a body, with a deadline for each next one.
fn unless_silent(body: reqwest::Body) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(body), |body| async {
        let mut body = body?;
        match timeout(SILENCE, body.frame()).await {
            Ok(None) => None,
            Ok(Some(Ok(frame))) => Some((Ok(frame.into_data().unwrap_or_default()), Some(body))),
            Ok(Some(Err(error))) => Some((Err(io::Error::other(error)), None)),
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    })
}

fn is_too_large(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.is::<LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}
