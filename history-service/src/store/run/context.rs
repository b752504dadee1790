//! The statement that reads what an agent is to read.

use kit::caller::UserId;
use sqlx::PgExecutor;

use crate::{
    run::{Budget, ContextMessage, Run},
    word::Role,
};

/// After so many bytes of text a context is complete, whatever its limits.
pub(super) const CONTEXT_BYTES: i64 = 8 * 1024 * 1024;

/// What the database answers.
pub(super) struct Read {
    pub(super) roles: Option<Vec<Role>>,
    pub(super) contents: Option<Vec<String>>,
    pub(super) instructions: Option<String>,
}

impl Read {
    /// Oldest first. What an agent is told to be must not get lost because people went on talking.
    pub(super) fn in_order(self) -> Vec<ContextMessage> {
        let said = self.roles.unwrap_or_default().into_iter().zip(self.contents.unwrap_or_default());
        let said = said.map(|(role, content)| ContextMessage { role, content });
        let told = self.instructions.map(|content| ContextMessage { role: Role::System, content });
        let mut context: Vec<_> = said.chain(told).collect();
        context.reverse();
        context
    }
}

/// The path that ends with the question of a run: messages with a text that are written no more, within the
/// budget. The question comes in any case.
pub(crate) async fn context(
    db: impl PgExecutor<'_>,
    user: UserId,
    run: &Run,
    budget: Budget,
) -> sqlx::Result<Vec<ContextMessage>> {
    if budget.messages == 0 {
        return Ok(Vec::new());
    }
    let read = sqlx::query_as!(
        Read,
        r#"
        WITH caller AS MATERIALIZED (SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id)
        SELECT
            read.roles AS "roles?: Vec<Role>", read.contents AS "contents?", read.instructions AS "instructions?"
        FROM caller
        CROSS JOIN LATERAL history.run_context(
            for_user => caller.user_id,
            in_conversation => $2,
            leaf => $3,
            most_messages => $4,
            most_bytes => $5,
            most_characters => $6
        ) read
        "#,
        user.to_string(),
        run.conversation_id.0,
        run.user_message_id.0,
        i32::try_from(budget.messages).unwrap_or(i32::MAX),
        CONTEXT_BYTES,
        budget.characters,
    )
    .fetch_one(db)
    .await?;
    Ok(read.in_order())
}
