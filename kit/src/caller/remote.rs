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

use super::{Identity, Presented, UserId, VerifyToken, service_keys::sha256};
use crate::{client, error::Error};

/// The longest that a revocation may take to take effect.
const LONGEST_TTL: Duration = Duration::from_mins(5);
/// How long a refusal is remembered, and how many: enough that a flood of one bad token costs nothing, too short
/// for a person to notice who has just put things right.
const REFUSED_FOR: Duration = Duration::from_secs(1);
const REFUSALS: u64 = 1_000;
/// Refusals that the next second does not change. An unknown key may be published, a token may begin.
const LASTING: [&str; 12] = [
    reason::TOKEN_MALFORMED,
    reason::TOKEN_EXPIRED,
    reason::TOKEN_ISSUER_UNKNOWN,
    reason::TOKEN_AUDIENCE_MISMATCH,
    reason::TOKEN_ALGORITHM_REFUSED,
    reason::TOKEN_TYPE_REFUSED,
    reason::TOKEN_SIGNATURE_INVALID,
    reason::TOKEN_CLAIM_INVALID,
    reason::TOKEN_REVOKED,
    reason::SESSION_NOT_FOUND,
    reason::USER_BANNED,
    reason::USER_ERASED,
];

/// How much is remembered, and for how long.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct CacheLimits {
    /// How long a verified token is trusted without asking again, 5 minutes at most: the bound within which a
    /// revocation takes effect; 0 asks every time
    #[arg(
        id = "token-cache-ttl",
        long,
        env = "TOKEN_CACHE_TTL",
        default_value = "10s",
        value_parser = revocation_bound,
        value_name = "DURATION"
    )]
    pub ttl: Duration,

    /// How many verified tokens are remembered at most
    #[arg(id = "token-cache-size", long, env = "TOKEN_CACHE_SIZE", default_value_t = 20_000, value_name = "COUNT")]
    pub size: u64,
}

fn revocation_bound(text: &str) -> Result<Duration, String> {
    let ttl = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if ttl > LONGEST_TTL {
        let longest = humantime::format_duration(LONGEST_TTL);
        return Err(format!("a revocation must take effect within {longest}"));
    }
    Ok(ttl)
}

type TokenDigest = [u8; 32];

/// A verifier that asks the auth service. Concurrent questions about one token become one.
#[derive(Clone)]
pub struct RemoteVerifier {
    auth: AuthServiceClient<client::Transport>,
    identities: Cache<TokenDigest, Remembered>,
    refusals: Cache<TokenDigest, Status>,
}

/// An answer, and when it was asked for: what was revoked after that, it does not know.
#[derive(Clone)]
struct Remembered {
    identity: Identity,
    asked_at: Instant,
}

impl RemoteVerifier {
    /// Asks through this transport, which must carry a service key.
    pub fn new(transport: client::Transport, limits: &CacheLimits) -> Self {
        let identities =
            Cache::builder().max_capacity(limits.size).expire_after(UntilTokenEnds { ttl: limits.ttl }).build();
        let refusals = Cache::builder().max_capacity(REFUSALS).time_to_live(REFUSED_FOR).build();
        metrics::gauge!("token_revocation_bound_seconds").set(limits.ttl);
        Self { auth: AuthServiceClient::new(transport), identities, refusals }
    }

    /// Remembers nothing of a user any more: what this process was told of them is out of date.
    pub async fn forget(&self, user: UserId) {
        let of_user = |(digest, remembered): (Arc<TokenDigest>, Remembered)| {
            (remembered.identity.user_id == user).then_some(digest)
        };
        for digest in self.identities.iter().filter_map(of_user).collect::<Vec<_>>() {
            self.identities.invalidate(&*digest).await;
        }
    }

    async fn ask(&self, digest: TokenDigest, presented: Presented<'_>) -> Result<Remembered, Status> {
        let asked_at = Instant::now();
        let client_address = presented.client.map_or_else(String::new, |address| address.to_string());
        let question = VerifyTokenRequest { token: presented.token.to_owned(), client_address };
        let mut question = client::request(question);
        if let Some(request_id) = presented.request_id {
            client::part_of(&mut question, request_id);
        }
        let answer = self.auth.clone().verify_token(question).await;
        let answer = match answer.map_err(refusal_or_outage) {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                if reason(&status).is_some_and(|reason| LASTING.contains(&reason.as_str())) {
                    self.refusals.insert(digest, status.clone()).await;
                }
                return Err(status);
            }
        };
        let identity =
            identity(answer).ok_or_else(|| Error::internal(anyhow::anyhow!("an incomplete VerifyTokenResponse")))?;
        Ok(Remembered { identity, asked_at })
    }
}

