//! Pools as executors of single statements.

use futures_util::{
    FutureExt as _, StreamExt as _, TryFutureExt as _, TryStreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Execute, Executor, PgConnection, Postgres, SqlSafeStr, SqlStr,
    postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use super::{
    pool::{Lease, Pool},
    replica::Replica,
};

/// Everything that a statement answers, in order.
pub(super) type Answer = Vec<Either<PgQueryResult, PgRow>>;

/// A statement with its arguments, which may be sent more than once.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    sql: SqlStr,
    arguments: Option<PgArguments>,
}

impl Statement {
    pub(super) fn of<'q>(mut query: impl Execute<'q, Postgres>) -> sqlx::Result<Self> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        Ok(Self { sql: query.sql(), arguments })
    }

    /// Without arguments it goes as one message.
    pub(super) fn plain(sql: impl SqlSafeStr) -> Self {
        Self { sql: sql.into_sql_str(), arguments: None }
    }

    pub(super) async fn run(self, connection: &mut PgConnection) -> sqlx::Result<Answer> {
        connection.fetch_many((self.sql, self.arguments)).try_collect().await
    }
}

impl Pool {
    /// Runs it, again when the connection is lost on the way.
    pub(super) async fn run(&self, statement: Statement) -> sqlx::Result<Answer> {
        match self.attempt(self.acquire().await?, statement.clone()).await {
            // Boxed, like all that is rare: each call would carry the room for it about.
            Err(error) if self.notices_loss(&error) => {
                Box::pin(async { self.attempt(self.acquire_alive().await?, statement).await }).await
            }
            done => done,
        }
    }

    async fn attempt(&self, mut lease: Lease, statement: Statement) -> sqlx::Result<Answer> {
        if self.pins_statements() && statement.arguments.is_some() {
            return Box::pin(async {
                let mut transaction = self.begin_on(lease, "").await?;
                let answer = statement.run(&mut transaction).await?;
                transaction.commit().await?;
                Ok(answer)
            })
            .await;
        }
        let answer = statement.run(&mut lease).await?;
        lease.done();
        Ok(answer)
    }
}

/// An executor of single reads that may be answered by a replica, where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Anywhere<'p> {
    primary: &'p Pool,
    replica: Option<&'p Replica>,
}

impl<'p> Anywhere<'p> {
    /// On `replica` where it can answer, else on `primary`.
    pub fn new(primary: &'p Pool, replica: Option<&'p Replica>) -> Self {
        Self { primary, replica }
    }

    async fn run(self, statement: Statement) -> sqlx::Result<Answer> {
        if let Some(replica) = self.replica
            && let Some(answer) = Box::pin(replica.answer(self.primary, statement.clone())).await
        {
            return Ok(answer);
        }
        self.primary.run(statement).await
    }
}

/// The answers of `work` as sqlx wants them.
pub(super) fn stream<'e>(
    work: impl Future<Output = sqlx::Result<Answer>> + Send + 'e,
) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>> {
    work.map_ok(|answer| stream::iter(answer).map(Ok)).try_flatten_stream().boxed()
}

/// The first row.
pub(super) fn first<'e>(
    work: impl Future<Output = sqlx::Result<Answer>> + Send + 'e,
) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>> {
    work.map(|answer| Ok(answer?.into_iter().find_map(Either::right))).boxed()
}

macro_rules! executor {
    ($lifetime:lifetime, $name:ty, $primary:expr) => {
        impl<$lifetime> Executor<$lifetime> for $name {
            type Database = Postgres;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
            where
                $lifetime: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                let statement = Statement::of(query);
                stream(async move { self.run(statement?).await })
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
            where
                $lifetime: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                let statement = Statement::of(query);
                first(async move { self.run(statement?).await })
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [PgTypeInfo],
            ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
            where
                $lifetime: 'e,
            {
                async move { $primary(self).acquire().await?.prepare_with(sql, parameters).await }.boxed()
            }

            fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
            where
                $lifetime: 'e,
            {
                async move { $primary(self).acquire().await?.describe(sql).await }.boxed()
            }
        }
    };
}

executor!('p, &'p Pool, |pool: &'p Pool| pool);
executor!('p, Anywhere<'p>, |anywhere: Anywhere<'p>| anywhere.primary);
