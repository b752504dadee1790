//! Token buckets: so many at once, so many a second after that.

use std::time::{Duration, SystemTime};

/// How many at once, and how fast more come in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) per_second: f64,
}

/// What is left for one party.
#[derive(Debug)]
pub(crate) struct Bucket {
    left: f64,
    filled_at: SystemTime,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: SystemTime) -> Self {
        Self { left: f64::from(rate.burst), filled_at: now }
    }

    /// Takes one; false when none is left.
    pub(crate) fn take(&mut self, rate: Rate, now: SystemTime) -> bool {
        let enough = self.wait(rate, now).is_none();
        if enough {
            self.left -= 1.0;
        }
        enough
    }

    /// How long until one is left, when none is.
    pub(crate) fn wait(&mut self, rate: Rate, now: SystemTime) -> Option<Duration> {
        // A clock that was set back brings nothing in, and does not stop the flow either.
        let passed = now.duration_since(self.filled_at).unwrap_or_default();
        self.filled_at = now;
        self.left = (self.left + passed.as_secs_f64() * rate.per_second).min(f64::from(rate.burst));
        (self.left < 1.0).then(|| Duration::from_secs_f64((1.0 - self.left) / rate.per_second))
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
    fn a_clock_that_was_set_back_stops_nothing() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let mut bucket = Bucket::full(RATE, start);
        assert!(bucket.take(RATE, start) && bucket.take(RATE, start));
        let earlier = SystemTime::UNIX_EPOCH;
        assert!(!bucket.take(RATE, earlier));
        assert!(bucket.take(RATE, earlier + Duration::from_secs(2)));
    }
}
