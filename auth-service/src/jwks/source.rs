//! Fetches key sets: with deadlines, without redirects, and never more than is reasonable.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use kit::http::{self, is_loopback};
use reqwest::{Client, StatusCode, header::HeaderMap};
use serde::Deserialize;
use url::Url;

use super::{held::Failure, lifetime};
use crate::{
    http::{read_at_most, retry_after},
    issuer::is_safe_url,
    jws::KeySet,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For a whole answer. Two of them fit into the deadline of whoever is waiting.
const DEADLINE: Duration = Duration::from_secs(5);
const LARGEST_ANSWER: usize = 256 * 1024;
/// What a problem may quote from an answer ends here.
const LONGEST_PROBLEM: usize = 300;

/// Where an issuer publishes its keys.
pub(super) struct Source {
    http: Client,
    place: Place,
}

enum Place {
    KeySet(Url),
    Discovery { issuer: String, document: Url },
}

/// The issuer asks to be left alone.
#[derive(Debug, thiserror::Error)]
#[error("{url} answered {status}")]
struct Busy {
    url: Url,
    status: StatusCode,
    pause: Option<Duration>,
}

/// The part of a discovery document that matters here (OpenID Connect Discovery §3).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Url,
}

impl Source {
    pub(super) fn key_set(url: Url) -> anyhow::Result<Self> {
        Ok(Self { http: client(&url)?, place: Place::KeySet(url) })
    }

    pub(super) fn discovery(issuer: &str) -> anyhow::Result<Self> {
        let document: Url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')).parse()?;
        let http = client(&document)?;
        Ok(Self { http, place: Place::Discovery { issuer: issuer.to_owned(), document } })
    }

    /// The keys, and for how long the issuer says that they are good.
    pub(super) async fn fetch(&self, issuer_name: &str) -> Result<(KeySet, Option<Duration>), Failure> {
        self.read(issuer_name).await.map_err(|error| Failure {
            pause: error.downcast_ref().and_then(|busy: &Busy| busy.pause),
            problem: plain(&format!("{error:#}")),
        })
    }

    async fn read(&self, issuer_name: &str) -> anyhow::Result<(KeySet, Option<Duration>)> {
        let (headers, json) = match &self.place {
            Place::KeySet(url) => self.get(url).await?,
            Place::Discovery { issuer, document } => {
                let metadata: Metadata = serde_json::from_slice(&self.get(document).await?.1)
                    .map_err(|error| unreadable(&format!("{document} is no discovery document"), &error))?;
                ensure!(metadata.issuer == *issuer, "{document} speaks for another issuer");
                ensure!(is_safe_url(&metadata.jwks_uri), "the jwks_uri in {document} is not https");
                let leads_here = is_loopback(&metadata.jwks_uri) && !is_loopback(document);
                ensure!(!leads_here, "the jwks_uri in {document} is an address of this machine");
                self.get(&metadata.jwks_uri).await?
            }
        };
        let keys = KeySet::parse(&json, issuer_name).map_err(|error| unreadable("the answer is no key set", &error))?;
        ensure!(!keys.is_empty(), "the key set has no usable key");
        Ok((keys, lifetime::of(&headers)))
    }

    async fn get(&self, url: &Url) -> anyhow::Result<(HeaderMap, Vec<u8>)> {
        let mut response = self.http.get(url.clone()).send().await?;
        let status = response.status();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            let pause = retry_after(response.headers(), SystemTime::now());
            return Err(Busy { url: url.clone(), status, pause }.into());
        }
        ensure!(status == StatusCode::OK, "{url} answered {status}");
        let body = read_at_most(&mut response, LARGEST_ANSWER).await?;
        Ok((response.headers().clone(), body))
    }
}

/// The parser's own message may quote the answer.
fn unreadable(what: &str, error: &serde_json::Error) -> anyhow::Error {
    anyhow::anyhow!("{what}, at line {} column {}", error.line(), error.column())
}

/// One line of bounded length: a problem may quote what the issuer answered.
fn plain(problem: &str) -> String {
    problem.chars().take(LONGEST_PROBLEM).map(|char| if char.is_control() { ' ' } else { char }).collect()
}

fn client(url: &Url) -> anyhow::Result<Client> {
    http::client(url, CONNECT_TIMEOUT).timeout(DEADLINE).build().context("setting up an HTTP client")
}
