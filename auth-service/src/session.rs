//! Opaque Better Auth sessions: resolved by asking the server, or straight from its tables.
//!
//! Nothing good is remembered here. Callers remember an answer for a short, stated time, and within that a sign-out
//! takes effect.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use kit::error::Error;
use moka::{Expiry, future::Cache};

use crate::{
    config::SessionOptions, issuer::Issuer, refusal::Refusal, store::better_auth::Tables, token::Verified,
    users::Statement,
};

mod answer;
mod get_session;
mod token;

use self::get_session::GetSession;
pub(crate) use self::token::{Credential, SessionToken};

/// How long it is remembered that there is no such session. Tokens are random: one that was not there will not come.
const REMEMBER_NONE: Duration = Duration::from_secs(5);
/// How many of these are remembered: a few megabytes.
const MOST_REMEMBERED: u64 = 20_000;

/// A session that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) subject: String,
    pub(crate) statement: Statement,
    pub(crate) session_id: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    /// At this moment.
    pub(crate) banned: bool,
}

/// What an issuer's user table says about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    Banned,
    Gone,
}

/// A session, with the issuer that was asked.
pub(crate) struct Found {
    issuer: Arc<Issuer>,
    live: Live,
}

/// The check of the user: not banned. What a session says that passed every check.
pub(crate) fn admit(found: &Found, now: SystemTime) -> Result<Verified, Refusal> {
    let Found { issuer, live } = found;
    if live.banned {
        return Err(Refusal::Banned);
    }
    Ok(Verified {
        issuer: Arc::clone(issuer),
        subject: live.subject.clone(),
        statement: live.statement.clone(),
        // Read a moment ago, whenever the session began.
        profile_as_of: Some(now),
        issued_at: Some(live.created_at.into()),
        session_id: Some(live.session_id.clone()),
        expires_at: live.expires_at.into(),
    })
}

type Answer = Option<Arc<Found>>;

/// Resolves sessions.
pub(crate) struct Sessions {
    by_http: GetSession,
    /// Asked instead, where it is configured.
    tables: Option<Tables>,
    secret: Option<hmac::Key>,
    /// Concurrent questions about one token become one.
    answers: Cache<SessionToken, Answer>,
}

impl Sessions {
    pub(crate) fn new(options: &SessionOptions, tables: Option<Tables>) -> Self {
        Self {
            by_http: GetSession::new(options.cookies.clone()),
            tables,
            secret: options.key(),
            answers: Cache::builder().max_capacity(MOST_REMEMBERED).expire_after(OnlyNone).build(),
        }
    }

    /// Whom a session of this issuer speaks for, or why it is refused.
    pub(crate) async fn resolve(
        &self,
        issuer: Arc<Issuer>,
        token: &SessionToken,
        client: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<Verified, Error> {
        self.check_signature(token)?;
        let found = self.find(issuer, token, client, now).await?;
        Ok(admit(&found, now)?)
    }

    /// The check of the signature: right, where there is one and the secret is known.
    pub(crate) fn check_signature(&self, token: &SessionToken) -> Result<(), Refusal> {
        self.secret.as_ref().map_or(Ok(()), |secret| token.check(secret))
    }

    /// The check of the session: it is there and not over.
    pub(crate) async fn find(
        &self,
        issuer: Arc<Issuer>,
        token: &SessionToken,
        client: Option<IpAddr>,
        now: SystemTime,
    ) -> Result<Arc<Found>, Error> {
        let question = self.ask(issuer, token, client, now.into());
        let answer = self.answers.try_get_with_by_ref(token, question).await.map_err(of_all)?;
        Ok(answer.ok_or(Refusal::SessionNotFound)?)
    }

    /// Refuses the user of a JSON Web Token who was banned or deleted since it was signed, where that can be seen.
    pub(crate) async fn check_user(&self, verified: &Verified) -> Result<(), Error> {
        let Some(tables) = self.tables.as_ref().filter(|_| verified.issuer.session_url.is_some()) else {
            return Ok(());
        };
        match tables.standing(&verified.subject).await? {
            Standing::Good => Ok(()),
            Standing::Banned => Err(Refusal::Banned.into()),
            Standing::Gone => Err(Refusal::UserGone.into()),
        }
    }

    async fn ask(
        &self,
        issuer: Arc<Issuer>,
        token: &SessionToken,
        client: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Answer, Error> {
        let (way, found) = match (&self.tables, &issuer.session_url) {
            (Some(tables), _) => ("table", tables.session(token.raw()).await),
            (None, Some(url)) => ("get-session", self.by_http.ask(url, token, client, now).await),
            (None, None) => return Ok(None),
        };
        let outcome = match &found {
            Ok(Some(_)) => "found",
            Ok(None) => "none",
            Err(_) => "failed",
        };
        metrics::counter!("auth_session_lookups_total", "way" => way, "outcome" => outcome).increment(1);
        Ok(found?.map(|live| Arc::new(Found { issuer, live })))
    }
}

/// What went wrong, for each of those who waited, with its cause.
fn of_all(error: Arc<Error>) -> Error {
    let copy = |source: &anyhow::Error| anyhow::anyhow!("{source:#}");
    Arc::try_unwrap(error).unwrap_or_else(|error| match &*error {
        Error::Unavailable { reason, message, retry_after, source } => {
            Error::Unavailable { reason, message, retry_after: *retry_after, source: source.as_ref().map(copy) }
        }
        Error::Internal(source) => Error::Internal(copy(source)),
        other => Error::internal(anyhow::anyhow!("{other:?}")),
    })
}

/// That there is none is remembered; everything else is over as soon as those who waited have it.
struct OnlyNone;

impl Expiry<SessionToken, Answer> for OnlyNone {
    fn expire_after_create(&self, _: &SessionToken, found: &Answer, _: Instant) -> Option<Duration> {
        Some(if found.is_some() { Duration::ZERO } else { REMEMBER_NONE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_who_waited_learns_the_cause() {
        let cause = || anyhow::anyhow!("connection refused").context("asking about a session");
        let unavailable = Error::Unavailable {
            reason: proto::reason::ISSUER_UNAVAILABLE,
            message: "away",
            retry_after: Duration::from_secs(7),
            source: Some(cause()),
        };
        for error in [unavailable, Error::internal(cause())] {
            let shared = Arc::new(error);
            let (Error::Unavailable { source: Some(source), .. } | Error::Internal(source)) =
                of_all(Arc::clone(&shared))
            else {
                panic!("{shared:?} became another error");
            };
            assert_eq!(format!("{source:#}"), "asking about a session: connection refused");
        }
    }
}
