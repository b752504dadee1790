//! What there is to tell about the keys of an issuer.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// The keys of one issuer, as people and metrics see them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) keys: usize,
    pub(super) age: Option<Duration>,
    pub(super) fetched_at: Option<SystemTime>,
    pub(super) standing: Standing,
    pub(super) failing: Option<(u32, Duration, String)>,
}

/// What keys are good for at their age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Fresh,
    /// Older than they may be; used while there is nothing better.
    Stale,
    /// None, or too old for any use.
    Unusable,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.age {
            None => f.write_str("no keys yet")?,
            Some(age) => {
                let standing = match self.standing {
                    Standing::Fresh => "fresh",
                    Standing::Stale => "stale",
                    Standing::Unusable => "too old",
                };
                write!(f, "{standing}; keys: {}; age: {} s", self.keys, age.as_secs())?;
            }
        }
        if let Some((times, since, problem)) = &self.failing {
            write!(f, "; failures in a row: {times}, the last {} s ago: {problem}", since.as_secs())?;
        }
        Ok(())
    }
}
