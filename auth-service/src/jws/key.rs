//! One public key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2), ready to verify.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};

use super::Algorithm;

const SHORTEST_MODULUS: usize = 2048;
const LONGEST_MODULUS: usize = 8192;

/// A key for one algorithm.
pub(crate) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    public: ParsedPublicKey,
}

impl Key {
    pub(crate) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(signed, signature).is_ok()
    }
}

/// A key as it is published.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    pub(super) kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    d: Option<IgnoredAny>,
}

/// Why a published key is of no use here.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("its type, curve or algorithm is not supported")]
    Unsupported,
    #[error("it is not meant for signatures")]
    Purpose,
    #[error("it is a private key, so anyone may have signed with it")]
    Private,
    #[error("its RSA modulus must have {SHORTEST_MODULUS} to {LONGEST_MODULUS} bits")]
    Modulus,
    #[error("its numbers are no key")]
    Material,
}

impl Jwk {
    /// The same key for each algorithm that it may be used with.
    pub(super) fn keys(self) -> Result<Vec<Key>, Unusable> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig")
            || self.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|name| name == "verify"))
        {
            return Err(Unusable::Purpose);
        }
        if self.d.is_some() {
            return Err(Unusable::Private);
        }
        let fitting: &[Algorithm] = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => &[Algorithm::EdDsa],
            ("EC", Some("P-256")) => &[Algorithm::Es256],
            ("RSA", _) => &[Algorithm::Rs256],
            _ => return Err(Unusable::Unsupported),
        };
        let declared = self.alg.as_deref().map(Algorithm::from_name);
        let algorithms = fitting.iter().filter(|algorithm| declared.is_none_or(|name| name == Some(**algorithm)));
        let keys = algorithms
            .map(|&algorithm| Ok(Key { id: self.kid.clone(), algorithm, public: self.public_key(algorithm)? }));
        let keys = keys.collect::<Result<Vec<_>, Unusable>>()?;
        if keys.is_empty() { Err(Unusable::Unsupported) } else { Ok(keys) }
    }

    fn public_key(&self, algorithm: Algorithm) -> Result<ParsedPublicKey, Unusable> {
        match algorithm {
            Algorithm::EdDsa => parse(algorithm, &exactly(&self.x, 32)?),
            Algorithm::Es256 => {
                // An uncompressed point (SEC 1 §2.3.3).
                let point = [&[4], &*exactly(&self.x, 32)?, &*exactly(&self.y, 32)?].concat();
                parse(algorithm, &point)
            }
            Algorithm::Rs256 => {
                let (n, e) = (number(&self.n)?, number(&self.e)?);
                let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
                if !(SHORTEST_MODULUS..=LONGEST_MODULUS).contains(&bits) {
                    return Err(Unusable::Modulus);
                }
                let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                key.map_err(|_| Unusable::Material)
            }
        }
    }
}

fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<ParsedPublicKey, Unusable> {
    ParsedPublicKey::new(algorithm.verification(), bytes).map_err(|_| Unusable::Material)
}

fn decode(text: &str) -> Result<Vec<u8>, Unusable> {
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Unusable::Material)
}

fn exactly(text: &str, length: usize) -> Result<Vec<u8>, Unusable> {
    decode(text).ok().filter(|bytes| bytes.len() == length).ok_or(Unusable::Material)
}

/// A big number without the leading zeros that some publishers leave.
fn number(text: &str) -> Result<Vec<u8>, Unusable> {
    let bytes = decode(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(bytes[zeros..].to_vec())
}
