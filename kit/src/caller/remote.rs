//! Verifies tokens by asking the auth service, and remembers the answer for a short, stated time.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use moka::{Expiry, future::Cache};
use proto::{
    auth::v1::{VerifyTokenRequest, VerifyTokenResponse, auth_service_client::AuthServiceClient},
    reason,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Identity, Presented, VerifyToken, service_keys::sha256};
use crate::{client, error::Error};

/// How much is remembered, and for how long.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct CacheLimits {
    /// How long a verified token is trusted without asking again: the bound within which a revocation takes effect
    #[arg(
        id = "token-cache-ttl",
        long,
        env = "TOKEN_CACHE_TTL",
        default_value = "10s",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub ttl: Duration,

    /// How many verified tokens are remembered at most
    #[arg(id = "token-cache-size", long, env = "TOKEN_CACHE_SIZE", default_value_t = 20_000, value_name = "COUNT")]
    pub size: u64,
}

type TokenDigest = [u8; 32];

/// A verifier that asks the auth service. Concurrent questions about one token become one.
#[derive(Clone)]
pub struct RemoteVerifier {
    auth: AuthServiceClient<client::Transport>,
    identities: Cache<TokenDigest, Identity>,
}

impl RemoteVerifier {
    /// Asks through this transport, which must carry a service key.
    pub fn new(transport: client::Transport, limits: &CacheLimits) -> Self {
        let identities =
            Cache::builder().max_capacity(limits.size).expire_after(UntilTokenEnds { ttl: limits.ttl }).build();
        Self { auth: AuthServiceClient::new(transport), identities }
    }

    async fn ask(&self, Presented { token, client }: Presented<'_>) -> Result<Identity, Status> {
        let client_address = client.map_or_else(String::new, |address| address.to_string());
        let request = client::request(VerifyTokenRequest { token: token.to_owned(), client_address });
        let answer = self.auth.clone().verify_token(request).await.map_err(refusal_or_outage)?;
        identity(answer.into_inner())
            .ok_or_else(|| Error::internal(anyhow::anyhow!("an incomplete VerifyTokenResponse")).into())
    }
}

#[async_trait::async_trait]
impl VerifyToken for RemoteVerifier {
    async fn verify(&self, presented: Presented<'_>) -> Result<Identity, Status> {
        let digest = sha256(presented.token);
        let digest = TokenDigest::try_from(digest.as_ref()).expect("SHA-256 has 32 bytes");
        self.identities.try_get_with(digest, self.ask(presented)).await.map_err(Arc::unwrap_or_clone)
    }
}

/// A refused token is the end user's affair and passes on. Everything else is ours.
fn refusal_or_outage(status: Status) -> Status {
    let info = status.get_details_error_info();
    let known = info.as_ref().map(|info| info.reason.as_str());
    match status.code() {
        Code::Unauthenticated
            if info.as_ref().is_some_and(|info| info.metadata.contains_key(reason::METADATA_FIELD)) =>
        {
            status
        }
        Code::Unavailable if matches!(known, Some(reason::ISSUER_UNAVAILABLE | reason::DATABASE_UNAVAILABLE)) => status,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => {
            client::unavailable("the auth service is away", &status).into()
        }
        _ => Error::internal(anyhow::anyhow!("the auth service refused this service: {status:?}")).into(),
    }
}

fn identity(answer: VerifyTokenResponse) -> Option<Identity> {
    let user = answer.user?;
    Some(Identity {
        user_id: user.id.parse().ok()?,
        user: Arc::new(user),
        expires_at: SystemTime::try_from(answer.expires_at?).ok()?,
        issuer_name: Arc::from(answer.issuer_name),
    })
}

struct UntilTokenEnds {
    ttl: Duration,
}

impl Expiry<TokenDigest, Identity> for UntilTokenEnds {
    fn expire_after_create(&self, _: &TokenDigest, identity: &Identity, _: Instant) -> Option<Duration> {
        let left = identity.expires_at.duration_since(SystemTime::now()).unwrap_or_default();
        Some(left.min(self.ttl))
    }
}
