//! One public key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2), ready to verify.

use aws_lc_rs::signature::{ED25519, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};

use super::{Algorithm, algorithm::Needs, edwards};

const SHORTEST_MODULUS: usize = 2048;
const LONGEST_MODULUS: usize = 8192;
/// In bytes. In use are 3 and 65537; a long exponent only makes each check dear.
const LONGEST_EXPONENT: usize = 4;

/// A key for one algorithm.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    public: ParsedPublicKey,
}

impl Key {
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        // The library refuses an S beyond the order and compares R by its bytes, but takes an R of small order.
        let sound = match self.algorithm.needs() {
            Needs::Ed25519 => signature.first_chunk().is_some_and(edwards::is_sound),
            Needs::Curve { .. } | Needs::Rsa(_) => true,
        };
        sound && self.public.verify_sig(signed, signature).is_ok()
    }
}

/// A key as it is published. A member that stands there twice is an error.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    pub(super) kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

/// Why a published key is of no use here.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("its type, curve or algorithm is not supported, or they do not fit each other")]
    Unsupported,
    #[error("it is not meant for checking signatures")]
    Purpose,
    #[error("it is a private or symmetric key, so anyone may have signed with it")]
    Private,
    #[error("its RSA modulus must have {SHORTEST_MODULUS} to {LONGEST_MODULUS} bits")]
    Modulus,
    #[error("its RSA exponent must be odd, at least 3 and at most {LONGEST_EXPONENT} bytes long")]
    Exponent,
    #[error("its point is of small order, so that anyone can sign for it")]
    SmallOrder,
    /// Without the parser's own message, which may quote what stands there.
    #[error("it is no key, at column {}", .0.column())]
    Malformed(#[from] serde_json::Error),
    #[error("its numbers are no key")]
    Material,
}

impl Unusable {
    /// Whether the key may have been damaged on the way. Everything else was meant as it stands there.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Material)
    }
}

impl Jwk {
    /// The same key for each algorithm that it may be used with.
    pub(super) fn keys(&self) -> Result<Vec<Key>, Unusable> {
        if self.is_private() {
            return Err(Unusable::Private);
        }
        if self.usage.as_deref().is_some_and(|usage| usage != "sig")
            || self.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|name| name == "verify"))
        {
            return Err(Unusable::Purpose);
        }
        let declared = self.alg.as_deref().map(Algorithm::from_name);
        let fits =
            |algorithm: &Algorithm| declared.is_none_or(|name| name == Some(*algorithm)) && self.fits(*algorithm);
        let keys = Algorithm::ALL
            .into_iter()
            .filter(fits)
            .map(|algorithm| Ok(Key { id: self.kid.clone(), algorithm, public: self.public_key(&algorithm.needs())? }));
        let keys = keys.collect::<Result<Vec<_>, Unusable>>()?;
        if keys.is_empty() { Err(Unusable::Unsupported) } else { Ok(keys) }
    }

    fn is_private(&self) -> bool {
        let members = [&self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth, &self.k];
        self.kty == "oct" || members.into_iter().any(Option::is_some)
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        match algorithm.needs() {
            Needs::Ed25519 => self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519"),
            Needs::Curve { name, .. } => self.kty == "EC" && self.crv.as_deref() == Some(name),
            Needs::Rsa(_) => self.kty == "RSA",
        }
    }

    fn public_key(&self, needs: &Needs) -> Result<ParsedPublicKey, Unusable> {
        let key = match needs {
            Needs::Ed25519 => {
                let point = exactly::<32>(self.x.as_deref())?;
                if !edwards::is_sound(&point) {
                    return Err(Unusable::SmallOrder);
                }
                ParsedPublicKey::new(&ED25519, point)
            }
            Needs::Curve { coordinate_length, verification, .. } => {
                let (x, y) = (decode(self.x.as_deref())?, decode(self.y.as_deref())?);
                if [&x, &y].into_iter().any(|coordinate| coordinate.len() != *coordinate_length) {
                    return Err(Unusable::Material);
                }
                // An uncompressed point (SEC 1 §2.3.3).
                ParsedPublicKey::new(*verification, [&[4], &*x, &*y].concat())
            }
            Needs::Rsa(parameters) => return self.rsa_key(parameters),
        };
        key.map_err(|_| Unusable::Material)
    }

    fn rsa_key(&self, parameters: &'static RsaParameters) -> Result<ParsedPublicKey, Unusable> {
        let (n, e) = (number(self.n.as_deref())?, number(self.e.as_deref())?);
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(SHORTEST_MODULUS..=LONGEST_MODULUS).contains(&bits) {
            return Err(Unusable::Modulus);
        }
        if n.last().is_some_and(|last| last % 2 == 0) {
            return Err(Unusable::Material);
        }
        // With an exponent of 1 every message is its own signature; an even one has no private key.
        if e.len() > LONGEST_EXPONENT || e == [1] || e.last().is_none_or(|last| last % 2 == 0) {
            return Err(Unusable::Exponent);
        }
        RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).map_err(|_| Unusable::Material)
    }
}

/// Padding is taken off although RFC 7518 §2 has none: some publishers leave it, and unlike a token's, a key's text is
/// never compared with anything. Everything else must be canonical.
fn decode(text: Option<&str>) -> Result<Vec<u8>, Unusable> {
    let text = text.ok_or(Unusable::Material)?;
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Unusable::Material)
}

fn exactly<const LENGTH: usize>(text: Option<&str>) -> Result<[u8; LENGTH], Unusable> {
    decode(text)?.try_into().map_err(|_| Unusable::Material)
}

/// A big number without the leading zeros that some publishers leave.
fn number(text: Option<&str>) -> Result<Vec<u8>, Unusable> {
    let bytes = decode(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(bytes[zeros..].to_vec())
}
