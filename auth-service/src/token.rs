//! Verifies tokens: shape, header, issuer, key, signature, claims, in this order.
//!
//! Nothing that a token says about itself is followed: the registry decides by its `iss`, and the key by its own
//! algorithm.

use std::{sync::Arc, time::SystemTime};

use kit::error::Error;

use crate::{
    issuer::{Issuer, Registry},
    jws::{Compact, Header, KeySet, Members, Selection},
    refusal::Refusal,
    users::Profile,
};

mod claims;
mod profile;

/// What an accepted credential says.
pub(crate) struct Verified {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) subject: String,
    pub(crate) profile: Profile,
    pub(crate) issued_at: Option<SystemTime>,
    pub(crate) session_id: Option<String>,
    pub(crate) expires_at: SystemTime,
}

/// Accepts and refuses tokens.
pub(crate) struct Verifier {
    registry: Registry,
}

impl Verifier {
    pub(crate) fn new(registry: Registry) -> Self {
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
        let header = Header::parse(&compact.header)?;
        let claims = Members::parse(&compact.payload)?;
        let found = self.registry.find(&claims::issuer(&claims)?).ok_or(Refusal::IssuerUnknown)?;
        *issuer = Some(Arc::clone(&found.name));
        check(found, &compact, &header, &claims, now).await
    }
}

async fn check(
    issuer: &Arc<Issuer>,
    compact: &Compact<'_>,
    header: &Header,
    claims: &Members<'_>,
    now: SystemTime,
) -> Result<Verified, Error> {
    if !issuer.algorithms.contains(&header.algorithm) {
        return Err(Refusal::Algorithm.into());
    }
    let keys = issuer.keys.current(header.key_id.as_deref()).await?;
    check_signature(&keys, header, compact)?;
    let accepted = claims::check(claims, &issuer.audience, issuer.leeway, now)?;
    Ok(Verified {
        issuer: Arc::clone(issuer),
        subject: accepted.subject,
        profile: profile::read(claims),
        issued_at: accepted.issued_at,
        session_id: accepted.session_id,
        expires_at: accepted.expires_at,
    })
}

fn check_signature(keys: &KeySet, header: &Header, compact: &Compact<'_>) -> Result<(), Refusal> {
    match keys.select(header.key_id.as_deref(), header.algorithm) {
        Selection::Keys(candidates) => {
            let signed = compact.signed.as_bytes();
            let valid = candidates.iter().any(|key| key.verifies(signed, &compact.signature));
            if valid { Ok(()) } else { Err(Refusal::Signature) }
        }
        Selection::Unknown => Err(Refusal::KeyUnknown),
        Selection::OtherAlgorithm => Err(Refusal::Algorithm),
    }
}
