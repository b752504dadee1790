//! How often one address may fail before its credentials are refused unread.
//!
//! What was accepted lately passes even then: whoever attacks from behind the same router or proxy cannot lock out
//! those who are already in.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use kit::{bucket::Buckets, caller::Presented, error::Error};
use moka::sync::Cache;
use proto::reason;

use crate::network::Network;

/// How many accepted credentials are remembered, and for how long at most.
const ACCEPTED: u64 = 100_000;
const ACCEPTED_FOR: Duration = Duration::from_hours(24);

/// Refusals of credentials that were good once or will be soon: honest clients make them in numbers. They cost no
/// signature check (the time is read before), or come after a good one.
const HONEST: [&str; 5] = [
    reason::TOKEN_EXPIRED,
    reason::TOKEN_NOT_YET_VALID,
    reason::TOKEN_REVOKED,
    reason::USER_BANNED,
    reason::USER_ERASED,
];

type Digest = [u8; digest::SHA256_OUTPUT_LEN];

/// Counts failed attempts by address.
pub(crate) struct Failures {
    addresses: Buckets<Network>,
    accepted: Cache<Digest, SystemTime>,
}

/// A credential that may be looked at.
pub(crate) struct Attempt {
    network: Option<Network>,
    digest: Digest,
}

impl Failures {
    /// So many failures a minute for each address; 0 limits nothing.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            addresses: Buckets::per_minute(per_minute),
            accepted: Cache::builder().max_capacity(ACCEPTED).time_to_live(ACCEPTED_FOR).build(),
        }
    }

    /// Lets a credential in, or refuses it before it costs anything.
    pub(crate) fn admit(&self, presented: Presented<'_>, now: SystemTime) -> Result<Attempt, Error> {
        let digest = digest::digest(&digest::SHA256, presented.token.as_bytes());
        let digest = Digest::try_from(digest.as_ref()).expect("SHA-256 has 32 bytes");
        let network = presented.client.map(Network::from);
        match network.and_then(|network| self.addresses.wait(&network, now)) {
            Some(wait) if !self.was_accepted(&digest, now) => {
                let message = "too many credentials from this address were refused; try again later";
                Err(Error::exhausted(reason::TOO_MANY_FAILURES, message, wait))
            }
            _ => Ok(Attempt { network, digest }),
        }
    }

    /// The credential was accepted and ends then.
    pub(crate) fn accepted(&self, attempt: &Attempt, expires_at: SystemTime) {
        if self.addresses.is_limited() {
            self.accepted.insert(attempt.digest, expires_at);
        }
    }

    /// The credential was refused for this reason.
    pub(crate) fn refused(&self, attempt: &Attempt, reason: &str, now: SystemTime) {
        if let Some(network) = attempt.network.filter(|_| !HONEST.contains(&reason)) {
            self.addresses.take(network, now);
        }
    }

    fn was_accepted(&self, digest: &Digest, now: SystemTime) -> bool {
        self.accepted.get(digest).is_some_and(|expires_at| now < expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn from<'a>(client: &str, token: &'a str) -> Presented<'a> {
        Presented { token, client: client.parse().ok(), request_id: None }
    }

    fn fail(failures: &Failures, presented: Presented<'_>, reason: &str) {
        let attempt = failures.admit(presented, NOW).unwrap_or_else(|error| panic!("{error}"));
        failures.refused(&attempt, reason, NOW);
    }

    fn is_admitted(failures: &Failures, presented: Presented<'_>, now: SystemTime) -> bool {
        failures.admit(presented, now).is_ok()
    }

    #[test]
    fn an_address_that_fails_too_often_waits_and_others_do_not() {
        let failures = Failures::new(2);
        fail(&failures, from("192.0.2.1", "a"), reason::TOKEN_SIGNATURE_INVALID);
        fail(&failures, from("192.0.2.1", "b"), reason::SESSION_NOT_FOUND);
        let Err(Error::Exhausted { reason, retry_after, .. }) = failures.admit(from("192.0.2.1", "c"), NOW) else {
            panic!("admitted");
        };
        assert_eq!((reason, retry_after), (reason::TOO_MANY_FAILURES, Duration::from_secs(30)));
        assert!(is_admitted(&failures, from("192.0.2.1", "c"), NOW + Duration::from_secs(30)));
        assert!(is_admitted(&failures, from("192.0.2.2", "c"), NOW));
        assert!(is_admitted(&failures, from("", "c"), NOW));
    }

    #[test]
    fn what_was_accepted_passes_until_its_end() {
        let failures = Failures::new(1);
        let good = failures.admit(from("192.0.2.1", "good"), NOW).unwrap_or_else(|error| panic!("{error}"));
        failures.accepted(&good, NOW + Duration::from_secs(10));
        fail(&failures, from("192.0.2.1", "bad"), reason::TOKEN_MALFORMED);
        assert!(!is_admitted(&failures, from("192.0.2.1", "new"), NOW));
        assert!(is_admitted(&failures, from("192.0.2.1", "good"), NOW + Duration::from_secs(9)));
        assert!(!is_admitted(&failures, from("192.0.2.1", "good"), NOW + Duration::from_secs(10)));
    }

    #[test]
    fn what_honest_clients_do_in_numbers_counts_for_nobody() {
        let failures = Failures::new(1);
        for reason in HONEST {
            fail(&failures, from("192.0.2.1", "old"), reason);
        }
        assert!(is_admitted(&failures, from("192.0.2.1", "new"), NOW));
    }

    #[test]
    fn an_ipv6_subscriber_cannot_multiply() {
        let failures = Failures::new(1);
        fail(&failures, from("2001:db8:1:2::1", "a"), reason::TOKEN_MALFORMED);
        assert!(!is_admitted(&failures, from("2001:db8:1:2:ffff::9", "b"), NOW));
        assert!(is_admitted(&failures, from("2001:db8:1:3::1", "b"), NOW));
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let failures = Failures::new(0);
        for _ in 0..1_000 {
            fail(&failures, from("192.0.2.1", "a"), reason::TOKEN_MALFORMED);
        }
        assert!(!failures.addresses.is_limited());
    }
}
