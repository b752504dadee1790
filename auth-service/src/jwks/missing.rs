//! Key ids that an issuer was asked for in vain. Anyone can make them up, so they cost next to nothing.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    time::{Duration, Instant},
};

use super::freshness::Freshness;

/// More are never remembered; the one whose time is up first makes room.
const MOST: usize = 256;

/// What was asked for in vain, and until when nothing more is asked for.
#[derive(Default)]
pub(super) struct Missing {
    /// Ids are as long as whoever made them up likes: only their hashes are kept.
    hasher: RandomState,
    absent: HashMap<u64, Absent>,
    quiet_until: Option<Instant>,
}

/// An id that the issuer did not have.
struct Absent {
    until: Instant,
    pause: Duration,
}

impl Missing {
    /// Whether this one was found missing a moment ago.
    pub(super) fn contains(&self, id: &str, now: Instant) -> bool {
        self.absent.get(&self.hasher.hash_one(id)).is_some_and(|absent| now < absent.until)
    }

    /// Whether the issuer may be asked for an id that it may not have.
    pub(super) fn may_ask(&self, now: Instant) -> bool {
        self.quiet(now).is_zero()
    }

    /// For how long it may not.
    pub(super) fn quiet(&self, now: Instant) -> Duration {
        self.quiet_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// The issuer was asked for an unknown id and gave no answer.
    pub(super) fn unanswered(&mut self, now: Instant, freshness: &Freshness) {
        self.quiet_until = Some(now + freshness.cool_down);
    }

    /// The issuer does not have this id. An id that stays missing is asked for less and less often, so that a client
    /// with an old token does not use up what a rotation needs.
    pub(super) fn add(&mut self, id: &str, now: Instant, freshness: &Freshness) {
        self.unanswered(now, freshness);
        let hash = self.hasher.hash_one(id);
        let longest = freshness.max_age.max(freshness.cool_down);
        let again = self.absent.get(&hash).filter(|absent| now < absent.until + longest);
        let pause = again.map_or(freshness.cool_down, |absent| (absent.pause * 2).min(longest));
        if self.absent.len() >= MOST && !self.absent.contains_key(&hash) {
            let first = self.absent.iter().min_by_key(|(_, absent)| absent.until).map(|(hash, _)| *hash);
            first.map(|hash| self.absent.remove(&hash));
        }
        self.absent.insert(hash, Absent { until: now + pause, pause });
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

    #[test]
    fn an_id_that_stays_missing_is_asked_for_less_and_less_often() {
        let (mut missing, mut now) = (Missing::default(), Instant::now());
        for pause in [30, 60, 120, 240, 480, 600, 600].map(Duration::from_secs) {
            missing.add("old", now, &FRESHNESS);
            assert!(missing.contains("old", now + pause.mul_f64(0.99)));
            assert!(!missing.contains("old", now + pause), "{pause:?}");
            assert!(!missing.contains("other", now));
            now += pause;
        }
        now += Duration::from_mins(11);
        missing.add("old", now, &FRESHNESS);
        assert!(!missing.contains("old", now + FRESHNESS.cool_down), "that was long ago");
    }

    #[test]
    fn after_one_in_vain_nothing_is_asked_for_until_the_cool_down_is_over() {
        let (mut missing, now) = (Missing::default(), Instant::now());
        assert!(missing.may_ask(now));
        missing.add("a", now, &FRESHNESS);
        assert!(!missing.may_ask(now + Duration::from_secs(29)));
        assert!(missing.may_ask(now + Duration::from_secs(30)));
        missing.unanswered(now + Duration::from_secs(30), &FRESHNESS);
        assert!(!missing.may_ask(now + Duration::from_secs(59)));
    }

    #[test]
    fn a_flood_of_ids_needs_no_more_memory_than_a_few() {
        let (mut missing, mut now) = (Missing::default(), Instant::now());
        for number in 0..10_000 {
            missing.add(&format!("{number}{}", "x".repeat(1_000)), now, &FRESHNESS);
            now += Duration::from_millis(1);
        }
        assert_eq!(missing.absent.len(), MOST);
        assert!(missing.contains(&format!("9999{}", "x".repeat(1_000)), now), "the newest are the ones that are known");
    }
}
