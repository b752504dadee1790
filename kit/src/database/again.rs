//! Work of several statements that may be done twice.

use super::loss::is_lost;
use crate::error::Error;

/// Does the work, again when a connection was lost on the way.
///
/// A lost connection does not tell whether its last statement was executed, a COMMIT above all. So this is for work
/// that finds what it did the first time: under ids that were made before, by an idempotency key, or because setting the
/// same values twice changes nothing.
///
/// # Errors
/// What the work answers, the second time if there was one.
pub async fn again_when_lost<T, F>(work: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut first = true;
    // One place for both attempts: a second would double the size of the future.
    loop {
        match work().await {
            Err(error) if first && was_lost(&error) => {
                tracing::info!(cause = ?error, "doing it again after a connection was lost");
                first = false;
            }
            done => return done,
        }
    }
}

fn was_lost(error: &Error) -> bool {
    let Error::Unavailable { source: Some(source), .. } = error else { return false };
    source.downcast_ref().is_some_and(is_lost)
}
