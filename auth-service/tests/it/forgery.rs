//! What an attacker can do to a token without a private key of the issuer.

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use testkit::issuer::Token;

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

/// HS256 with a public key as the secret: what a verifier falls for that takes the algorithm from the token.
pub(crate) fn hmac_with_public_key(token: &Token, key_id: &str, public_key: &[u8]) -> String {
    let header = format!(r#"{{"alg":"HS256","kid":"{key_id}"}}"#);
    let signed = format!("{}.{}", encode(header), encode(token.claims_json()));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public_key), signed.as_bytes());
    format!("{signed}.{}", encode(signature))
}

/// The token with other claims under the old signature.
pub(crate) fn with_claims_of(token: &str, other: &str) -> String {
    let ([header, _, signature], [_, claims, _]) = (parts(token), parts(other));
    format!("{header}.{claims}.{signature}")
}
