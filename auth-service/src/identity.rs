//! From a credential to the user behind it: limits, verification, user, record.

use std::{sync::Arc, time::SystemTime};

use kit::{caller::Presented, error::Error};

use crate::{
    audit::{Audit, Kind, Outcome, Record},
    explanation::{Examination, Explanation},
    failures::Failures,
    jws::{Compact, Details},
    session::{Credential, Sessions},
    token::{Verified, Verifier},
    users::{Sighting, User, Users},
};

/// What a good credential says.
pub(crate) struct Introspected {
    pub(crate) verified: Verified,
    pub(crate) details: Details,
    /// Whom it speaks for, if they were seen.
    pub(crate) user: Option<User>,
}

/// Verifies credentials and knows their users.
pub(crate) struct Identities {
    verifier: Verifier,
    sessions: Sessions,
    users: Users,
    failures: Failures,
    audit: Audit,
}

impl Identities {
    pub(crate) fn new(verifier: Verifier, sessions: Sessions, users: Users, failures: Failures, audit: Audit) -> Self {
        Self { verifier, sessions, users, failures, audit }
    }

    /// Who a credential speaks for. A user is created at first sight. Every decision is counted and recorded.
    pub(crate) async fn identify(&self, presented: Presented<'_>, now: SystemTime) -> Result<(User, Verified), Error> {
        let mut record = Record { client: presented.client, ..Record::default() };
        let decided = self.decide(presented, now, &mut record).await;
        self.audit.decided(&record, Outcome::of(&decided), now);
        decided
    }

    async fn decide(
        &self,
        presented: Presented<'_>,
        now: SystemTime,
        record: &mut Record,
    ) -> Result<(User, Verified), Error> {
        let attempt = self.failures.admit(presented, now)?;
        let resolved = self.resolve(presented, now, record).await;
        match (&resolved, Outcome::of(&resolved)) {
            (Ok((_, verified)), _) => self.failures.accepted(&attempt, verified.expires_at),
            (Err(_), Outcome::Refused(reason)) => self.failures.refused(&attempt, reason, now),
            (Err(_), _) => {}
        }
        resolved
    }

    async fn resolve(
        &self,
        presented: Presented<'_>,
        now: SystemTime,
        record: &mut Record,
    ) -> Result<(User, Verified), Error> {
        let verified = self.verify(presented, now, record).await?;
        let user = self.users.see(&Sighting::of(&verified, now), &mut record.user).await?;
        Ok((user, verified))
    }

    /// What a credential says, whichever kind it is.
    async fn verify(&self, presented: Presented<'_>, now: SystemTime, record: &mut Record) -> Result<Verified, Error> {
        match Credential::of(presented.token)? {
            Credential::Jwt(token) => {
                record.kind = Some(Kind::Jwt);
                let verified = self.verifier.verify(token, now, &mut record.issuer).await?;
                self.sessions.check_user(&verified).await?;
                Ok(verified)
            }
            Credential::Session(token) => {
                record.kind = Some(Kind::Session);
                let issuer = self.verifier.session_issuer()?;
                record.issuer = Some(Arc::clone(&issuer.name));
                self.sessions.resolve(issuer, &token, presented.client, now).await
            }
        }
    }

    /// What a credential says, and its user if one was seen; None when it is not good now. Nobody is created.
    pub(crate) async fn introspect(&self, token: &str, now: SystemTime) -> Result<Option<Introspected>, Error> {
        let good = async {
            let presented = Presented { token, client: None, request_id: None };
            let verified = self.verify(presented, now, &mut Record::default()).await?;
            let user = self.users.known(&Sighting::of(&verified, now)).await?;
            // Only here, since no decision needs them. A session says nothing besides.
            let details = Compact::parse(token).and_then(|token| Ok(token.claims()?.details()));
            Ok(Introspected { verified, details: details.unwrap_or_default(), user })
        };
        match good.await {
            Ok(good) => Ok(Some(good)),
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Why a credential is accepted or refused. Nobody is created, and nothing is counted.
    pub(crate) async fn explain(&self, token: &str, now: SystemTime) -> Result<Explanation, Error> {
        Examination { verifier: &self.verifier, sessions: &self.sessions, users: &self.users, now }.of(token).await
    }
}
