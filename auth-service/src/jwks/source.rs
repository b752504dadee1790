//! Fetches key sets: with deadlines, without redirects, and never more than is reasonable.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use kit::http;
use reqwest::Client;
use serde::Deserialize;
use url::Url;

use crate::{issuer::is_safe_url, jws::KeySet};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For a whole answer. Two of them fit into the deadline of whoever is waiting.
const DEADLINE: Duration = Duration::from_secs(5);
const LARGEST_ANSWER: usize = 256 * 1024;

/// Where an issuer publishes its keys.
pub(super) struct Source {
    http: Client,
    place: Place,
}

enum Place {
    KeySet(Url),
    Discovery { issuer: String, document: Url },
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

    pub(super) async fn fetch(&self, issuer_name: &str) -> anyhow::Result<KeySet> {
        let json = match &self.place {
            Place::KeySet(url) => self.get(url).await?,
            Place::Discovery { issuer, document } => {
                let metadata: Metadata = serde_json::from_slice(&self.get(document).await?)
                    .with_context(|| format!("{document} is no discovery document"))?;
                ensure!(metadata.issuer == *issuer, "{document} speaks for another issuer");
                ensure!(is_safe_url(&metadata.jwks_uri), "the jwks_uri in {document} is not https");
                self.get(&metadata.jwks_uri).await?
            }
        };
        let keys = KeySet::parse(&json, issuer_name).context("the answer is no key set")?;
        ensure!(!keys.is_empty(), "the key set has no usable key");
        Ok(keys)
    }

    async fn get(&self, url: &Url) -> anyhow::Result<Vec<u8>> {
        let mut response = self.http.get(url.clone()).send().await?;
        let status = response.status();
        ensure!(status == reqwest::StatusCode::OK, "{url} answered {status}");
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            ensure!(body.len() + chunk.len() <= LARGEST_ANSWER, "{url} answered more than {LARGEST_ANSWER} bytes");
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn client(url: &Url) -> anyhow::Result<Client> {
    http::client(url, CONNECT_TIMEOUT).timeout(DEADLINE).build().context("setting up an HTTP client")
}
