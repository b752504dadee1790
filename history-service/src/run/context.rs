//! What an agent is given to read.

use kit::{caller::UserId, error::Error};

use super::Run;
use crate::{store, word::Role};

/// How much of a path an agent is given at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) messages: usize,
    /// None means no bound but the statement's own.
    pub(crate) characters: Option<i64>,
}

/// A message as an agent reads it.
#[derive(Debug)]
pub(crate) struct ContextMessage {
    pub(crate) role: Role,
    pub(crate) content: String,
}

/// The path that ends with the question of a run, as far as it fits.
pub(super) async fn context(
    transaction: &mut store::Transaction,
    user: UserId,
    run: &Run,
    budget: Budget,
) -> Result<Vec<ContextMessage>, Error> {
    if budget.messages == 0 {
        return Ok(Vec::new());
    }
    let path = store::run::context(transaction, user, run.user_message_id, budget).await?;
    let beyond = path.last().and_then(|oldest| oldest.beyond);
    let mut context: Vec<_> = path.into_iter().filter_map(|read| read.said).collect();
    // What an agent is told to be must not get lost because people went on talking.
    if let Some(beyond) = beyond
        && let Some(root) = store::run::root(transaction, user, run.conversation_id, beyond).await?
    {
        context.extend(root.instructions.map(|content| ContextMessage { role: Role::System, content }));
    }
    context.reverse();
    Ok(context)
}
