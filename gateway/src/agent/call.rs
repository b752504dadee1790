//! HTTP to an agent: a deadline on every wait, no redirects, sizes bounded while reading, and asked again only where it
//! cannot have begun.

use std::time::Duration;

use axum::body::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
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
/// How long the end of a stream is waited for when its agent has said that it is done.
const ENDING: Duration = Duration::from_secs(1);

pub(super) fn client(url: &Url, connect_timeout: Duration) -> anyhow::Result<reqwest::Client> {
    Ok(kit::http::client(url, connect_timeout).pool_idle_timeout(IDLE_CONNECTION).build()?)
}

/// A successful answer, about to be read. Its headers are gone: they would hold a whole buffer of the connection's.
pub(super) struct Answer {
    /// In lower case and without parameters.
    pub(super) media_type: String,
    body: reqwest::Body,
    idle: Duration,
    /// Until when the first byte may come, while it has not.
    first_byte: Option<Instant>,
}

/// Sends the question. Anything but a 2xx is an error here. An agent that has not begun by the end of the whole answer's
/// time was silent.
pub(super) async fn post(agent: &Agent, question: Box<Question>, until: Instant) -> Result<Answer, AgentError> {
    let protocol = agent.config.protocol;
    let body = protocol.body(agent, &question).map_err(|_| AgentError::bad_response("the question is no JSON"))?;
    let (body, headers) = (Bytes::from(body), headers(agent, &question)?);
    drop(question);
    let deadline = until.min(Instant::now() + agent.patience.first_byte);
    let mut attempt = 0;
    loop {
        let request = agent.client.post(agent.url.clone()).headers(headers.clone()).body(body.clone());
        let late = |_| AgentError::new(AgentFault::Timeout, "the agent did not begin to answer in time");
        let more = attempt < agent.config.retries;
        let wait = match timeout_at(deadline, request.send()).await.map_err(late)? {
            Ok(response) => {
                let left = deadline.saturating_duration_since(Instant::now());
                match later(&response).filter(|wait| more && *wait < left) {
                    Some(wait) => wait,
                    None => return taken(response, agent, deadline).await,
                }
            }
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
    wait_of(wait.to_str().ok()?.trim(), Utc::now())
}

/// Seconds, or a date in any of its three forms (RFC 9110 §5.6.7, §10.2.3).
fn wait_of(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    const DATES: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DATES.into_iter().find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())?;
    Some((date.and_utc() - now).to_std().unwrap_or_default())
}

async fn taken(response: reqwest::Response, agent: &Agent, deadline: Instant) -> Result<Answer, AgentError> {
    let status = response.status();
    if status.is_success()
        && let Some(coding) = response.headers().get(header::CONTENT_ENCODING).filter(|coding| *coding != "identity")
    {
        let coding = String::from_utf8_lossy(coding.as_bytes());
        let message = format!("the agent's answer is compressed (`{coding}`), which nobody asked for");
        return Err(AgentError::bad_response(message));
    }
    let media_type = media_type(response.headers());
    let answer = Answer { media_type, body: response.into(), idle: agent.patience.idle, first_byte: Some(deadline) };
    match status {
        status if status.is_success() => Ok(answer),
        status if status.is_redirection() => Err(AgentError::bad_response(format!(
            "the agent answered with a redirect ({status}), which is not followed"
        ))),
        status => Err(answer.into_error(status).await),
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl Answer {
    /// The next bytes, or `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, AgentError> {
        // Headers are often sent before there is anything to say.
        let (until, silence) = match self.first_byte.take() {
            Some(until) => (until, "the agent did not begin to answer in time"),
            None => (Instant::now() + self.idle, "the agent was silent for too long in the middle"),
        };
        timeout_at(until, self.data()).await.map_err(|_| AgentError::new(AgentFault::Timeout, silence))?.map_err(
            |error| {
                tracing::warn!(error = chain(&error.without_url()), "the agent broke off");
                AgentError::new(AgentFault::Cut, "the connection to the agent broke in the middle of its answer")
            },
        )
    }

    async fn data(&mut self) -> reqwest::Result<Option<Bytes>> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Reads on until the end, which is all that is missing: then the connection can be used again. Some never come to it.
    pub(super) async fn rest(mut self) {
        let _ = timeout(ENDING, async { while let Ok(Some(_)) = self.data().await {} }).await;
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
        let error = AgentError::own_words(own.unwrap_or_else(|| format!("the agent answered with {status}")));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let now = DateTime::from_timestamp(784_111_700, 0).unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(77)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(77)),
            ("Sun Nov  6 08:49:37 1994", Some(77)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Mon, 06 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(wait_of(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