#[async_trait::async_trait]
impl VerifyToken for RemoteVerifier {
    async fn verify(&self, presented: Presented<'_>) -> Result<Identity, Status> {
        let digest = sha256(presented.token);
        let digest = TokenDigest::try_from(digest.as_ref()).expect("SHA-256 has 32 bytes");
        if let Some(remembered) = self.identities.get(&digest).await {
            count("hit");
            return Ok(remembered.identity);
        }
        if let Some(refusal) = self.refusals.get(&digest).await {
            count("refused");
            return Err(refusal);
        }
        let mut asked = false;
        let question = async {
            asked = true;
            self.ask(digest, presented).await
        };
        let mut answer = self.identities.try_get_with(digest, question).await.map_err(Arc::unwrap_or_clone);
        if !asked && answer.as_ref().is_err_and(|status| status.code() == Code::ResourceExhausted) {
            // That is said of the address of whoever asked first, and not of this one.
            asked = true;
            answer = self.ask(digest, presented).await;
            if let Ok(remembered) = &answer {
                self.identities.insert(digest, remembered.clone()).await;
            }
        }
        count(if asked { "miss" } else { "joined" });
        #[expect(clippy::cast_precision_loss, reason = "a count of entries is far below 2^52")]
        metrics::gauge!("token_cache_size").set(self.identities.entry_count() as f64);
        answer.map(|remembered| remembered.identity)
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("token_cache_requests_total", "outcome" => outcome).increment(1);
}

/// What is said about the token is the end user's affair and passes on. Everything else is ours.
fn refusal_or_outage(status: Status) -> Status {
    let info = status.get_details_error_info();
    let known = info.as_ref().map(|info| info.reason.as_str());
    match status.code() {
        Code::Unauthenticated | Code::ResourceExhausted
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

fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
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

impl Expiry<TokenDigest, Remembered> for UntilTokenEnds {
    fn expire_after_create(&self, _: &TokenDigest, remembered: &Remembered, now: Instant) -> Option<Duration> {
        let left = remembered.identity.expires_at.duration_since(SystemTime::now()).unwrap_or_default();
        let trusted = self.ttl.saturating_sub(now.saturating_duration_since(remembered.asked_at));
        Some(left.min(trusted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_bound_beyond_minutes_is_no_promise() {
        assert_eq!(revocation_bound("5m"), Ok(LONGEST_TTL));
        assert_eq!(revocation_bound("0s"), Ok(Duration::ZERO));
        assert_eq!(revocation_bound("301s").unwrap_err(), "a revocation must take effect within 5m");
    }

    #[test]
    fn an_answer_is_trusted_from_the_moment_of_the_question_and_never_past_the_end_of_the_token() {
        let expiry = UntilTokenEnds { ttl: Duration::from_secs(10) };
        let asked_at = Instant::now();
        let trusted = |token: i64, answered_after: u64| {
            let life = Duration::from_secs(token.unsigned_abs());
            let now = SystemTime::now();
            let identity = Identity {
                user_id: UserId(uuid::Uuid::nil()),
                user: Arc::default(),
                expires_at: if token < 0 { now - life } else { now + life },
                issuer_name: Arc::from("test"),
            };
            let remembered = Remembered { identity, asked_at };
            expiry.expire_after_create(&[0; 32], &remembered, asked_at + Duration::from_secs(answered_after)).unwrap()
        };
        assert_eq!(trusted(3_600, 0), Duration::from_secs(10));
        assert_eq!(trusted(3_600, 7), Duration::from_secs(3));
        assert_eq!(trusted(3_600, 15), Duration::ZERO);
        assert!(trusted(2, 0) <= Duration::from_secs(2));
        assert_eq!(trusted(-1, 0), Duration::ZERO);
    }
}
