//! From a token to the user behind it.

use std::time::SystemTime;

use kit::{caller::Presented, error::Error};

use crate::{
    token::{Verified, Verifier},
    users::{User, Users},
};

/// Verifies tokens and knows their users.
pub(crate) struct Identities {
    verifier: Verifier,
    users: Users,
}

impl Identities {
    pub(crate) fn new(verifier: Verifier, users: Users) -> Self {
        Self { verifier, users }
    }

    /// Who a token speaks for. A user is created at first sight.
    pub(crate) async fn identify(&self, presented: Presented<'_>, now: SystemTime) -> Result<(User, Verified), Error> {
        let verified = self.verifier.verify(presented.token, now).await?;
        let user = self.users.see(&verified.issuer.identifier, &verified.subject, &verified.profile).await?;
        Ok((user, verified))
    }
}
