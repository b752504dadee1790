//! How old keys may become, and how often an issuer is asked.

use std::time::Duration;

use crate::config::{ConfigError, Options};

/// Shorter would be asking all the time.
const SHORTEST_AGE: Duration = Duration::from_secs(1);
const LONGEST_AGE: Duration = Duration::from_hours(24);
const LONGEST_COOL_DOWN: Duration = Duration::from_hours(1);
const LONGEST_STALE: Duration = Duration::from_hours(30 * 24);

/// The bounds that are told by flags.
#[derive(Debug, Clone)]
pub(crate) struct Freshness {
    /// Keys never become older than this while their issuer answers.
    pub(super) max_age: Duration,
    /// How long nothing is asked for an unknown key after one was asked for in vain.
    pub(super) cool_down: Duration,
    /// From this age on they are no longer used.
    pub(super) max_stale: Duration,
}

impl Freshness {
    pub(crate) fn new(options: &Options) -> Result<Self, ConfigError> {
        let Options { jwks_max_age: max_age, jwks_cool_down: cool_down, jwks_max_stale: max_stale, .. } = *options;
        let mut problems = Vec::new();
        let mut within = |name: &str, value: Duration, shortest: Duration, longest: Duration| {
            if value < shortest || value > longest {
                let [shortest, longest] = [shortest, longest].map(humantime::format_duration);
                problems.push(format!("{name} must be from {shortest} to {longest}"));
            }
        };
        within("JWKS_MAX_AGE", max_age, SHORTEST_AGE, LONGEST_AGE);
        within("JWKS_COOL_DOWN", cool_down, Duration::ZERO, LONGEST_COOL_DOWN);
        within("JWKS_MAX_STALE", max_stale, Duration::ZERO, LONGEST_STALE);
        if max_stale < max_age {
            problems.push("JWKS_MAX_STALE must not be shorter than JWKS_MAX_AGE".to_owned());
        }
        ConfigError::unless_empty(problems, Self { max_age, cool_down, max_stale })
    }

    /// The age that an issuer wishes for, within what we accept: it may ask to be asked more often, but not all the
    /// time.
    pub(super) fn age(&self, wished: Option<Duration>) -> Duration {
        let shortest = self.cool_down.max(SHORTEST_AGE).min(self.max_age);
        wished.map_or(self.max_age, |wished| wished.clamp(shortest, self.max_age))
    }
}
