//! The tables of schema `history`. One statement a function; nothing here knows a transport.
//!
//! Row-level security compares each row with the setting `colloquy.user_id`, which is local to a transaction. Reads
//! and plain inserts set it in the same statement: `caller` is MATERIALIZED, and the scan depends on it through a
//! LATERAL with LIMIT, so that it is evaluated first. Writes that update run in a transaction that [`Store`] opened.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

pub(crate) use kit::database::Transaction;
use kit::{
    caller::UserId,
    database::{Anywhere, Pool, Replica},
};
use tokio::sync::Notify;

use crate::{
    id::{ConversationId, RunId},
    run::Calendar,
};

pub(crate) mod citation;
pub(crate) mod conversation;
mod decode;
pub(crate) mod export;
pub(crate) mod keeper;
pub(crate) mod message;
pub(crate) mod run;
pub(crate) mod search;
pub(crate) mod source;

/// The active leaf is a message of the conversation. Checked at commit.
pub(crate) const ACTIVE_LEAF: &str = "conversation_active_leaf_fkey";
/// A conversation's id, which was made for it.
pub(crate) const CONVERSATION: &str = "conversation_pkey";
/// A message's id, which was made for it.
pub(crate) const MESSAGE: &str = "message_pkey";
/// A message is not its own parent.
pub(crate) const OWN_PARENT: &str = "message_parent_is_another";
/// A parent is a message of the same conversation.
pub(crate) const PARENT: &str = "message_parent_fkey";
/// A client's message id is unique per user.
pub(crate) const MESSAGE_CLIENT_ID: &str = "message_client_key";
/// An idempotency key is unique per user.
pub(crate) const RUN_REQUEST: &str = "run_request_key";
/// Who was erased begins nothing: nobody can write without a conversation.
pub(crate) const NOT_ERASED: &str = "conversation_user_is_not_erased";
/// A conversation has one running run.
pub(crate) const RUN_RUNNING: &str = "run_one_running_key";

/// The database, and whether somebody used it.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    primary: Pool,
    replica: Option<Arc<Replica>>,
    written: Arc<Notify>,
    used: Arc<AtomicBool>,
    calendar: Arc<Calendar>,
}

impl Store {
    pub(crate) fn new(primary: Pool, replica: Option<Pool>) -> Self {
        let replica = replica.map(|pool| Arc::new(Replica::new(pool)));
        Self { primary, replica, written: Arc::default(), used: Arc::default(), calendar: Arc::default() }
    }

    /// Wakes whoever waits in [`Store::something_written`]: a text that is searched was committed.
    pub(crate) fn wrote_searched(&self) {
        self.written.notify_one();
    }

    /// Waits for a text that this process wrote since the last time.
    pub(crate) async fn something_written(&self) {
        self.written.notified().await;
    }

    /// What this process knows of runs that may need it later.
    pub(crate) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// For functions that set the user themselves. A statement is sent again when its connection is lost, so that it
    /// must be a read, or a write that changes nothing the second time.
    pub(crate) fn pool(&self) -> &Pool {
        self.note_use();
        &self.primary
    }

    /// The same for a single read that a replica may answer. It finds what was committed before it, wherever it runs,
    /// at the price of a second round trip: worth it where the read itself is work.
    pub(crate) fn anywhere(&self) -> Anywhere<'_> {
        self.note_use();
        Anywhere::new(&self.primary, self.replica.as_deref())
    }

    /// Whether users had something to do with the database since this was asked last.
    pub(crate) fn was_used(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }

    /// Owes the background work another round.
    pub(crate) fn note_use(&self) {
        // Most often it is noted already; a write would make processors pass the line around.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
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
        self.note_use();
        self.primary.begin(&format!("SELECT set_config('colloquy.user_id', '{user}', true); {lock}")).await
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
