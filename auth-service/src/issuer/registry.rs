//! The issuers at work: read at the start and whenever the program is told to, replaced together or not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use kit::{admin::Detail, reload::Reload};
use url::Url;

use super::{IssuerConfig, KeySource, collect};
use crate::{
    config::{ConfigError, Options},
    jwks::{Freshness, Keys},
    jws::Algorithm,
};

/// One issuer at work.
pub(crate) struct Issuer {
    pub(crate) name: Arc<str>,
    /// The exact `iss`.
    pub(crate) identifier: String,
    pub(crate) audience: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) leeway: Duration,
    pub(crate) keys: Arc<Keys>,
    pub(crate) session_url: Option<Url>,
    source: KeySource,
}

/// By their exact `iss`.
type Issuers = BTreeMap<String, Arc<Issuer>>;

/// Every issuer, by its exact `iss`.
pub(crate) struct Registry {
    options: Options,
    freshness: Freshness,
    issuers: RwLock<Arc<Issuers>>,
}

impl Registry {
    /// Reads files and waits for nobody: a service starts with its issuers down. Each keeps its own keys from now on.
    pub(crate) fn open(options: &Options) -> Result<Self, ConfigError> {
        let freshness = Freshness::new(options)?;
        let issuers = assemble(options, &freshness, &Issuers::new())?;
        Ok(Self { options: options.clone(), freshness, issuers: RwLock::new(Arc::new(issuers)) })
    }

    pub(crate) fn find(&self, identifier: &str) -> Option<Arc<Issuer>> {
        self.issuers().get(identifier).cloned()
    }

    /// Every configured `iss`.
    pub(crate) fn identifiers(&self) -> Vec<String> {
        self.issuers().keys().cloned().collect()
    }

    /// The one that resolves opaque sessions, which name no issuer.
    pub(crate) fn with_sessions(&self) -> Option<Arc<Issuer>> {
        self.issuers().values().find(|issuer| issuer.session_url.is_some()).cloned()
    }

    /// Reads the files again whenever it is asked to.
    pub(crate) async fn follow<T>(&self, mut reload: Reload) -> T {
        loop {
            reload.asked().await;
            self.reload();
        }
    }

    /// What cannot be right changes nothing. Issuers that stay where they are keep their keys.
    fn reload(&self) {
        let before = self.issuers();
        let outcome = match assemble(&self.options, &self.freshness, &before) {
            Ok(issuers) => {
                let names = |issuers: &Issuers| issuers.values().map(|issuer| issuer.name.clone()).collect();
                let (old, new): (BTreeSet<_>, BTreeSet<_>) = (names(&before), names(&issuers));
                *self.issuers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(issuers);
                for gone in old.difference(&new) {
                    tracing::warn!(issuer = &**gone, "an issuer is no longer configured: its tokens are refused");
                    Keys::forget(gone);
                }
                tracing::info!(issuers = new.len(), "the issuers were read again");
                "ok"
            }
            Err(error) => {
                for problem in error.problems() {
                    tracing::error!(problem, "the issuers stay as they were: what was read cannot be right");
                }
                "refused"
            }
        };
        metrics::counter!("auth_issuer_reloads_total", "outcome" => outcome).increment(1);
    }

    fn issuers(&self) -> Arc<Issuers> {
        Arc::clone(&self.issuers.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn assemble(options: &Options, freshness: &Freshness, before: &Issuers) -> Result<Issuers, ConfigError> {
    let mut problems = Vec::new();
    let mut issuers = Issuers::new();
    for IssuerConfig { name, issuer, audience, keys: source, algorithms, leeway, session_url } in collect(options)? {
        let name = Arc::<str>::from(name);
        let kept = before.get(&issuer).filter(|old| old.name == name && old.source == source);
        let keys = match kept.filter(|_| !matches!(source, KeySource::File(_))) {
            Some(old) => Ok(Arc::clone(&old.keys)),
            None => Keys::open(&name, &issuer, &source, freshness).map(Arc::new),
        };
        match keys {
            Ok(keys) => {
                let identifier = issuer.clone();
                let entry = Issuer { name, identifier, audience, algorithms, leeway, keys, session_url, source };
                issuers.insert(issuer, Arc::new(entry));
            }
            Err(problem) => problems.push(format!("issuer `{name}`: {problem}")),
        }
    }
    if issuers.is_empty() {
        tracing::warn!("no issuer is configured: every user's token will be refused");
    }
    ConfigError::unless_empty(problems, issuers)
}

impl Detail for Registry {
    fn lines(&self) -> Vec<String> {
        self.issuers().values().map(|issuer| format!("issuer {}: {}", issuer.name, issuer.keys.state())).collect()
    }

    fn measure(&self) {
        self.issuers().values().for_each(|issuer| issuer.keys.measure(&issuer.name));
    }
}
