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
    run::{Ask, Asked, OnConflict, Place, Reader, Waits},
    thread::{Thread, key},
};

/// Asks. A conversation that was made for a question that is refused goes away again.
pub(super) async fn ask(
    app: App,
    caller: Caller,
    turn: Turn,
    idempotency_key: Option<String>,
    waits: Waits,
) -> Result<Reader, Refused> {
    let Turn { model, thread, earlier, text, metadata, .. } = turn;
    let asker = Asker { app, caller };
    let before = (!earlier.is_empty()).then(|| digest_of(&earlier));
    let found = match &thread {
        Some(thread) => asker.known(thread).await?,
        None => None,
    };
    let place = match (&thread, &idempotency_key, &before) {
        (Some(thread), ..) => found.as_ref().map_or_else(|| Ok(thread.made()), own)?,
        // How the conversation is called that belongs to a key, and to what was said before.
        (None, Some(name), Some(before)) => Place::ClientId(format!("openai-{}", key(&[name, before]))),
        (None, ..) => Place::New { expires_at: None },
    };
    let mut ask = Ask {
        caller: asker.caller.clone(),
        asked: Asked::New { text, parent_id: None, client_id: None, metadata },
        place,
        before,
        agent: Some(model),
        idempotency_key,
        on_conflict: OnConflict::CancelPrevious,
        waits,
    };
    let runs = &asker.app.runs;
    if earlier.is_empty() {
        return runs.ask(ask).await;
    }
    // What a known key asks again is there, and what it may not ask leaves nothing behind.
    if let Some(known) = runs.join(&ask).await? {
        return Ok(known);
    }
    if let Err(refused) = runs.check(&asker.caller, ask.agent.as_deref()) {
        // Where there has been a run, nothing is to be imported any more; it may be the one to make way.
        return if runs.in_conversation(&asker.caller, &ask.place).await?.is_some() {
            runs.ask(ask).await
        } else {
            Err(refused)
        };
    }
    let conversation = match (found, &ask.place) {
        (Some(found), _) => found,
        (None, Place::ClientId(name)) => asker.make(Some(name.clone())).await?,
        (None, _) => asker.make(None).await?,
    };
    if let Place::New { .. } = ask.place {
        ask.place = own(&conversation)?;
    }
    let answer = match asker.import(&conversation, &earlier).await {
        Ok(()) => runs.ask(ask).await,
        Err(refused) => Err(refused),
    };
    if answer.is_err() && thread.is_none() {
        asker.forget(&conversation).await;
    }
    answer
}

fn digest_of(earlier: &[(Role, String)]) -> String {
    let texts: Vec<_> = earlier.iter().flat_map(|(role, text)| [role.as_str_name(), text]).collect();
    key(&texts)
}

fn own(conversation: &Conversation) -> Result<Place, Refused> {
    Uuid::try_parse(&conversation.id).map(Place::Conversation).map_err(|_| history::incomplete("Conversation"))
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

    /// The conversation of this name, or a new one.
    async fn make(&self, client_id: Option<String>) -> Result<Conversation, Refused> {
        let request = CreateConversationRequest { client_id, ..CreateConversationRequest::default() };
        let answer = self.app.history.conversations().create_conversation(self.caller.ask(request)).await;
        let conversation = answer.map_err(history::problem)?.into_inner().conversation;
        conversation.ok_or_else(|| history::incomplete("CreateConversationResponse"))
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

    /// Deletes a conversation of our making, unless there is a run in it: of the same request, which came twice.
    async fn forget(&self, conversation: &Conversation) {
        let conversation_id = conversation.id.as_str();
        let place = own(conversation);
        let run = async { self.app.runs.in_conversation(&self.caller, &place?).await };
        if !matches!(run.await, Ok(None)) {
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
