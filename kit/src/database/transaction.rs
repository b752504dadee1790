//! A transaction that holds its connection.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, SqlSafeStr};

use super::{executor::Statement, pool::Lease};

/// A transaction, rolled back unless it is committed.
#[derive(Debug)]
pub struct Transaction(Option<Lease>);

impl Transaction {
    pub(super) async fn begin(lease: Lease, begin: impl SqlSafeStr) -> sqlx::Result<Self> {
        // There before it is begun: who gives up on the way must leave no transaction behind.
        let mut transaction = Self(Some(lease));
        Statement::plain(begin).run(&mut transaction).await?;
        Ok(transaction)
    }

    /// Makes it last.
    ///
    /// # Errors
    /// When the database refuses it, or is gone: then nobody knows whether it lasts.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.end("COMMIT").await
    }

    /// Takes everything back, or ends a look at what is there.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &'static str) -> sqlx::Result<()> {
        Statement::plain(how).run(&mut self).await?;
        self.0.take().into_iter().for_each(Lease::done);
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Lease::roll_back);
    }
}

const HELD: &str = "it is held until the end";

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect(HELD)
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect(HELD)
    }
}
