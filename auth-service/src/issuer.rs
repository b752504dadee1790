//! Who may issue tokens. `iss` picks the entry, and the entry decides about everything else.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use kit::http::is_loopback;
use url::Url;

use crate::{
    config::{ConfigError, Options},
    jwks::{Freshness, Keys},
    jws::Algorithm,
};

mod file;
mod preset;
mod rules;

const DEFAULT_LEEWAY: Duration = Duration::from_mins(1);

/// One issuer, as it is configured.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// A stable label for logs and metrics.
    pub name: String,
    /// The exact `iss`.
    pub issuer: String,
    /// The accepted `aud`: any of these.
    pub audience: Vec<String>,
    /// Where its keys are.
    pub keys: KeySource,
    /// The accepted algorithms.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock may be off.
    pub leeway: Duration,
}

/// Where the public keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JSON Web Key Set behind a URL: `https`, or on this machine.
    Url(Url),
    /// A JSON Web Key Set in a file, read once.
    File(PathBuf),
    /// Behind the `jwks_uri` of the issuer's OpenID discovery document.
    Discovery,
}

impl IssuerConfig {
    /// An issuer with every algorithm and the usual leeway.
    pub fn new(name: impl Into<String>, issuer: impl Into<String>, audience: Vec<String>, keys: KeySource) -> Self {
        Self {
            name: name.into(),
            issuer: issuer.into(),
            audience,
            keys,
            algorithms: Algorithm::ALL.to_vec(),
            leeway: DEFAULT_LEEWAY,
        }
    }
}

/// The issuers of presets, file and program, checked together.
pub(crate) fn collect(options: &Options) -> Result<Vec<IssuerConfig>, ConfigError> {
    let mut problems = Vec::new();
    let mut issuers = preset::issuers(options, &mut problems);
    if let Some(path) = &options.issuers_file {
        issuers.extend(file::read(path, &mut problems));
    }
    issuers.extend(options.extra_issuers.iter().cloned());
    rules::check(&issuers, &mut problems);
    ConfigError::unless_empty(problems, issuers)
}

/// Whether nobody can change on the way what is fetched from here: encrypted, or never leaving this machine.
pub(crate) fn is_safe_url(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// One issuer at work.
pub(crate) struct Issuer {
    pub(crate) name: Arc<str>,
    /// The exact `iss`.
    pub(crate) identifier: String,
    pub(crate) audience: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) leeway: Duration,
    pub(crate) keys: Keys,
}

/// Every issuer, by its exact `iss`.
pub(crate) struct Registry(HashMap<String, Arc<Issuer>>);

impl Registry {
    /// Reads key files; asks nobody. A service starts with its issuers down.
    pub(crate) fn open(issuers: Vec<IssuerConfig>, freshness: &Freshness) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let mut entries = HashMap::new();
        for IssuerConfig { name, issuer, audience, keys, algorithms, leeway } in issuers {
            let name = Arc::<str>::from(name);
            match Keys::open(&name, &issuer, keys, freshness) {
                Ok(keys) => {
                    let entry = Issuer { name, identifier: issuer.clone(), audience, algorithms, leeway, keys };
                    entries.insert(issuer, Arc::new(entry));
                }
                Err(problem) => problems.push(format!("issuer `{name}`: {problem}")),
            }
        }
        ConfigError::unless_empty(problems, Self(entries))
    }

    pub(crate) fn find(&self, issuer: &str) -> Option<&Arc<Issuer>> {
        self.0.get(issuer)
    }
}
