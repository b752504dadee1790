//! Statements of the keeper, a role with policies and grants of its own: those that span users, and for one user those
//! that the policies of the service would keep from an index (search) or from a row that has expired (a client's id).
//! Nothing outside of this folder becomes the keeper.

use kit::caller::UserId;

use super::{Store, Transaction};

pub(crate) mod conversation;
pub(crate) mod deletion;
pub(crate) mod indexing;
pub(crate) mod retention;
pub(crate) mod run_event;
pub(crate) mod search;
pub(crate) mod tombstone;

impl Store {
    /// Opens a transaction of the keeper, in one round trip.
    pub(crate) async fn begin_as_keeper(&self) -> sqlx::Result<Transaction> {
        self.primary.begin("SET LOCAL ROLE colloquy_keeper").await
    }

    /// The same for one user, whose rows are the only ones that it may touch then.
    pub(crate) async fn begin_as_keeper_for(&self, user: UserId) -> sqlx::Result<Transaction> {
        self.primary.begin(&keeper_for(user)).await
    }

    /// The same for the erasure of one user, which nobody else carries on meanwhile.
    pub(crate) async fn begin_erasing(&self, user: UserId) -> sqlx::Result<Transaction> {
        let keeper = keeper_for(user);
        let begin = format!("{keeper}; SELECT pg_advisory_xact_lock(history.erasure_lock('{user}'))");
        self.primary.begin(&begin).await
    }
}

fn keeper_for(user: UserId) -> String {
    format!("SET LOCAL ROLE colloquy_keeper; SELECT set_config('colloquy.user_id', '{user}', true)")
}
