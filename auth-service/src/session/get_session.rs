//! Asks a Better Auth server about a session: with deadlines, without redirects, past its own caches.

use std::{net::IpAddr, sync::Mutex, sync::PoisonError, time::Duration};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use kit::{error::Error, http};
use proto::reason;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, COOKIE, HeaderMap, HeaderValue},
};
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use super::{Live, answer, token::SessionToken};
use crate::http::{read_at_most, retry_after};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For a whole answer. Below the deadline of whoever is waiting.
const DEADLINE: Duration = Duration::from_secs(4);
const LARGEST_ANSWER: usize = 64 * 1024;
/// How many questions may be under way, and how many may wait for their turn: many sign in again after a restart, but a
/// server that hangs must not pile them up without end.
const MOST_AT_ONCE: usize = 64;
const MOST_WAITING: usize = 2_000;
/// Shorter than a deadline, so that nobody waits for those who wait for a server that hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const SOON: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The way by HTTP.
pub(super) struct GetSession {
    cookies: Vec<String>,
    places: Semaphore,
    crowd: Semaphore,
    /// Made for the last URL; another one comes only with a reloaded configuration.
    client: Mutex<Option<(Url, Client)>>,
}

impl GetSession {
    pub(super) fn new(cookies: Vec<String>) -> Self {
        Self {
            cookies,
            places: Semaphore::new(MOST_AT_ONCE),
            crowd: Semaphore::new(MOST_WAITING),
            client: Mutex::default(),
        }
    }

    /// The session behind a token, or none.
    pub(super) async fn ask(
        &self,
        url: &Url,
        token: &SessionToken,
        client: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Option<Live>, Error> {
        let crowded = || away(SOON, anyhow::anyhow!("too many questions about sessions are waiting already"));
        let Ok(_waiting) = self.crowd.try_acquire() else { return Err(crowded()) };
        let Ok(Ok(_place)) = timeout(LONGEST_WAIT, self.places.acquire()).await else { return Err(crowded()) };
        let http = self.client(url).map_err(Error::internal)?;
        let mut url = url.clone();
        // The cookie cache would keep a deleted session alive, and asking must not prolong it.
        url.query_pairs_mut().append_pair("disableCookieCache", "true").append_pair("disableRefresh", "true");
        let request = http.get(url).headers(self.headers(token, client));
        let response = request.send().await.map_err(|error| away(SOON, error))?;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            let pause = retry_after(response.headers(), now.into()).unwrap_or(SOON).clamp(SOON, LONGEST_PAUSE);
            return Err(away(pause, anyhow::anyhow!("it counts our questions, and had too many")));
        }
        read(response, token.raw(), now).await.map_err(|error| away(SOON, error))
    }

    fn client(&self, url: &Url) -> anyhow::Result<Client> {
        let mut held = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, client)) = held.as_ref()
            && known == url
        {
            return Ok(client.clone());
        }
        let client =
            http::client(url, CONNECT_TIMEOUT).timeout(DEADLINE).build().context("setting up an HTTP client")?;
        *held = Some((url.clone(), client.clone()));
        Ok(client)
    }

    /// A signed token goes as the cookie too, for servers without the bearer plugin.
    fn headers(&self, token: &SessionToken, client: Option<IpAddr>) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let mut secret = |name, text: &str| {
            let mut value = HeaderValue::from_str(text).expect("letters, digits and base64");
            value.set_sensitive(true);
            headers.insert(name, value);
        };
        secret(AUTHORIZATION, &format!("Bearer {}", token.signed().as_deref().unwrap_or(token.raw())));
        if let Some(value) = token.cookie_value() {
            let names = self.cookies.iter().flat_map(|name| [name.clone(), format!("__Secure-{name}")]);
            let cookies = names.map(|name| format!("{name}={value}")).collect::<Vec<_>>();
            secret(COOKIE, &cookies.join("; "));
        }
        if let Some(client) = client {
            // Better Auth counts requests by this address: without it all our users would be one client.
            let value = HeaderValue::from_str(&client.to_canonical().to_string()).expect("an address is plain text");
            headers.insert(FORWARDED_FOR, value);
        }
        headers
    }
}

async fn read(mut response: Response, raw: &str, now: DateTime<Utc>) -> anyhow::Result<Option<Live>> {
    let status = response.status();
    ensure!(status == StatusCode::OK, "get-session answered {status}");
    answer::read(&read_at_most(&mut response, LARGEST_ANSWER).await?, raw, now)
}

fn away(retry_after: Duration, source: impl Into<anyhow::Error>) -> Error {
    Error::Unavailable {
        reason: reason::ISSUER_UNAVAILABLE,
        message: "the issuer cannot be asked about the session",
        retry_after,
        source: Some(source.into().context("asking about a session")),
    }
}
