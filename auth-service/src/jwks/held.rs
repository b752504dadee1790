//! What is known of an issuer's keys, and what to do about it. No clock and no network in here.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::jws::KeySet;

/// While nothing is known at all, a user is waiting: try again sooner.
const LONGEST_FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How old keys may become, and how often an issuer is asked.
#[derive(Debug, Clone)]
pub(crate) struct Freshness {
    /// From this age on they are fetched again.
    pub(crate) max_age: Duration,
    /// The pause after a failure, and between fetches for unknown keys.
    pub(crate) cool_down: Duration,
    /// From this age on they are no longer used.
    pub(crate) max_stale: Duration,
}

/// The keys of one issuer and when they came.
#[derive(Default)]
pub(super) struct Held {
    keys: Option<(Arc<KeySet>, Instant)>,
    failed_at: Option<Instant>,
    missed_at: Option<Instant>,
}

/// What to do for a token.
pub(super) enum Step {
    /// Judge it by these.
    Use(Arc<KeySet>),
    /// Ask the issuer; until it has answered, these will do.
    Fetch { meanwhile: Option<Arc<KeySet>> },
    /// The issuer was down a moment ago, and without it nothing can be said.
    GiveUp,
}

impl Held {
    pub(super) fn next_step(&self, key_id: Option<&str>, now: Instant, freshness: &Freshness) -> Step {
        let within = |moment: Option<Instant>, pause: Duration| {
            moment.is_some_and(|moment| now.saturating_duration_since(moment) < pause)
        };
        let Some((keys, age)) = self.usable(now, freshness) else {
            let pause = freshness.cool_down.min(LONGEST_FIRST_PAUSE);
            return if within(self.failed_at, pause) { Step::GiveUp } else { Step::Fetch { meanwhile: None } };
        };
        let failing = within(self.failed_at, freshness.cool_down);
        if key_id.is_none_or(|id| keys.contains(id)) {
            if age < freshness.max_age || failing { Step::Use(keys) } else { Step::Fetch { meanwhile: Some(keys) } }
        } else if failing {
            Step::GiveUp
        } else if within(self.missed_at, freshness.cool_down) {
            Step::Use(keys)
        } else {
            Step::Fetch { meanwhile: None }
        }
    }

    /// After a fetch: keys that are known to be current, or old ones that hold the key in question.
    pub(super) fn outcome(&self, key_id: Option<&str>, now: Instant, freshness: &Freshness) -> Option<Arc<KeySet>> {
        let (keys, _) = self.usable(now, freshness)?;
        let known = key_id.is_none_or(|id| keys.contains(id));
        (known || self.failed_at.is_none()).then_some(keys)
    }

    pub(super) fn succeeded(&mut self, keys: KeySet, key_id: Option<&str>, now: Instant) {
        let replaced_some = self.keys.is_some();
        if replaced_some && key_id.is_some_and(|id| !keys.contains(id)) {
            self.missed_at = Some(now);
        }
        self.keys = Some((Arc::new(keys), now));
        self.failed_at = None;
    }

    pub(super) fn failed(&mut self, now: Instant) {
        self.failed_at = Some(now);
    }

    fn usable(&self, now: Instant, freshness: &Freshness) -> Option<(Arc<KeySet>, Duration)> {
        let (keys, fetched_at) = self.keys.as_ref()?;
        let age = now.saturating_duration_since(*fetched_at);
        (age < freshness.max_stale).then(|| (Arc::clone(keys), age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESHNESS: Freshness = Freshness {
        max_age: Duration::from_mins(10),
        cool_down: Duration::from_secs(30),
        max_stale: Duration::from_hours(24),
    };

    /// The key of RFC 8037 §A.2.
    fn keys() -> KeySet {
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        KeySet::parse(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes(), "test").unwrap()
    }

    fn step(held: &Held, key_id: &str, now: Instant) -> &'static str {
        match held.next_step(Some(key_id), now, &FRESHNESS) {
            Step::Use(_) => "use",
            Step::Fetch { meanwhile: None } => "fetch",
            Step::Fetch { meanwhile: Some(_) } => "fetch, others go on",
            Step::GiveUp => "give up",
        }
    }

    #[test]
    fn known_keys_age_and_in_the_end_die() {
        let (mut held, start) = (Held::default(), Instant::now());
        assert_eq!(step(&held, "a", start), "fetch");
        held.succeeded(keys(), Some("a"), start);
        assert_eq!(step(&held, "a", start + Duration::from_mins(9)), "use");
        let aged = start + Duration::from_mins(10);
        assert_eq!(step(&held, "a", aged), "fetch, others go on");
        held.failed(aged);
        assert_eq!(step(&held, "a", aged + Duration::from_secs(29)), "use");
        assert_eq!(step(&held, "a", aged + Duration::from_secs(30)), "fetch, others go on");
        let dead = start + FRESHNESS.max_stale;
        assert_eq!(step(&held, "a", dead), "fetch");
        assert!(held.outcome(Some("a"), dead, &FRESHNESS).is_none());
        held.failed(dead);
        assert_eq!(step(&held, "a", dead), "give up");
        assert_eq!(step(&held, "a", dead + LONGEST_FIRST_PAUSE), "fetch");
    }

    #[test]
    fn an_unknown_key_is_asked_for_once_in_a_while() {
        let (mut held, start) = (Held::default(), Instant::now());
        held.succeeded(keys(), Some("a"), start);
        assert_eq!(step(&held, "b", start), "fetch");
        held.succeeded(keys(), Some("b"), start);
        assert_eq!(step(&held, "b", start + Duration::from_secs(29)), "use");
        assert_eq!(step(&held, "b", start + Duration::from_secs(30)), "fetch");
        held.failed(start);
        assert_eq!(step(&held, "b", start), "give up");
        assert_eq!(step(&held, "a", start), "use");
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let (mut held, start) = (Held::default(), Instant::now());
        held.succeeded(keys(), None, start + Duration::from_secs(5));
        assert_eq!(step(&held, "a", start), "use");
    }
}
