//! What an attacker can do to a token without a private key of the issuer.

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use testkit::issuer::Token;

/// The order of the base point of P-256, in big-endian order.
pub(crate) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Header, claims and signature as they stand in the token.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// Another spelling of the same bytes: stray bits in the last character.
pub(crate) fn with_stray_bits(token: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = token.split_at(token.len() - 1);
    let position = alphabet.find(last).unwrap();
    format!("{rest}{}", &alphabet[position + 1..position + 2])
}

/// The claims of a token under a header of ours and no signature.
pub(crate) fn unsigned(token: &Token, header: &str) -> String {
    format!("{}.{}.", encode(header), encode(token.claims_json()))
}

/// An HMAC with something public as the secret: what a verifier falls for that takes the algorithm from the token.
pub(crate) fn hmac(token: &Token, algorithm: &str, key_id: &str, secret: &[u8]) -> String {
    let header = format!(r#"{{"alg":"{algorithm}","kid":"{key_id}"}}"#);
    let signed = format!("{}.{}", encode(header), encode(token.claims_json()));
    let hash = match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let signature = hmac::sign(&hmac::Key::new(hash, secret), signed.as_bytes());
    format!("{signed}.{}", encode(signature))
}

/// The token with a claim as it is written here, which need not be JSON.
pub(crate) fn with_raw_claim(token: &Token, name: &str, text: &str) -> String {
    let rest = token.clone().without(name);
    rest.sign_raw(&rest.header_json(), &with_member(&rest.claims_json(), &format!(r#""{name}":{text}"#)))
}

/// An object with one member more.
pub(crate) fn with_member(object: &str, member: &str) -> String {
    format!("{},{member}}}", object.strip_suffix('}').unwrap())
}

/// The token with other claims under the old signature.
pub(crate) fn with_claims_of(token: &str, other: &str) -> String {
    let ([header, _, signature], [_, claims, _]) = (parts(token), parts(other));
    format!("{header}.{claims}.{signature}")
}
