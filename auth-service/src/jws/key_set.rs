//! A JSON Web Key Set (RFC 7517 §5): the good keys of it.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Algorithm,
    key::{Jwk, Key},
};

const MOST_KEYS: usize = 100;

/// The usable keys of one issuer.
pub struct KeySet(Vec<Key>);

/// Which keys may have signed a token.
pub enum Selection<'a> {
    /// One of these. More than one only where a `kid` was given twice.
    Keys(Vec<&'a Key>),
    /// No key has this `kid`; or there is no `kid`, and not exactly one key fits.
    Unknown,
    /// The key is for another algorithm.
    OtherAlgorithm,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a key set. Keys that cannot be used are left out, with a word in the log.
    pub fn parse(json: &[u8], issuer_name: &str) -> Result<Self, serde_json::Error> {
        let Document { keys } = serde_json::from_slice(json)?;
        // Better Auth lists its keys as they came: the newest last.
        let surplus = keys.len().saturating_sub(MOST_KEYS);
        if surplus > 0 {
            tracing::warn!(
                issuer = issuer_name,
                surplus,
                "a key set has more than {MOST_KEYS} keys; the first are left out"
            );
        }
        let mut usable = Vec::new();
        for value in keys.into_iter().skip(surplus) {
            let id = value.get("kid").and_then(Value::as_str).map(str::to_owned);
            let keys = serde_json::from_value::<Jwk>(value).map_err(|error| error.to_string());
            match keys.and_then(|jwk| jwk.keys().map_err(|error| error.to_string())) {
                Ok(keys) => usable.extend(keys),
                Err(reason) => tracing::warn!(issuer = issuer_name, kid = id, reason, "a published key is left out"),
            }
        }
        Ok(Self(usable))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    pub fn select(&self, id: Option<&str>, algorithm: Algorithm) -> Selection<'_> {
        let named = |key: &&Key| id.is_none() || key.id.as_deref() == id;
        let fitting = self.0.iter().filter(named).filter(|key| key.algorithm == algorithm).collect::<Vec<_>>();
        match id {
            Some(_) if !fitting.is_empty() => Selection::Keys(fitting),
            Some(id) if self.contains(id) => Selection::OtherAlgorithm,
            None if fitting.len() == 1 => Selection::Keys(fitting),
            _ => Selection::Unknown,
        }
    }
}
