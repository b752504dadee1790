//! The header of a token (RFC 7515 §4): which key, which algorithm, and nothing unexpected.

use super::{Algorithm, members::Members};
use crate::refusal::Refusal;

/// Members that ask for something we do not do (`crit`, `b64`) or bring a key along. The thumbprints `x5t` and
/// `x5t#S256` are not among them: they only name a key, as `kid` does, and some providers always send one.
const REFUSED: [&str; 6] = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];

/// Above the id of any real key: what is longer is not worth a question to the issuer, nor a place in a cache.
const LONGEST_KEY_ID: usize = 255;

/// A header that asks for nothing unusual. Its algorithm may be any.
pub struct Header {
    /// The `alg`, as it stands there.
    pub(crate) algorithm_name: String,
    /// The `kid`.
    pub key_id: Option<String>,
}

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let members = Members::parse(json)?;
        if REFUSED.iter().any(|name| members.contains(name)) {
            return Err(Refusal::Type("its header brings a key or asks for an extension"));
        }
        let kind: Option<String> = members.get("typ").map_err(|_| Refusal::Malformed("`typ` is no string"))?;
        if !kind.is_none_or(|kind| is_access_token(&kind)) {
            return Err(Refusal::Type("its `typ` says that it is no access token"));
        }
        let algorithm: Option<String> = members.get("alg").map_err(|_| Refusal::Malformed("`alg` is no string"))?;
        let algorithm = algorithm.ok_or(Refusal::Malformed("`alg` is missing"))?;
        let key_id: Option<String> = members.get("kid").map_err(|_| Refusal::Malformed("`kid` is no string"))?;
        if key_id.as_ref().is_some_and(|id| id.chars().count() > LONGEST_KEY_ID || id.chars().any(char::is_control)) {
            return Err(Refusal::Malformed("`kid` is too long or holds control characters"));
        }
        Ok(Self { algorithm_name: algorithm, key_id })
    }

    /// The algorithm, if we know it. Whether an issuer may use it is the issuer's matter, and which key fits the key's.
    pub fn algorithm(&self) -> Result<Algorithm, Refusal> {
        Algorithm::from_name(&self.algorithm_name).ok_or(Refusal::Algorithm)
    }
}

/// One key signs tokens of several kinds. Those that are no access tokens say so (RFC 8725 §3.11).
fn is_access_token(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt")
}
