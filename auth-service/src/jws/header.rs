//! The header of a token (RFC 7515 §4): which key, which algorithm, and nothing unexpected.

use super::{Algorithm, Members};
use crate::refusal::Refusal;

/// Members that ask for something we do not do (`crit`, `b64`) or bring a key along.
const REFUSED: [&str; 6] = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];

pub struct Header {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
}

impl Header {
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let members = Members::parse(json)?;
        if REFUSED.iter().any(|name| members.contains(name)) {
            return Err(Refusal::Type("its header brings a key or asks for an extension"));
        }
        let kind: Option<String> = members.get("typ").map_err(|_| Refusal::Malformed("`typ` is no string"))?;
        if !kind.is_none_or(|kind| is_access_token(&kind)) {
            return Err(Refusal::Type("its `typ` says that it is no access token"));
        }
        let name: Option<String> = members.get("alg").map_err(|_| Refusal::Malformed("`alg` is no string"))?;
        let name = name.ok_or(Refusal::Malformed("`alg` is missing"))?;
        let key_id = members.get("kid").map_err(|_| Refusal::Malformed("`kid` is no string"))?;
        Ok(Self { algorithm: Algorithm::from_name(&name).ok_or(Refusal::Algorithm)?, key_id })
    }
}

/// One key signs tokens of several kinds. Those that are no access tokens say so (RFC 8725 §3.11).
fn is_access_token(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    matches!(kind.strip_prefix("application/").unwrap_or(&kind), "jwt" | "at+jwt")
}
