//! The pure judgement of tokens and keys, without a service: what the standards print, and what must always hold.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth_service::{
    Refusal,
    jws::{Algorithm, Compact, KeySet},
};
use serde_json::{Value, json};
use testkit::issuer::SigningKey;

use crate::forgery::encode;

mod best_current_practices;
mod keys;
mod properties;
mod vectors;

const AUDIENCE: &str = "https://app.example";
/// The clock of these tests: the `exp` of RFC 7519 §3.1.
const NOW: u64 = 1_300_819_380;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn key_set(keys: impl IntoIterator<Item = Value>) -> KeySet {
    let document = json!({ "keys": keys.into_iter().collect::<Vec<_>>() });
    KeySet::parse(document.to_string().as_bytes(), "test").unwrap()
}

fn sign(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    format!("{message}.{}", encode(key.sign(message.as_bytes())))
}

fn header_of(key: &SigningKey) -> Value {
    json!({ "alg": key.algorithm().name(), "kid": key.id() })
}

fn good_claims() -> Value {
    json!({ "iss": "https://app.example", "sub": "ada", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 900 })
}

/// The subject, after every check in the order in which a service makes them.
fn judge(token: &str, keys: &KeySet) -> Result<String, Refusal> {
    let compact = Compact::parse(token)?;
    let (header, claims) = (compact.header()?, compact.claims()?);
    claims.issuer()?;
    let algorithm = header.algorithm()?;
    let (times, subject) = (claims.times()?, claims.subject()?);
    claims.session_id()?;
    claims.check_audience(&[AUDIENCE.to_owned()])?;
    times.check(now(), Duration::from_mins(1))?;
    keys.find(header.key_id.as_deref(), algorithm)?.verify(&compact)?;
    claims.check_ban(now())?;
    Ok(subject)
}

/// Only key and signature, for texts that are no claims.
fn verify(token: &str, keys: &KeySet) -> Result<Algorithm, Refusal> {
    let compact = Compact::parse(token)?;
    let header = compact.header()?;
    let algorithm = header.algorithm()?;
    keys.find(header.key_id.as_deref(), algorithm)?.verify(&compact)?;
    Ok(algorithm)
}
