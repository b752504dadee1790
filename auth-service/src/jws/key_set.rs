//! A JSON Web Key Set (RFC 7517 §5): the good keys of it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Algorithm, Compact,
    key::{Jwk, Key, Unusable},
};
use crate::refusal::Refusal;

const MOST_KEYS: usize = 100;
/// An issuer that gives one `kid` to many keys must not make each forged token cost as many signature checks.
const MOST_CANDIDATES: usize = 4;

/// The usable keys of one issuer.
pub struct KeySet {
    keys: Vec<Key>,
    broken: Vec<String>,
}

/// The keys that may have signed a token. More than one only where a `kid` was given twice.
pub struct Candidates<'a>(Vec<&'a Key>);

/// A `keys` that stands there twice is an error; what else stands beside it is nobody's matter.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// What is left of a key that cannot be read.
#[derive(Deserialize)]
struct Named {
    kid: Option<String>,
}

impl KeySet {
    /// Reads a key set. Keys that cannot be used are left out, with a word in the log.
    pub fn parse(json: &[u8], issuer_name: &str) -> Result<Self, serde_json::Error> {
        let Document { keys: entries } = serde_json::from_slice(json)?;
        // Better Auth lists its keys as they came: the newest last.
        let surplus = entries.len().saturating_sub(MOST_KEYS);
        if surplus > 0 {
            tracing::warn!(
                issuer = issuer_name,
                surplus,
                "a key set has more than {MOST_KEYS} keys; the first are left out"
            );
        }
        let (mut keys, mut damaged, mut meant) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries.into_iter().skip(surplus) {
            match read(entry) {
                Ok(usable) => keys.extend(usable),
                Err(problem) => {
                    let id = serde_json::from_str::<Named>(entry.get()).ok().and_then(|named| named.kid);
                    let reason = problem.to_string();
                    tracing::warn!(issuer = issuer_name, kid = id, reason, "a published key is left out");
                    if problem.is_damage() { &mut damaged } else { &mut meant }.extend(id);
                }
            }
        }
        let mut read = Self { keys, broken: Vec::new() };
        damaged.retain(|id| !read.contains(id) && !meant.contains(id));
        read.broken = damaged;
        Ok(read)
    }

    /// These keys, and for each [broken](Self::broken) `kid` the keys that were held under it.
    ///
    /// A key that is gone stays gone, and so does one that came back private, too weak or for another purpose: that
    /// was meant. A `kid` that was never held stays unknown.
    #[must_use]
    pub fn repaired_by(mut self, held: &Self) -> Self {
        let is_broken = |key: &&Key| key.id.as_ref().is_some_and(|id| self.broken.contains(id));
        let carried = held.keys.iter().filter(is_broken).cloned().collect::<Vec<_>>();
        self.keys.extend(carried);
        self
    }

    /// Each `kid` of which the document has an entry, but nothing in it that can be read as a key.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys can be used, told apart by their `kid`. One that fits several algorithms counts once.
    pub fn count(&self) -> usize {
        self.keys.iter().map(|key| key.id.as_deref()).collect::<BTreeSet<_>>().len()
    }

    /// Whether a key with this `kid` can be used.
    pub fn contains(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// The check of the key: whether there is one with this `kid` (or without a `kid` exactly one) that fits.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Candidates<'_>, Refusal> {
        let named = |key: &&Key| id.is_none() || key.id.as_deref() == id;
        let fitting = self.keys.iter().filter(named).filter(|key| key.algorithm == algorithm);
        let fitting = fitting.rev().take(MOST_CANDIDATES).collect::<Vec<_>>();
        match id {
            Some(_) if !fitting.is_empty() => Ok(Candidates(fitting)),
            Some(id) if self.contains(id) => Err(Refusal::Algorithm),
            None if fitting.len() == 1 => Ok(Candidates(fitting)),
            _ => Err(Refusal::KeyUnknown),
        }
    }
}

impl Candidates<'_> {
    /// The check of the signature.
    pub fn verify(&self, token: &Compact<'_>) -> Result<(), Refusal> {
        let valid = self.0.iter().any(|key| key.verifies(token.signed.as_bytes(), &token.signature));
        if valid { Ok(()) } else { Err(Refusal::Signature) }
    }
}

fn read(entry: &RawValue) -> Result<Vec<Key>, Unusable> {
    serde_json::from_str::<Jwk>(entry.get())?.keys()
}
