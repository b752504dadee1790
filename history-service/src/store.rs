//! The tables of schema `history`. One statement a function; nothing here knows a transport.
//!
//! Row-level security compares each row with the setting `colloquy.user_id`, which is local to a transaction. Reads
//! and plain inserts set it in the same statement: `caller` is MATERIALIZED, and the scan depends on it through a
//! LATERAL with LIMIT, so that it is evaluated first. Writes that update run in a transaction that [`Store`] opened.

use kit::caller::UserId;
use sqlx::{AssertSqlSafe, PgPool, Postgres};

use crate::id::{ConversationId, RunId};

pub(crate) mod citation;
pub(crate) mod conversation;
mod decode;
pub(crate) mod keeper;
pub(crate) mod message;
pub(crate) mod run;
pub(crate) mod source;

/// The active leaf is a message of the conversation. Checked at commit.
pub(crate) const ACTIVE_LEAF: &str = "conversation_active_leaf_fkey";
/// A parent is a message of the same conversation.
pub(crate) const PARENT: &str = "message_parent_fkey";
/// A client's message id is unique per user.
pub(crate) const MESSAGE_CLIENT_ID: &str = "message_client_key";
/// An idempotency key is unique per user.
pub(crate) const RUN_REQUEST: &str = "run_request_key";
/// A conversation has one running run.
pub(crate) const RUN_RUNNING: &str = "run_one_running_key";

/// A transaction that speaks for one user.
pub(crate) type Transaction = sqlx::Transaction<'static, Postgres>;

/// The database.
#[derive(Debug, Clone)]
pub(crate) struct Store(PgPool);

impl Store {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// For functions that set the user themselves.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.0
    }

    /// Opens a transaction of this user, in one round trip.
    pub(crate) async fn begin(&self, user: UserId) -> sqlx::Result<Transaction> {
        self.begin_with(user, "").await
    }

    /// The same, holding the conversation: statements that follow see it and its messages stand still.
    pub(crate) async fn begin_in_conversation(
        &self,
        user: UserId,
        conversation: ConversationId,
    ) -> sqlx::Result<Transaction> {
        let lock = format!(
            "SELECT FROM history.conversation c \
             WHERE c.user_id = '{user}' AND c.conversation_id = '{conversation}' \
             FOR NO KEY UPDATE"
        );
        self.begin_with(user, &lock).await
    }

    /// The same, holding the conversation that a run belongs to.
    pub(crate) async fn begin_in_run(&self, user: UserId, run: RunId) -> sqlx::Result<Transaction> {
        let lock = format!(
            "SELECT FROM history.run r \
             JOIN history.conversation c ON c.user_id = r.user_id AND c.conversation_id = r.conversation_id \
             WHERE r.user_id = '{user}' AND r.run_id = '{run}' \
             FOR NO KEY UPDATE OF c"
        );
        self.begin_with(user, &lock).await
    }

    /// Safe, because all that is put into these statements are UUIDs.
    async fn begin_with(&self, user: UserId, lock: &str) -> sqlx::Result<Transaction> {
        let begin = format!("BEGIN; SELECT set_config('colloquy.user_id', '{user}', true); {lock}");
        self.0.begin_with(AssertSqlSafe(begin)).await
    }
}

/// Whether a statement would have written, or met, a row that the policies hide from its user.
pub(crate) fn is_hidden(error: &sqlx::Error) -> bool {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == INSUFFICIENT_PRIVILEGE)
}

/// The constraint that a statement ran into.
pub(crate) fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}
