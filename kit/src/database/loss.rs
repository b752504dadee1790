//! Connections that were lost: what tells, and which others to doubt afterwards.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// A server that ends its connections lets each finish its statement: some outlive the first loss that we see.
const ENDING: Duration = Duration::from_secs(1);

/// When a connection was lost last.
#[derive(Debug)]
pub(super) struct Losses {
    start: Instant,
    /// Microseconds after `start`; 0 for never.
    last: AtomicU64,
}

impl Losses {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0) }
    }

    pub(super) fn note(&self) {
        self.last.fetch_max(micros(self.start.elapsed()), Ordering::Relaxed);
    }

    /// Whether one was lost while another was idle, for so long until now, or shortly before.
    pub(super) fn since(&self, idle_for: Duration) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        last > 0 && micros(self.start.elapsed().saturating_sub(idle_for)) <= last + micros(ENDING)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whether the connection is gone, so that another may do better.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != io::ErrorKind::NotConnected,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection exceptions, shutdown, start-up and an idle session's end (PostgreSQL, appendix A).
            code.starts_with("08") || ["57P01", "57P02", "57P03", "57P05"].contains(&&*code)
        }),
        _ => false,
    }
}

/// The error of a connection that was tried for long enough: trying again would not help.
pub(super) fn given_up(error: sqlx::Error) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, error))
}

/// Whether the server was not there, or had no room, as opposed to having refused a statement.
pub(super) fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // Insufficient resources, as a full disk or too many connections; or a standby that has not taken over yet.
        sqlx::Error::Database(refusal) => {
            is_lost(error) || refusal.code().is_some_and(|code| code.starts_with("53") || code == "25006")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_from_before_a_loss_are_doubted() {
        let a_minute_ago = Instant::now().checked_sub(Duration::from_mins(1)).unwrap();
        let losses = Losses { start: a_minute_ago, last: AtomicU64::new(0) };
        assert!(!losses.since(Duration::from_secs(59)));
        losses.note();
        assert!(losses.since(Duration::from_secs(59)));
        losses.last.store(micros(Duration::from_secs(30)), Ordering::Relaxed);
        assert!(losses.since(Duration::from_secs(40)) && losses.since(Duration::from_millis(29_500)));
        assert!(!losses.since(Duration::from_secs(20)));
    }

    #[test]
    fn what_was_given_up_is_an_outage_and_not_tried_again() {
        let refused = || sqlx::Error::Io(io::ErrorKind::ConnectionRefused.into());
        assert!(is_lost(&refused()) && is_outage(&refused()));
        assert!(!is_lost(&given_up(refused())) && is_outage(&given_up(refused())));
    }
}
