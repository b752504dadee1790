//! What is known of an issuer's keys, and what to do about it. No clock, no network and no chance in here.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    freshness::Freshness,
    missing::Missing,
    state::{Standing, State},
};
use crate::jws::KeySet;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// While nothing is known at all, users are waiting: so many tries come quickly, and none much later.
const QUICK_TRIES: u32 = 10;
const LONGEST_PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(10);
/// For the longest time that an issuer may ask to be left alone.
const LONGEST_WISH: Duration = Duration::from_mins(5);

/// A moment by both clocks. One stands still while the machine sleeps, the other may be set: the longer time counts,
/// since a fetch too many does less harm than a withdrawn key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) ticks: Instant,
    pub(super) wall: SystemTime,
}

/// The keys of one issuer, and how it was to get them.
pub(super) struct Held {
    freshness: Freshness,
    kept: Option<Kept>,
    failing: Option<Failing>,
    missing: Missing,
    due: Option<Instant>,
}

struct Kept {
    keys: Arc<KeySet>,
    since: Moment,
    /// When the last document came without a broken key.
    whole_at: Moment,
    max_age: Duration,
}

/// Every fetch failed since the last that did not.
struct Failing {
    times: u32,
    last: Moment,
    problem: String,
    /// Before this the issuer does not want to be asked.
    wished: Instant,
}

/// A fetch that brought no keys.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) problem: String,
    /// How long the issuer wants to be left alone.
    pub(super) pause: Option<Duration>,
}

/// What to do for a token.
pub(super) enum Step {
    /// Judge it by these. Stale ones are older than they may be, for want of newer ones.
    Use { keys: Arc<KeySet>, stale: bool },
    /// Ask the issuer, and wait for it.
    Fetch,
    /// Without the issuer nothing can be said, and it was down a moment ago.
    GiveUp { retry_after: Duration },
}

impl Held {
    pub(super) fn new(freshness: Freshness) -> Self {
        Self { freshness, kept: None, failing: None, missing: Missing::default(), due: None }
    }

    /// What to do for a token that names this key.
    pub(super) fn next_step(&self, key_id: Option<&str>, now: Moment) -> Step {
        let Some((keys, stale)) = self.usable(now) else {
            let waits = self.failing.is_some() && self.due.is_some_and(|due| now.ticks < due);
            return if waits { self.give_up(now) } else { Step::Fetch };
        };
        let stands_by_its_keys = self.failing.is_none();
        if stale && stands_by_its_keys {
            // Nobody noticed in time: the process slept, or its timers are late.
            return Step::Fetch;
        }
        let Some(unknown) = key_id.filter(|id| !keys.contains(id)) else { return Step::Use { keys, stale } };
        if self.missing.contains(unknown, now.ticks) {
            return Step::Use { keys, stale };
        }
        let may_ask = self.missing.may_ask(now.ticks);
        match &self.failing {
            // Whether the issuer has this one was not asked: a refusal would log out whoever has a new key's token.
            None if !may_ask => Step::GiveUp { retry_after: self.missing.quiet(now.ticks).max(FIRST_PAUSE) },
            Some(failing) if !may_ask || now.ticks < failing.wished => self.give_up(now),
            _ => Step::Fetch,
        }
    }

    /// What to do after the fetch that was made for this token, whatever came of it.
    pub(super) fn last_step(&self, key_id: Option<&str>, now: Moment) -> Step {
        match self.usable(now) {
            // An unknown key may be a new one as long as the issuer has not denied it.
            Some((keys, stale)) if self.failing.is_none() || key_id.is_none_or(|id| keys.contains(id)) => {
                Step::Use { keys, stale }
            }
            _ => self.give_up(now),
        }
    }

    /// When the keys are to be fetched without anyone asking: at about 80 % of their age, or when it is worth another
    /// try. Nothing before the first fetch: it is due at once.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The issuer answered. `asked_for` is the unknown key that made us ask; `spread` is a random number from 0 to 1.
    pub(super) fn succeeded(
        &mut self,
        keys: KeySet,
        lifetime: Option<Duration>,
        asked_for: Option<&str>,
        now: Moment,
        spread: f64,
    ) {
        let is_whole = keys.broken().is_empty();
        let whole_at = self.kept.as_ref().filter(|_| !is_whole).map_or(now, |kept| kept.whole_at);
        let keys = match &self.kept {
            // What stays broken for longer than an outage may last is no accident.
            Some(kept) if whole_at.until(now) < self.freshness.max_stale => keys.repaired_by(&kept.keys),
            _ => keys,
        };
        if let Some(id) = asked_for.filter(|id| !keys.contains(id)) {
            self.missing.add(id, now.ticks, &self.freshness);
        }
        let max_age = self.freshness.age(lifetime);
        self.due = Some(now.ticks + max_age.mul_f64(0.75 + 0.1 * spread));
        self.kept = Some(Kept { keys: Arc::new(keys), since: now, whole_at, max_age });
        self.failing = None;
    }

    /// The issuer did not answer, or not with keys.
    pub(super) fn failed(&mut self, failure: Failure, asked_for: Option<&str>, now: Moment, spread: f64) {
        let times = self.failing.as_ref().map_or(0, |failing| failing.times).saturating_add(1);
        let usable = self.usable(now);
        let (doublings, longest) = match usable {
            Some(_) => (times - 1, LONGEST_PAUSE),
            None => (times.saturating_sub(QUICK_TRIES), LONGEST_PAUSE_WITHOUT_KEYS),
        };
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(longest);
        if usable.is_some_and(|(keys, _)| asked_for.is_some_and(|id| !keys.contains(id))) {
            self.missing.unanswered(now.ticks, &self.freshness);
        }
        let wished = now.ticks + failure.pause.unwrap_or_default().min(LONGEST_WISH);
        self.due = Some(wished.max(now.ticks + pause.mul_f64(0.5 + 0.5 * spread)));
        self.failing = Some(Failing { times, last: now, problem: failure.problem, wished });
    }

    pub(super) fn state(&self, now: Moment) -> State {
        let age = self.kept.as_ref().map(|kept| kept.since.until(now));
        State {
            keys: self.kept.as_ref().map_or(0, |kept| kept.keys.count()),
            age,
            fetched_at: self.kept.as_ref().map(|kept| kept.since.wall),
            standing: match self.usable(now) {
                None => Standing::Unusable,
                Some((_, true)) => Standing::Stale,
                Some((_, false)) => Standing::Fresh,
            },
            failing: self
                .failing
                .as_ref()
                .map(|failing| (failing.times, failing.last.until(now), failing.problem.clone())),
        }
    }

    /// The keys that are not too old for any use, and whether they are older than they should be.
    fn usable(&self, now: Moment) -> Option<(Arc<KeySet>, bool)> {
        let kept = self.kept.as_ref()?;
        let age = kept.since.until(now);
        (age < self.freshness.max_stale).then(|| (Arc::clone(&kept.keys), age >= kept.max_age))
    }

    fn give_up(&self, now: Moment) -> Step {
        let wait = self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now.ticks));
        Step::GiveUp { retry_after: wait.max(FIRST_PAUSE) }
    }
}

impl Moment {
    fn until(self, later: Self) -> Duration {
        let ticks = later.ticks.saturating_duration_since(self.ticks);
        ticks.max(later.wall.duration_since(self.wall).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
