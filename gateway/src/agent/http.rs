//! HTTP to an agent: a deadline on every wait, no redirects, sizes bounded while reading, and asked again only where it
//! cannot have begun.

use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::body::Bytes;
use kit::telemetry::propagation;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;

use super::{Agent, AgentError, AgentFault, Question};

/// How much of an error's body is read.
const ERROR_BODY: usize = 64 * 1024;
/// Between an attempt that did not reach the agent and the next; doubled every time.
const PAUSE: Duration = Duration::from_millis(100);

/// Uvicorn and Node close what was idle for 5 seconds: a question that meets the closing is lost, and may not be repeated.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);

pub(super) fn client(url: &Url, connect_timeout: Duration) -> anyhow::Result<reqwest::Client> {
    Ok(kit::http::client(url, connect_timeout).pool_idle_timeout(IDLE_CONNECTION).build()?)
}

/// A successful answer, about to be read.
pub(super) struct Answer {
    response: reqwest::Response,
    idle: Duration,
    /// Until when the first byte may come, while it has not.
    first_byte: Option<Instant>,
}

/// Sends the question. Anything but a 2xx is an error here.
pub(super) async fn post(agent: &Agent, question: &Question) -> Result<Answer, AgentError> {
    let protocol = agent.config.protocol;
    let body = protocol.body(agent, question).map_err(|_| AgentError::bad_response("the question is no JSON"))?;
    let (body, headers) = (Bytes::from(body), headers(agent, question)?);
    let deadline = Instant::now() + agent.patience.first_byte;
    let mut attempt = 0;
    loop {
        let request = agent.client.post(agent.url.clone()).headers(headers.clone()).body(body.clone());
        let late = |_| AgentError::new(AgentFault::Timeout, "the agent did not begin to answer in time");
        let more = attempt < agent.config.retries;
        let wait = match timeout_at(deadline, request.send()).await.map_err(late)? {
            Ok(response) => match later(&response).filter(|wait| more && Instant::now() + *wait < deadline) {
                Some(wait) => wait,
                None => return taken(response, agent, deadline).await,
            },
            Err(error) if error.is_connect() && more => PAUSE * 2_u32.saturating_pow(attempt),
            Err(error) => return Err(transport_error(agent, error)),
        };
        tracing::info!(agent.name = agent.name(), ?wait, "the agent did not take the question, and is asked again");
        timeout_at(deadline, sleep(wait)).await.map_err(late)?;
        attempt += 1;
    }
}

/// When an agent that did not begin wants to be asked again.
fn later(response: &reqwest::Response) -> Option<Duration> {
    let not_begun = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let wait = response.headers().get(header::RETRY_AFTER).filter(|_| not_begun)?;
    wait.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

async fn taken(response: reqwest::Response, agent: &Agent, deadline: Instant) -> Result<Answer, AgentError> {
    let answer = Answer { response, idle: agent.patience.idle, first_byte: Some(deadline) };
    match answer.response.status() {
        status if status.is_success() => Ok(answer),
        status if status.is_redirection() => Err(AgentError::bad_response(format!(
            "the agent answered with a redirect ({status}), which is not followed"
        ))),
        status => Err(answer.into_error(status).await),
    }
}

impl Answer {
    /// The media type, in lower case and without parameters.
    pub(super) fn media_type(&self) -> String {
        let value = self.response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The next bytes, or `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, AgentError> {
        // Headers are often sent before there is anything to say.
        let first_byte = self.first_byte.take().map(|until| until.saturating_duration_since(Instant::now()));
        let (patience, silence) = match first_byte.filter(|rest| *rest > self.idle) {
            Some(rest) => (rest, "the agent did not begin to answer in time"),
            None => (self.idle, "the agent was silent for too long in the middle"),
        };
        timeout(patience, self.response.chunk())
            .await
            .map_err(|_| AgentError::new(AgentFault::Timeout, silence))?
            .map_err(|error| {
                tracing::warn!(error = chain(&error.without_url()), "the agent broke off");
                AgentError::new(AgentFault::Cut, "the connection to the agent broke in the middle of its answer")
            })
    }

    /// The whole body.
    pub(super) async fn body(&mut self, longest: usize) -> Result<Vec<u8>, AgentError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > longest {
                return Err(AgentError::too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    async fn into_error(mut self, status: StatusCode) -> AgentError {
        let body = self.body(ERROR_BODY).await.unwrap_or_default();
        let own = serde_json::from_slice(&body).ok().and_then(|body: Value| own_message(&body));
        let error = AgentError::own_words(&own.unwrap_or_else(|| format!("the agent answered with {status}")));
        if status.is_server_error() { error.of_one_down() } else { error }
    }
}

/// The message of an error document: `error` or `detail` or `message`, as a string or with a `message` inside.
pub(super) fn own_message(body: &Value) -> Option<String> {
    let said =
        ["error", "detail", "message"].into_iter().find_map(|name| body.get(name).filter(|said| !said.is_null()))?;
    let said = said.get("message").unwrap_or(said);
    Some(said.as_str().map_or_else(|| said.to_string(), str::to_owned))
}

fn headers(agent: &Agent, question: &Question) -> Result<HeaderMap, AgentError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static(agent.config.protocol.accept()));
    question.request_id.mark(&mut headers);
    if let Some(key) = &agent.config.api_key {
        let unfit = |_| AgentError::new(AgentFault::Unreachable, "the agent's key is no header value");
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())).map_err(unfit)?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    propagation::inject(&mut headers);
    Ok(headers)
}

fn transport_error(agent: &Agent, error: reqwest::Error) -> AgentError {
    let connecting = error.is_connect();
    tracing::warn!(agent.name = agent.name(), error = chain(&error.without_url()), "the agent cannot be asked");
    if connecting {
        AgentError::new(AgentFault::Unreachable, format!("the agent `{}` cannot be reached", agent.name()))
    } else {
        AgentError::new(AgentFault::Cut, "the agent closed the connection without an answer").of_one_down()
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
