//! The public keys of issuers: read, chosen, kept.

use std::{fs, path::Path, sync::Arc};

use kit::error::Error;

use crate::{issuer::KeySource, jws::KeySet};

mod held;
mod remote;
mod source;

pub(crate) use self::held::Freshness;
use self::{remote::RemoteKeys, source::Source};

/// Where the keys of one issuer come from.
pub(crate) enum Keys {
    Fixed(Arc<KeySet>),
    Remote(RemoteKeys),
}

impl Keys {
    /// Reads a file, or makes ready to fetch at first use.
    pub(crate) fn open(
        name: &Arc<str>,
        issuer: &str,
        source: KeySource,
        freshness: &Freshness,
    ) -> Result<Self, anyhow::Error> {
        let source = match source {
            KeySource::File(path) => return read(name, &path).map(|keys| Self::Fixed(Arc::new(keys))),
            KeySource::Url(url) => Source::key_set(url)?,
            KeySource::Discovery => Source::discovery(issuer)?,
        };
        Ok(Self::Remote(RemoteKeys::new(Arc::clone(name), source, freshness.clone())))
    }

    /// The keys to judge a token by that names this key.
    pub(crate) async fn current(&self, key_id: Option<&str>) -> Result<Arc<KeySet>, Error> {
        match self {
            Self::Fixed(keys) => Ok(Arc::clone(keys)),
            Self::Remote(remote) => remote.current(key_id).await,
        }
    }
}

fn read(name: &str, path: &Path) -> Result<KeySet, anyhow::Error> {
    let named = |problem: String| anyhow::anyhow!("jwks_file {}: {problem}", path.display());
    let json = fs::read(path).map_err(|error| named(error.to_string()))?;
    let keys = KeySet::parse(&json, name).map_err(|error| named(error.to_string()))?;
    if keys.is_empty() { Err(named("it has no usable key".to_owned())) } else { Ok(keys) }
}
