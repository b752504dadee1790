//! The record of every decision about a credential, and of every act that ends one: one event each, target `audit`.
//!
//! It names configured issuers, users by id, and reasons; nothing that a client chose. Floods are thinned out event
//! by event for each reason on its own, so that refusals cannot silence anything else; the metrics count all.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use aws_lc_rs::hmac;
use kit::{
    bucket::{Bucket, Rate},
    caller::{Caller, UserId},
    error::Error,
    hex::hex,
};
use proto::reason;
use tracing::Level;

use crate::network::Network;

/// How many refusals for one reason are told of.
const REFUSALS: Rate = Rate { burst: 50, per_second: 20.0 };
/// How many acceptances are told of. Callers remember them, so there are few for each user.
const ACCEPTANCES: Rate = Rate { burst: 500, per_second: 200.0 };
const ACCEPTED: &str = "ACCEPTED";
/// How much of a hash tells clients apart.
const HASH: usize = 8;

/// What kind of credential was presented.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Jwt,
    Session,
}

/// What is known of a credential by the time it is decided. Filled on the way, so that refusals tell of it too.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) client: Option<IpAddr>,
    pub(crate) kind: Option<Kind>,
    /// The configured name of the issuer.
    pub(crate) issuer: Option<Arc<str>>,
    pub(crate) user: Option<UserId>,
}

/// What became of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Refused(&'static str),
    /// Nothing was decided: something of ours, or the issuer, is away or broken.
    Unavailable(&'static str),
}

impl Outcome {
    pub(crate) fn of<T>(decided: &Result<T, Error>) -> Self {
        match decided {
            Ok(_) => Self::Accepted,
            Err(Error::Refused(refusal)) => Self::Refused(refusal.reason),
            Err(Error::Exhausted { reason, .. }) => Self::Refused(reason),
            Err(Error::Unavailable { reason, .. }) => Self::Unavailable(reason),
            Err(Error::Invalid(_) | Error::Internal(_)) => Self::Unavailable(reason::INTERNAL),
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Accepted => ACCEPTED,
            Self::Refused(reason) | Self::Unavailable(reason) => reason,
        }
    }
}

/// Writes the record.
pub(crate) struct Audit {
    with_addresses: bool,
    key: hmac::Key,
    flows: Mutex<HashMap<&'static str, Flow>>,
}

/// The events of one reason.
struct Flow {
    bucket: Bucket,
    suppressed: u64,
}

impl Audit {
    /// Clients are told apart by a hash whose key ends with the process, or by their address if that is wanted.
    pub(crate) fn new(with_addresses: bool) -> anyhow::Result<Self> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key)?;
        Ok(Self { with_addresses, key: hmac::Key::new(hmac::HMAC_SHA256, &key), flows: Mutex::default() })
    }

    /// A credential was decided about.
    pub(crate) fn decided(&self, record: &Record, outcome: Outcome, now: SystemTime) {
        let issuer = record.issuer.as_deref().unwrap_or("unknown");
        let reason = outcome.reason();
        metrics::counter!("auth_tokens_total", "issuer" => issuer.to_owned(), "outcome" => reason).increment(1);
        if !tracing::enabled!(target: "audit", Level::INFO) {
            return;
        }
        let Some(suppressed) = self.pass(reason, now) else { return };
        let (word, reason) = match outcome {
            Outcome::Accepted => ("accepted", None),
            Outcome::Refused(reason) => ("refused", Some(reason)),
            Outcome::Unavailable(reason) => ("unavailable", Some(reason)),
        };
        tracing::info!(
            target: "audit",
            event = "credential_presented",
            outcome = word,
            reason,
            issuer,
            credential = match record.kind {
                Some(Kind::Jwt) => "jwt",
                Some(Kind::Session) => "session",
                None => "unknown",
            },
            user = record.user.map(display),
            client = record.client.map(|client| self.name(client)),
            suppressed = (suppressed > 0).then_some(suppressed),
            "a credential was presented"
        );
    }

    /// How many events of this reason were left out before this one; none when this one is left out too.
    fn pass(&self, reason: &'static str, now: SystemTime) -> Option<u64> {
        let rate = if reason == ACCEPTED { ACCEPTANCES } else { REFUSALS };
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        let flow = flows.entry(reason).or_insert_with(|| Flow { bucket: Bucket::full(rate, now), suppressed: 0 });
        if flow.bucket.take(rate, now) {
            return Some(std::mem::take(&mut flow.suppressed));
        }
        flow.suppressed += 1;
        metrics::counter!("audit_suppressed_total", "reason" => reason).increment(1);
        None
    }

    fn name(&self, client: IpAddr) -> String {
        if self.with_addresses {
            return client.to_canonical().to_string();
        }
        let tag = hmac::sign(&self.key, Network::from(client).to_string().as_bytes());
        hex(&tag.as_ref()[..HASH])
    }
}

/// A user was seen for the first time.
pub(crate) fn first_seen(user: UserId, issuer: &str) {
    count("user_first_seen");
    tracing::info!(target: "audit", event = "user_first_seen", %user, issuer, "a user was seen for the first time");
}

/// Everything that was issued to a user so far, or to one session of theirs, was revoked.
pub(crate) fn revoked(by: &Caller, user: UserId, whole_user: bool) {
    count("tokens_revoked");
    let scope = if whole_user { "user" } else { "session" };
    tracing::info!(target: "audit", event = "tokens_revoked", by = name(by), %user, scope, "tokens were revoked");
}

/// A user was erased.
pub(crate) fn erased(by: &Caller, user: UserId) {
    count("user_erased");
    tracing::info!(target: "audit", event = "user_erased", by = name(by), %user, "a user was erased");
}

fn count(event: &'static str) {
    metrics::counter!("auth_acts_total", "event" => event).increment(1);
}

fn name(caller: &Caller) -> &str {
    match caller {
        Caller::User(_) => "the user",
        Caller::Service { name, .. } => name,
    }
}
