//! The service's own callers, verified without a detour over the network.

use std::{sync::Arc, time::SystemTime};

use kit::caller::{Identity, Presented, VerifyToken};
use tonic::Status;

use super::convert;
use crate::identity::Identities;

pub(crate) struct LocalVerifier(pub(crate) Arc<Identities>);

#[tonic::async_trait]
impl VerifyToken for LocalVerifier {
    async fn verify(&self, presented: Presented<'_>) -> Result<Identity, Status> {
        let (user, verified) = self.0.identify(presented, SystemTime::now()).await?;
        Ok(Identity {
            user_id: user.id,
            user: Arc::new(convert::user(user)),
            expires_at: verified.expires_at,
            issuer_name: Arc::clone(&verified.issuer.name),
        })
    }
}
