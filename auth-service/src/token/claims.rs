//! The claims that decide (RFC 7519 §4.1).

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Number;

use crate::{jws::Members, refusal::Refusal};

/// As long as the column that keeps it, and as OpenID Connect Core §2 allows.
const LONGEST_SUBJECT: usize = 255;
/// The end of the year 9999: what a timestamp can say.
const LAST_SECOND: f64 = 253_402_300_799.0;

pub(super) struct Accepted {
    pub(super) subject: String,
    pub(super) issued_at: Option<SystemTime>,
    /// The `sid`: the session that the token belongs to.
    pub(super) session_id: Option<String>,
    pub(super) expires_at: SystemTime,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The `iss`, before anything is verified: it only says which rules apply.
pub(super) fn issuer(claims: &Members<'_>) -> Result<String, Refusal> {
    claims.get("iss").ok().flatten().ok_or(Refusal::Claim("iss"))
}

/// Checks the claims of a token whose signature is good.
pub(super) fn check(
    claims: &Members<'_>,
    audience: &[String],
    leeway: Duration,
    now: SystemTime,
) -> Result<Accepted, Refusal> {
    let expires_at = moment(claims, "exp")?.ok_or(Refusal::Claim("exp"))?;
    let not_before = moment(claims, "nbf")?;
    let issued_at = moment(claims, "iat")?;
    let subject: String = claims.get("sub").ok().flatten().ok_or(Refusal::Claim("sub"))?;
    if subject.is_empty() || subject.chars().count() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        return Err(Refusal::Claim("sub"));
    }
    let matches = match claims.get("aud").ok().flatten().ok_or(Refusal::Claim("aud"))? {
        Audience::One(given) => audience.contains(&given),
        Audience::Several(given) => given.iter().any(|given| audience.contains(given)),
    };
    if !matches {
        return Err(Refusal::Audience);
    }
    if now >= expires_at + leeway {
        return Err(Refusal::Expired);
    }
    if not_before.is_some_and(|not_before| now + leeway < not_before) {
        return Err(Refusal::NotYetValid);
    }
    let session_id = claims.get("sid").ok().flatten();
    Ok(Accepted { subject, issued_at, session_id, expires_at })
}

/// A NumericDate: seconds since 1970, perhaps with a fraction.
fn moment(claims: &Members<'_>, name: &'static str) -> Result<Option<SystemTime>, Refusal> {
    let number: Option<Number> = claims.get(name).map_err(|_| Refusal::Claim(name))?;
    let Some(seconds) = number.and_then(|number| number.as_f64()) else { return Ok(None) };
    if !(0.0..=LAST_SECOND).contains(&seconds) {
        return Err(Refusal::Claim(name));
    }
    Ok(Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)))
}
