//! Statements that span users. They run as the keeper, a role with policies and grants of its own; nothing outside of
//! this folder becomes the keeper.

use super::{Store, Transaction};

pub(crate) mod conversation;
pub(crate) mod search;

impl Store {
    /// Opens a transaction of the keeper, in one round trip.
    pub(crate) async fn begin_as_keeper(&self) -> sqlx::Result<Transaction> {
        self.primary.begin("SET LOCAL ROLE colloquy_keeper").await
    }
}
