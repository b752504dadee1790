//! Statements that span users. They run as the keeper, a role with policies and grants of its own; nothing outside of
//! this folder becomes the keeper.

use sqlx::AssertSqlSafe;

use super::{Store, Transaction};

pub(crate) mod indexing;
pub(crate) mod search;

impl Store {
    /// Opens a transaction of the keeper, in one round trip.
    pub(crate) async fn begin_as_keeper(&self) -> sqlx::Result<Transaction> {
        self.pool.begin_with(AssertSqlSafe("BEGIN; SET LOCAL ROLE colloquy_keeper")).await
    }
}
