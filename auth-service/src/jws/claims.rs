//! What a token says (RFC 7519 §4.1), claim by claim. Only the signature makes it true.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Number, Value};

use super::members::Members;
use crate::refusal::Refusal;

/// As long as the column that keeps it, and as OpenID Connect Core §2 allows.
const LONGEST_SUBJECT: usize = 255;
const LONGEST_SESSION_ID: usize = 255;
/// The end of the year 9999: what a timestamp can say.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// The claims of a token.
pub struct Claims<'a>(Members<'a>);

/// When a token was issued, begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The `iat`.
    pub issued_at: Option<SystemTime>,
    /// The `nbf`.
    pub not_before: Option<SystemTime>,
    /// The `exp`.
    pub expires_at: SystemTime,
}

/// What nothing here is decided by, but may matter to others (RFC 7662 §2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The `aud`.
    pub audience: Vec<String>,
    /// The `nbf`.
    pub not_before: Option<SystemTime>,
    /// The `jti`.
    pub token_id: Option<String>,
    /// The `scope`, separated by spaces.
    pub scope: Option<String>,
    /// The `client_id` (RFC 9068), or else the `azp` of OpenID Connect.
    pub client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl<'a> Claims<'a> {
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, Refusal> {
        Members::parse(json).map(Self)
    }

    /// The `iss`. It only says which rules apply.
    pub fn issuer(&self) -> Result<String, Refusal> {
        self.required("iss")
    }

    /// The `sub`: somebody whom we can remember.
    pub fn subject(&self) -> Result<String, Refusal> {
        self.required("sub").and_then(|subject| identifier(subject, LONGEST_SUBJECT, "sub"))
    }

    /// The `sid`: the session that the token belongs to. A session that cannot be named could never be ended, so a
    /// wrong one is a fault and not nothing.
    pub fn session_id(&self) -> Result<Option<String>, Refusal> {
        let id: Option<String> = self.optional("sid")?;
        id.map(|id| identifier(id, LONGEST_SESSION_ID, "sid")).transpose()
    }

    /// When the token is good, by its own words.
    pub fn times(&self) -> Result<Times, Refusal> {
        Ok(Times {
            expires_at: self.moment("exp")?.ok_or(Refusal::Claim("exp"))?,
            not_before: self.moment("nbf")?,
            issued_at: self.moment("iat")?,
        })
    }

    /// Whether the token was made for one of these. They are compared exactly.
    pub fn check_audience(&self, accepted: &[String]) -> Result<(), Refusal> {
        let given = self.audience()?;
        if given.iter().any(|given| accepted.contains(given)) { Ok(()) } else { Err(Refusal::Audience) }
    }

    /// Whether the issuer says that this person is banned: `banned` and `banExpires` of Better Auth's admin plugin,
    /// which goes on signing tokens for them. An end that cannot be read is none.
    pub fn check_ban(&self, now: SystemTime) -> Result<(), Refusal> {
        let is_over = || match self.lenient("banExpires") {
            Some(Value::String(text)) => {
                DateTime::parse_from_rfc3339(&text).is_ok_and(|end| SystemTime::from(end) <= now)
            }
            _ => false,
        };
        if self.lenient("banned") == Some(true) && !is_over() { Err(Refusal::Banned) } else { Ok(()) }
    }

    /// What is passed on. What is of a wrong type counts as absent.
    pub fn details(&self) -> Details {
        Details {
            audience: self.audience().unwrap_or_default(),
            not_before: self.moment("nbf").ok().flatten(),
            token_id: self.lenient("jti"),
            scope: self.lenient("scope"),
            client_id: self.lenient("client_id").or_else(|| self.lenient("azp")),
        }
    }

    /// A claim that decides nothing: absent when it is of another type.
    pub fn lenient<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.0.get(name).ok().flatten()
    }

    fn audience(&self) -> Result<Vec<String>, Refusal> {
        Ok(match self.required("aud")? {
            Audience::One(given) => vec![given],
            Audience::Several(given) => given,
        })
    }

    fn required<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, Refusal> {
        self.optional(name)?.ok_or(Refusal::Claim(name))
    }

    /// `null` is absent.
    fn optional<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, Refusal> {
        self.0.get::<Option<T>>(name).map(Option::flatten).map_err(|_| Refusal::Claim(name))
    }

    /// A NumericDate: seconds since 1970, perhaps with a fraction.
    fn moment(&self, name: &'static str) -> Result<Option<SystemTime>, Refusal> {
        let number: Option<Number> = self.optional(name)?;
        let Some(seconds) = number.and_then(|number| number.as_f64()) else { return Ok(None) };
        if !(0.0..=LAST_SECOND).contains(&seconds) {
            return Err(Refusal::Claim(name));
        }
        Ok(Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)))
    }
}

impl Times {
    /// Whether the token is good now, by a clock that may be this much off.
    ///
    /// A token of the future is refused as one that has not begun. RFC 7519 §4.1.6 leaves that open; but what is revoked
    /// is everything that was issued before a moment, and a token must not escape by being dated later.
    pub fn check(&self, now: SystemTime, leeway: Duration) -> Result<(), Refusal> {
        if now >= self.expires_at + leeway {
            return Err(Refusal::Expired);
        }
        if now + leeway < self.begins() { Err(Refusal::NotYetValid) } else { Ok(()) }
    }

    /// What the check comes down to: the beginning of a token that has not begun, the end of every other.
    pub(crate) fn decisive(&self, now: SystemTime, leeway: Duration) -> SystemTime {
        if self.check(now, leeway) == Err(Refusal::NotYetValid) { self.begins() } else { self.expires_at }
    }

    fn begins(&self) -> SystemTime {
        self.not_before.max(self.issued_at).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// Whether an issuer's name for a person can be kept.
pub(crate) fn is_subject(text: &str) -> bool {
    is_sound(text, LONGEST_SUBJECT)
}

fn identifier(text: String, longest: usize, name: &'static str) -> Result<String, Refusal> {
    if is_sound(&text, longest) { Ok(text) } else { Err(Refusal::Claim(name)) }
}

/// PostgreSQL keeps no NUL, and no honest id has other control characters.
fn is_sound(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}
