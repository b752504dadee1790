//! Verifies tokens: shape, header, issuer, algorithm, claims, key, signature, ban, in this order.
//!
//! What needs no key comes first: only a token that could be good may make us ask an issuer for a key. A forged token
//! learns by that no more than it says itself.
//! Nothing that a token says about itself is followed: the registry decides by its `iss`, and the key by its own
//! algorithm.

use std::{sync::Arc, time::SystemTime};

use kit::error::Error;

use crate::{
    issuer::{Issuer, Registry},
    jws::{Algorithm, Claims, Compact, Details, Header},
    refusal::Refusal,
    users::Profile,
};

mod profile;

pub(crate) use self::profile::tidy;

/// What an accepted credential says.
pub(crate) struct Verified {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) subject: String,
    pub(crate) profile: Profile,
    /// When what the profile says was said.
    pub(crate) profile_as_of: Option<SystemTime>,
    pub(crate) issued_at: Option<SystemTime>,
    pub(crate) session_id: Option<String>,
    pub(crate) expires_at: SystemTime,
    pub(crate) details: Details,
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
        let header = compact.header()?;
        let claims = compact.claims()?;
        let found = self.issuer_of(&claims)?;
        *issuer = Some(Arc::clone(&found.name));
        let algorithm = accepted_algorithm(&found, &header)?;
        let verified = read(&found, &claims, now)?;
        let keys = found.keys.current(header.key_id.as_deref()).await?;
        keys.find(header.key_id.as_deref(), algorithm)?.verify(&compact)?;
        claims.check_ban(now)?;
        Ok(verified)
    }

    /// The one issuer whose opaque sessions are accepted, if there is one.
    pub(crate) fn session_issuer(&self) -> Option<Arc<Issuer>> {
        self.registry.with_sessions()
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

/// The checks of all claims that need no key, and what they say.
fn read(issuer: &Arc<Issuer>, claims: &Claims<'_>, now: SystemTime) -> Result<Verified, Refusal> {
    let times = claims.times()?;
    let (subject, session_id) = (claims.subject()?, claims.session_id()?);
    claims.check_audience(&issuer.audience)?;
    times.check(now, issuer.leeway)?;
    Ok(Verified {
        issuer: Arc::clone(issuer),
        subject,
        profile: profile::read(claims),
        profile_as_of: times.issued_at,
        issued_at: times.issued_at,
        session_id,
        expires_at: times.expires_at,
        details: claims.details(),
    })
}
