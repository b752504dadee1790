//! The public keys of issuers: fetched, kept fresh, given to whoever judges a token.

use std::{fs, path::Path, sync::Arc};

use kit::error::Error;

use crate::{issuer::KeySource, jws::KeySet};

mod freshness;
mod held;
mod lifetime;
mod meter;
mod missing;
mod remote;
mod source;
mod state;

pub(crate) use self::freshness::Freshness;
use self::{meter::Meter, remote::RemoteKeys, source::Source};

/// Where the keys of one issuer come from.
pub(crate) enum Keys {
    Fixed(Arc<KeySet>),
    Remote(RemoteKeys),
}

impl Keys {
    /// Reads a file, or begins to fetch in the background.
    pub(crate) fn open(
        name: &Arc<str>,
        issuer: &str,
        source: &KeySource,
        freshness: &Freshness,
    ) -> Result<Self, anyhow::Error> {
        let source = match source {
            KeySource::File(path) => return read(name, path).map(|keys| Self::Fixed(Arc::new(keys))),
            KeySource::Url(url) => Source::key_set(url.clone())?,
            KeySource::Discovery => Source::discovery(issuer)?,
        };
        Ok(Self::Remote(RemoteKeys::start(Arc::clone(name), source, freshness.clone())))
    }

    /// The keys to judge a token by that names this key.
    pub(crate) async fn current(&self, key_id: Option<&str>) -> Result<Arc<KeySet>, Error> {
        match self {
            Self::Fixed(keys) => Ok(Arc::clone(keys)),
            Self::Remote(remote) => remote.current(key_id).await,
        }
    }

    /// In words, for people.
    pub(crate) fn state(&self) -> String {
        match self {
            Self::Fixed(keys) => format!("from a file; keys: {}", keys.count()),
            Self::Remote(remote) => remote.state().to_string(),
        }
    }

    /// Sets the gauges of this issuer.
    pub(crate) fn measure(&self, name: &str) {
        match self {
            Self::Fixed(keys) => Meter::file(name, keys.count()),
            Self::Remote(remote) => Meter::state(name, &remote.state()),
        }
    }

    /// Takes the gauges of an issuer that is no longer configured out of every comparison.
    pub(crate) fn forget(name: &str) {
        Meter::gone(name);
    }
}

fn read(name: &str, path: &Path) -> Result<KeySet, anyhow::Error> {
    let named = |problem: String| anyhow::anyhow!("jwks_file {}: {problem}", path.display());
    let json = fs::read(path).map_err(|error| named(error.to_string()))?;
    let keys = KeySet::parse(&json, name).map_err(|error| named(error.to_string()))?;
    if keys.is_empty() { Err(named("it has no usable key".to_owned())) } else { Ok(keys) }
}
