//! Statements that span users. They run as the keeper, a role with policies and grants of its own; nothing outside of
//! this folder becomes the keeper.

use kit::caller::UserId;

use super::{Store, Transaction};

pub(crate) mod conversation;
pub(crate) mod deletion;
pub(crate) mod indexing;
pub(crate) mod retention;
pub(crate) mod search;
pub(crate) mod tombstone;

impl Store {
    /// Opens a transaction of the keeper, in one round trip.
    pub(crate) async fn begin_as_keeper(&self) -> sqlx::Result<Transaction> {
        self.primary.begin("SET LOCAL ROLE colloquy_keeper").await
    }

    /// The same for the erasure of one user, which nobody else carries on meanwhile.
    pub(crate) async fn begin_erasing(&self, user: UserId) -> sqlx::Result<Transaction> {
        let begin = format!(
            "SET LOCAL ROLE colloquy_keeper; \
             SELECT pg_advisory_xact_lock(history.erasure_lock('{user}'))"
        );
        self.primary.begin(&begin).await
    }
}
