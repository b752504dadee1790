//! The tables of schema `history`. One statement a function; nothing here knows a transport.
//!
//! Row-level security compares each row with the setting `colloquy.user_id`, which is local to a transaction. Reads
//! and plain inserts set it in the same statement: `caller` is MATERIALIZED, and the scan depends on it through a
//! LATERAL with LIMIT, so that it is evaluated first. Writes that update run in a transaction that [`Store`] opened.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kit::caller::UserId;
use sqlx::{AssertSqlSafe, PgPool, Postgres};

use crate::id::{ConversationId, RunId};

pub(crate) mod conversation;
mod decode;
pub(crate) mod export;
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
/// Who was erased writes nothing: nobody can write without a conversation.
pub(crate) const NOT_ERASED: &str = "conversation_user_is_not_erased";
/// A conversation has one running run.
pub(crate) const RUN_RUNNING: &str = "run_one_running_key";

/// A transaction that speaks for one user.
pub(crate) type Transaction = sqlx::Transaction<'static, Postgres>;

/// The database, and whether somebody used it.
#[derive(Debug, Clone)]
pub(crate) struct Store(PgPool, Arc<AtomicBool>);

impl Store {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self(pool, Arc::default())
    }

    /// For functions that set the user themselves.
    pub(crate) fn pool(&self) -> &PgPool {
        self.note_use();
        &self.0
    }

    /// Whether users had something to do with the database since this was asked last.
    pub(crate) fn was_used(&self) -> bool {
        self.1.swap(false, Ordering::Relaxed)
    }

    fn note_use(&self) {
        // Most often it is noted already; a write would make processors pass the line around.
        if !self.1.load(Ordering::Relaxed) {
            self.1.store(true, Ordering::Relaxed);
        }
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
        self.note_use();
        self.0.begin_with(AssertSqlSafe(begin)).await
    }
}

/// The constraint that a statement ran into.
pub(crate) fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}
