//! Where a completion is asked for: in the named conversation, or in a new one that begins with what the client says was
//! said before.

use proto::history::v1::{
    Conversation, CreateConversationRequest, CreateMessageRequest, DeleteConversationRequest, GetConversationRequest,
    GetMessageRequest, Role,
};
use tonic::Code;
use uuid::Uuid;

use super::input::Turn;
use crate::{
    app::App,
    extract::Caller,
    history,
    problem::Refused,
    run::{Ask, Asked, OnConflict, Place, Reader},
    thread::{Thread, key},
};

/// Asks. A conversation that was made for a question that is refused goes away again.
pub(super) async fn ask(
    app: App,
    caller: Caller,
    turn: Turn,
    idempotency_key: Option<String>,
) -> Result<Reader, Refused> {
    let Turn { model, thread, earlier, text, metadata, .. } = turn;
    let is_passing = thread.is_none() && idempotency_key.is_none();
    let asker = Asker { app, caller };
    let place = match (&thread, earlier.is_empty()) {
        (None, true) => Place::New { expires_at: None },
        (Some(thread), true) => asker.known(thread).await?.map_or_else(|| thread.made(), in_conversation),
        (_, false) => match asker.app.runs.check(&asker.caller, &model) {
            Ok(()) => {
                let conversation = asker.open(thread.as_ref(), idempotency_key.as_deref()).await?;
                if let Err(refused) = asker.import(&conversation, &earlier).await {
                    asker.forget(is_passing, &conversation.id).await;
                    return Err(refused);
                }
                in_conversation(conversation)
            }
            // Where there has been a run, nothing is to be imported any more, and the question may be known.
            Err(refused) => asker.opened(thread.as_ref(), idempotency_key.as_deref()).await?.ok_or(refused)?,
        },
    };
    let made = match &place {
        Place::Conversation(id) if is_passing => Some(id.to_string()),
        _ => None,
    };
    let ask = Ask {
        caller: asker.caller.clone(),
        asked: Asked::New { text, parent_id: None, client_id: None, metadata },
        place,
        agent: Some(model),
        idempotency_key,
        on_conflict: OnConflict::CancelPrevious,
    };
    let answer = asker.app.runs.ask(ask).await;
    if let (Err(_), Some(id)) = (&answer, made) {
        asker.forget(true, &id).await;
    }
    answer
}

fn in_conversation(conversation: Conversation) -> Place {
    Uuid::try_parse(&conversation.id).map_or(Place::ClientId(conversation.id), Place::Conversation)
}

/// How the conversation is called that belongs to a key.
fn name_of(idempotency_key: &str) -> String {
    format!("openai-{}", key(&[idempotency_key]))
}

struct Asker {
    app: App,
    caller: Caller,
}

impl Asker {
    /// The conversation that has this id with us.
    async fn known(&self, thread: &Thread) -> Result<Option<Conversation>, Refused> {
        for place in thread.places() {
            let Place::Conversation(id) = place else { continue };
            let request = self.caller.ask(GetConversationRequest { conversation_id: id.to_string() });
            match self.app.history.conversations().get_conversation(request).await {
                Ok(answer) => return Ok(answer.into_inner().conversation),
                Err(status) if status.code() == Code::NotFound => {}
                Err(status) => return Err(history::problem(status)),
            }
        }
        Ok(None)
    }

    /// The conversation that the client names, or the one that belongs to the key, or a new one.
    async fn open(&self, thread: Option<&Thread>, idempotency_key: Option<&str>) -> Result<Conversation, Refused> {
        if let Some(thread) = thread
            && let Some(conversation) = self.known(thread).await?
        {
            return Ok(conversation);
        }
        let client_id = match (thread, idempotency_key) {
            (Some(thread), _) => Some(thread.name().to_owned()),
            (None, key) => key.map(name_of),
        };
        let request = CreateConversationRequest { client_id, ..CreateConversationRequest::default() };
        let answer = self.app.history.conversations().create_conversation(self.caller.ask(request)).await;
        let conversation = answer.map_err(history::problem)?.into_inner().conversation;
        conversation.ok_or_else(|| history::incomplete("CreateConversationResponse"))
    }

    /// The conversation that the client names, or the one that belongs to the key, if there has been a run in it.
    async fn opened(&self, thread: Option<&Thread>, idempotency_key: Option<&str>) -> Result<Option<Place>, Refused> {
        let run = match (thread, idempotency_key) {
            (Some(thread), _) => thread.run(&self.app, &self.caller).await?,
            (None, Some(key)) => self.app.runs.in_conversation(&self.caller, &Place::ClientId(name_of(key))).await?,
            (None, None) => None,
        };
        Ok(run.and_then(|run| Uuid::try_parse(&run.conversation_id).ok()).map(Place::Conversation))
    }

    /// Writes what was said before into a conversation that has nothing yet, or where this broke off.
    async fn import(&self, conversation: &Conversation, earlier: &[(Role, String)]) -> Result<(), Refused> {
        let mut messages = self.app.history.messages();
        let id = |index: usize| {
            let (role, text) = &earlier[index];
            format!("import-{}", key(&[&conversation.id, &index.to_string(), role.as_str_name(), text]))
        };
        let count = usize::try_from(conversation.message_count).unwrap_or_default();
        if count >= earlier.len() {
            return Ok(());
        }
        if count > 0 {
            let first = GetMessageRequest { message_id: String::new(), client_id: Some(id(0)) };
            match messages.get_message(self.caller.ask(first)).await {
                Ok(_) => {}
                Err(status) if status.code() == Code::NotFound => return Ok(()),
                Err(status) => return Err(history::problem(status)),
            }
        }
        for (index, (role, text)) in earlier.iter().enumerate() {
            let request = CreateMessageRequest {
                conversation_id: conversation.id.clone(),
                role: (*role).into(),
                content: text.clone(),
                client_id: Some(id(index)),
                ..CreateMessageRequest::default()
            };
            messages.create_message(self.caller.ask(request)).await.map_err(history::problem)?;
        }
        Ok(())
    }

    async fn forget(&self, is_ours: bool, conversation_id: &str) {
        if !is_ours {
            return;
        }
        let request = DeleteConversationRequest { conversation_id: conversation_id.to_owned() };
        if let Err(status) = self.app.history.conversations().delete_conversation(self.caller.ask(request)).await {
            tracing::warn!(
                conversation.id = conversation_id,
                error = status.message(),
                "a conversation stays that was made for a question that was refused"
            );
        }
    }
}
