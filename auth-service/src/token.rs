//! Verifies tokens: shape, header, issuer, algorithm, subject, audience, time, key, signature, ban, in this order.
//! Each step stands by itself, so that an explanation takes the same ones.
//!
//! What needs no key comes first: only a token that could be good may make us ask an issuer for a key. A forged token
//! learns by that no more than it says itself.
//! Nothing that a token says about itself is followed: the registry decides by its `iss`, and the key by its own
//! algorithm.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kit::error::Error;
use serde_json::Value;

use crate::{
    issuer::{Issuer, Registry},
    jws::{Algorithm, Claims, Compact, Header, Times},
    refusal::Refusal,
    users::{Said, Statement},
};

/// What an accepted credential says.
pub(crate) struct Verified {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) subject: String,
    pub(crate) statement: Statement,
    /// When that was said.
    pub(crate) profile_as_of: Option<SystemTime>,
    pub(crate) issued_at: Option<SystemTime>,
    pub(crate) session_id: Option<String>,
    pub(crate) expires_at: SystemTime,
}

/// Accepts and refuses tokens.
pub(crate) struct Verifier {
    registry: Arc<Registry>,
}

impl Verifier {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// What the token says, or why it is refused. Notes the name of the issuer as soon as it is known.
    pub(crate) async fn verify(
        &self,
        token: &str,
        now: SystemTime,
        issuer: &mut Option<Arc<str>>,
    ) -> Result<Verified, Error> {
        let compact = Compact::parse(token)?;
        let claims = compact.claims()?;
        let header = compact.header()?;
        let found = self.issuer_of(&claims)?;
        *issuer = Some(Arc::clone(&found.name));
        let algorithm = accepted_algorithm(&found, &header)?;
        let whom = Whom::of(&claims)?;
        claims.check_audience(&found.audience)?;
        let times = good_times(&claims, found.leeway, now)?;
        let keys = found.keys.current(header.key_id.as_deref()).await?;
        keys.find(header.key_id.as_deref(), algorithm)?.verify(&compact)?;
        claims.check_ban(now)?;
        Ok(Verified::new(found, whom, &times, &claims))
    }

    /// The check of the issuer of an opaque session, which names none.
    pub(crate) fn session_issuer(&self) -> Result<Arc<Issuer>, Refusal> {
        let none = Refusal::Malformed("it is no JSON Web Token, and no issuer's sessions are accepted");
        self.registry.with_sessions().ok_or(none)
    }

    /// The configured `iss`, for those who may know.
    pub(crate) fn issuers(&self) -> Vec<String> {
        self.registry.identifiers()
    }

    /// The check of the issuer: whose rules and keys apply.
    pub(crate) fn issuer_of(&self, claims: &Claims<'_>) -> Result<Arc<Issuer>, Refusal> {
        self.registry.find(&claims.issuer()?).ok_or(Refusal::IssuerUnknown)
    }
}

/// The check of the algorithm: we know it, and the issuer may use it.
pub(crate) fn accepted_algorithm(issuer: &Issuer, header: &Header) -> Result<Algorithm, Refusal> {
    header.algorithm().ok().filter(|algorithm| issuer.algorithms.contains(algorithm)).ok_or(Refusal::Algorithm)
}

/// The check of the time: the token says when it is good, and that is now.
pub(crate) fn good_times(claims: &Claims<'_>, leeway: Duration, now: SystemTime) -> Result<Times, Refusal> {
    let times = claims.times()?;
    times.check(now, leeway)?;
    Ok(times)
}

/// Whom a token speaks for, by its own words.
pub(crate) struct Whom {
    subject: String,
    session_id: Option<String>,
}

impl Whom {
    /// The check of the subject.
    pub(crate) fn of(claims: &Claims<'_>) -> Result<Self, Refusal> {
        Ok(Self { subject: claims.subject()?, session_id: claims.session_id()? })
    }
}

impl Verified {
    /// What a token says that passed every check.
    pub(crate) fn new(issuer: Arc<Issuer>, whom: Whom, times: &Times, claims: &Claims<'_>) -> Self {
        let said = |name| match claims.lenient(name) {
            Some(Value::String(text)) => Said::Text(text),
            Some(Value::Null) => Said::Absent,
            _ => Said::Nothing,
        };
        Self {
            issuer,
            subject: whom.subject,
            statement: Statement { email: said("email"), name: said("name"), image: said("image") }.tidy(),
            profile_as_of: times.issued_at,
            issued_at: times.issued_at,
            session_id: whom.session_id,
            expires_at: times.expires_at,
        }
    }
}
