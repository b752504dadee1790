//! A question that is answered again: the answer becomes a sibling of those it has.

use kit::{
    caller::UserId,
    error::{Error, Violations},
};
use proto::reason;

use super::NewRun;
use crate::{
    id::{ConversationId, MessageId},
    message,
    store::{
        self,
        run::{Begun, Turn},
    },
};

/// Refuses what is no question in this conversation.
pub(super) async fn check_question(
    transaction: &mut store::Transaction,
    user: UserId,
    conversation: ConversationId,
    question: MessageId,
) -> Result<(), Error> {
    let is_question = store::run::is_question(transaction, user, conversation, question).await?;
    if is_question.ok_or_else(message::not_found)? {
        return Ok(());
    }
    let mut violations = Violations::new();
    violations.add("user_message_id", reason::FIELD_INVALID, "must be a message of the user");
    violations.finish()
}

/// Writes a pending answer and its run. None without the conversation.
pub(super) async fn answer_again(
    transaction: &mut store::Transaction,
    user: UserId,
    conversation: ConversationId,
    turn: &Turn,
    new: &NewRun,
) -> sqlx::Result<Option<Begun>> {
    store::run::answer_again(transaction, user, conversation, turn, new).await?;
    let run = store::run::find(&mut **transaction, user, turn.run).await?;
    let conversation = store::conversation::find(&mut **transaction, user, conversation).await?;
    let mut messages = store::message::find(&mut **transaction, user, &[turn.question, turn.answer]).await?;
    let (message, user_message) = (messages.pop(), messages.pop());
    let (Some(run), Some(conversation), Some(message), Some(user_message)) = (run, conversation, message, user_message)
    else {
        return Ok(None);
    };
    let context = store::run::context(&mut **transaction, user, &run, new.budget).await?;
    Ok(Some(Begun { run, conversation, user_message, message, context }))
}
