//! From a credential to the user behind it: limits, verification, user, record.

use std::time::SystemTime;

use kit::{caller::Presented, error::Error};

use crate::{
    audit::{Audit, Kind, Outcome, Record},
    failures::Failures,
    token::{Verified, Verifier},
    users::{User, Users},
};

/// Verifies credentials and knows their users.
pub(crate) struct Identities {
    verifier: Verifier,
    users: Users,
    failures: Failures,
    audit: Audit,
}

impl Identities {
    pub(crate) fn new(verifier: Verifier, users: Users, failures: Failures, audit: Audit) -> Self {
        Self { verifier, users, failures, audit }
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
        let resolved = self.resolve(presented.token, now, record).await;
        match (&resolved, Outcome::of(&resolved)) {
            (Ok((_, verified)), _) => self.failures.accepted(&attempt, verified.expires_at),
            (Err(_), Outcome::Refused(reason)) => self.failures.refused(&attempt, reason, now),
            (Err(_), _) => {}
        }
        resolved
    }

    async fn resolve(&self, token: &str, now: SystemTime, record: &mut Record) -> Result<(User, Verified), Error> {
        record.kind = Some(Kind::Jwt);
        let verified = self.verifier.verify(token, now, &mut record.issuer).await?;
        let user = self.users.see(&verified.issuer.identifier, &verified.subject, &verified.profile).await?;
        record.user = Some(user.id);
        Ok((user, verified))
    }
}
