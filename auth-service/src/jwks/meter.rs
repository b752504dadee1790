//! What is counted and measured for each issuer. Labels are the configured names, so they are bounded.

use std::time::{Duration, UNIX_EPOCH};

use metrics::{Counter, counter, gauge};

use super::state::State;

/// The counters of one issuer. Most tokens touch none of them.
pub(super) struct Meter {
    pub(super) fetched: Counter,
    pub(super) failed: Counter,
    pub(super) unknown_kids: Counter,
    pub(super) stale_served: Counter,
}

impl Meter {
    pub(super) fn new(name: &str) -> Self {
        let fetches = |outcome| counter!("auth_jwks_fetches_total", "issuer" => name.to_owned(), "outcome" => outcome);
        Self {
            fetched: fetches("ok"),
            failed: fetches("failed"),
            unknown_kids: counter!("auth_jwks_unknown_kids_total", "issuer" => name.to_owned()),
            stale_served: counter!("auth_jwks_stale_served_total", "issuer" => name.to_owned()),
        }
    }

    /// Keys that were fetched. What never came has no age: NaN is neither above nor below anything.
    pub(super) fn state(name: &str, state: &State) {
        let seconds = |value: Option<Duration>| value.map_or(f64::NAN, |value| value.as_secs_f64());
        keys(name, count(state.keys));
        gauge!("auth_jwks_key_age_seconds", "issuer" => name.to_owned()).set(seconds(state.age));
        let fetched_at = state.fetched_at.and_then(|moment| moment.duration_since(UNIX_EPOCH).ok());
        gauge!("auth_jwks_last_success_timestamp_seconds", "issuer" => name.to_owned())
            .set(fetched_at.map_or(0.0, |since| since.as_secs_f64()));
    }

    /// Keys of a file, which do not age.
    pub(super) fn file(name: &str, number: usize) {
        keys(name, count(number));
        no_age(name);
    }

    /// An issuer that is no longer configured. The exporter keeps its gauges, so they must say nothing.
    pub(super) fn gone(name: &str) {
        keys(name, f64::NAN);
        no_age(name);
    }
}

fn keys(name: &str, number: f64) {
    gauge!("auth_jwks_keys", "issuer" => name.to_owned()).set(number);
}

/// A gauge that was set before, under another configuration, would go on saying so.
fn no_age(name: &str) {
    for gauge in ["auth_jwks_key_age_seconds", "auth_jwks_last_success_timestamp_seconds"] {
        gauge!(gauge, "issuer" => name.to_owned()).set(f64::NAN);
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
