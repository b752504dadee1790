//! Token buckets: so many at once, so many a second after that, for each party.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use moka::sync::Cache;

/// How many parties are counted at a time. Those that come back most often stay.
const PARTIES: u64 = 100_000;
/// After this long a bucket of a rate per minute is full again, and may be forgotten.
const REFILLED: Duration = Duration::from_mins(1);

/// How many at once, and how fast more come in.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How many more come in.
    pub per_second: f64,
}

/// What is left for one party.
#[derive(Debug)]
pub struct Bucket {
    left: f64,
    filled_at: SystemTime,
}

impl Bucket {
    /// One from which nothing was taken yet.
    pub fn full(rate: Rate, now: SystemTime) -> Self {
        Self { left: f64::from(rate.burst), filled_at: now }
    }

    /// Takes one; false when none is left.
    pub fn take(&mut self, rate: Rate, now: SystemTime) -> bool {
        let enough = self.wait(rate, now).is_none();
        if enough {
            self.left -= 1.0;
        }
        enough
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the burst")]
    fn whole(&self) -> u32 {
        self.left.max(0.0) as u32
    }

    fn quota(&self, rate: Rate, wait: Option<Duration>) -> Quota {
        let full_in = Duration::from_secs_f64((f64::from(rate.burst) - self.left).max(0.0) / rate.per_second);
        Quota { limit: rate.burst, left: self.whole(), full_in, wait }
    }

    /// How long until one is left, when none is.
    pub fn wait(&mut self, rate: Rate, now: SystemTime) -> Option<Duration> {
        // A clock that was set back brings nothing in, and does not stop the flow either.
        let passed = now.duration_since(self.filled_at).unwrap_or_default();
        self.filled_at = now;
        self.left = (self.left + passed.as_secs_f64() * rate.per_second).min(f64::from(rate.burst));
        (self.left < 1.0).then(|| Duration::from_secs_f64((1.0 - self.left) / rate.per_second))
    }
}

/// What is left to a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many a minute there are.
    pub limit: u32,
    /// How many are left.
    pub left: u32,
    /// When all of them are back.
    pub full_in: Duration,
    /// How long to wait for one, when none was left.
    pub wait: Option<Duration>,
}

/// A bucket for each party.
pub struct Buckets<K> {
    /// None when nothing is limited.
    rate: Option<Rate>,
    parties: Cache<K, Arc<Mutex<Bucket>>>,
}

impl<K: Hash + Eq + Send + Sync + 'static> Buckets<K> {
    /// So many a minute; 0 limits nothing.
    pub fn per_minute(count: u32) -> Self {
        Self {
            rate: (count > 0).then(|| Rate { burst: count, per_second: f64::from(count) / 60.0 }),
            parties: Cache::builder().max_capacity(PARTIES).time_to_idle(REFILLED).build(),
        }
    }

    /// Whether anything is limited.
    pub fn is_limited(&self) -> bool {
        self.rate.is_some()
    }

    /// Takes one, or tells how long to wait. None when nothing is limited.
    pub fn take(&self, party: K, now: SystemTime) -> Option<Quota> {
        let rate = self.rate?;
        let bucket = self.parties.get_with(party, || Arc::new(Mutex::new(Bucket::full(rate, now))));
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = bucket.wait(rate, now);
        if wait.is_none() {
            bucket.left -= 1.0;
        }
        Some(bucket.quota(rate, wait))
    }

    /// Gives back one that was taken. None when nothing is limited, or nothing is missing any more.
    pub fn give_back(&self, party: &K, now: SystemTime) -> Option<Quota> {
        let rate = self.rate?;
        let bucket = self.parties.get(party)?;
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.left += 1.0;
        let wait = bucket.wait(rate, now);
        Some(bucket.quota(rate, wait))
    }

    /// How long the party has to wait for one, when none is left.
    pub fn wait(&self, party: &K, now: SystemTime) -> Option<Duration> {
        let bucket = self.parties.get(party)?;
        bucket.lock().unwrap_or_else(PoisonError::into_inner).wait(self.rate?, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 2, per_second: 0.5 };

    #[test]
    fn a_burst_is_followed_by_a_trickle() {
        let start = SystemTime::UNIX_EPOCH;
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut bucket = Bucket::full(RATE, start);
        assert_eq!([0, 0, 0, 1].map(|now| bucket.take(RATE, at(now))), [true, true, false, false]);
        assert_eq!(bucket.wait(RATE, at(1)), Some(Duration::from_secs(1)));
        assert_eq!([2, 3, 100, 100, 100].map(|now| bucket.take(RATE, at(now))), [true, false, true, true, false]);
    }

    #[test]
    fn each_party_has_its_own_and_learns_what_is_left() {
        let buckets = Buckets::per_minute(2);
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let quota = |left, full_in, wait: Option<u64>| {
            let full_in = Duration::from_secs(full_in);
            Some(Quota { limit: 2, left, full_in, wait: wait.map(Duration::from_secs) })
        };
        assert_eq!(buckets.take("a", at(0)), quota(1, 30, None));
        assert_eq!(buckets.take("a", at(0)), quota(0, 60, None));
        assert_eq!(buckets.take("a", at(15)), quota(0, 45, Some(15)));
        assert_eq!(
            (buckets.take("b", at(15)), buckets.wait(&"a", at(20))),
            (quota(1, 30, None), Some(Duration::from_secs(10)))
        );
        assert_eq!(buckets.take("a", at(30)), quota(0, 60, None));
        assert_eq!(Buckets::per_minute(0).take("a", at(0)), None);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_is_never_more_than_there_was() {
        let buckets = Buckets::per_minute(2);
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let left = |quota: Option<Quota>| quota.map(|quota| (quota.left, quota.full_in.as_secs(), quota.wait));
        assert_eq!(buckets.give_back(&"a", at(0)), None);
        assert_eq!([0, 0].map(|now| buckets.take("a", at(now)).unwrap().wait), [None, None]);
        assert_eq!(left(buckets.give_back(&"a", at(0))), Some((1, 30, None)));
        assert_eq!(left(buckets.take("a", at(0))), Some((0, 60, None)));
        assert_eq!(left(buckets.give_back(&"a", at(45))), Some((2, 0, None)));
        assert_eq!(left(buckets.give_back(&"a", at(45))), Some((2, 0, None)));
        assert_eq!(Buckets::per_minute(0).give_back(&"a", at(0)), None);
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let mut bucket = Bucket::full(RATE, start);
        assert!(bucket.take(RATE, start) && bucket.take(RATE, start));
        let earlier = SystemTime::UNIX_EPOCH;
        assert!(!bucket.take(RATE, earlier));
        assert!(bucket.take(RATE, earlier + Duration::from_secs(2)));
    }
}
