//! Conversations and questions as frontends name them, found and asked in the history: by our ids or by theirs, without
//! trust in what they say was said before.

use http::StatusCode;
use kit::hex::hex;
use proto::{
    history::v1::{GetConversationRequest, GetMessageRequest, Message, Run},
    limit, reason,
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    app::App,
    digest::digest,
    extract::Caller,
    history,
    problem::{Problem, Refused},
    run::{Ask, Asked, OnConflict, Place, Reader, Waits, is_full},
};

mod content;

pub(crate) use self::content::{Content, Part, metadata};

/// Why a question is not written: it is there, or its key is that of another answer to it.
const KNOWN: [&str; 2] = [reason::CLIENT_ID_TAKEN, reason::IDEMPOTENCY_KEY_REUSED];

/// A conversation by the client's word.
#[derive(Debug, Clone)]
pub(crate) struct Thread(String);

/// A question as a frontend brings it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The id that the client gave it.
    pub(crate) id: Option<String>,
    pub(crate) text: String,
    pub(crate) metadata: Option<Box<RawValue>>,
}

/// Who asks whom, where.
pub(crate) struct Asking {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) thread: Thread,
    pub(crate) agent: Option<String>,
    pub(crate) on_conflict: OnConflict,
    pub(crate) waits: Waits,
}

impl Thread {
    /// A name of 1 to 200 characters.
    pub(crate) fn named(field: &str, name: String) -> Result<Self, Refused> {
        bounded(field, name).map(Self)
    }

    /// Where it can be.
    pub(crate) fn places(&self) -> Vec<Place> {
        let ours = own_id(&self.0).map(Place::Conversation);
        ours.into_iter().chain([Place::ClientId(self.0.clone())]).collect()
    }

    /// The place that is made when it is nowhere.
    pub(crate) fn made(&self) -> Place {
        Place::ClientId(self.0.clone())
    }

    /// The run that goes on in it, or the one that wrote what it shows.
    pub(crate) async fn run(&self, app: &App, caller: &Caller) -> Result<Option<Run>, Refused> {
        for place in self.places() {
            if let Some(run) = app.runs.in_conversation(caller, &place).await? {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }
}

/// An id that has the form of ours: a UUID of version 7, so that what clients make is hardly ever looked for twice.
fn own_id(id: &str) -> Option<Uuid> {
    Uuid::try_parse(id).ok().filter(|id| id.get_version_num() == 7)
}

/// An id of a client's.
pub(crate) fn bounded(field: &str, id: String) -> Result<String, Refused> {
    if (1..=limit::CLIENT_ID).contains(&id.chars().count()) && !id.contains('\0') {
        return Ok(id);
    }
    Err(Problem::invalid_field(field, reason::FIELD_INVALID, "must have 1 to 200 characters"))
}

/// A key that is the same whenever these texts are.
pub(crate) fn key(texts: &[&str]) -> String {
    hex(digest(texts.iter().copied().map(Some)).as_ref())
}

impl Asking {
    /// Asks what may be new: a question that is there already is answered again, one that was edited stands beside what it
    /// was before.
    pub(crate) async fn submit(&self, said: Said, idempotency_key: Option<String>) -> Result<Reader, Refused> {
        // An id of ours is none that a question could be given.
        if let Some(ours) = said.id.as_deref().filter(|id| own_id(id).is_some())
            && let Some(original) = self.message(ours).await?
        {
            return self.revise(original, said, idempotency_key).await;
        }
        match (self.put(said.clone(), None, said.id.clone(), idempotency_key.clone()).await, said.id.clone()) {
            (Err(refused), Some(id)) if KNOWN.iter().any(|reason| is(&refused, reason)) => {
                self.edit(&id, said, idempotency_key).await
            }
            (answer, _) => answer,
        }
    }

    /// Asks in place of the question that has this id with the client, or with us.
    pub(crate) async fn edit(&self, id: &str, said: Said, idempotency_key: Option<String>) -> Result<Reader, Refused> {
        let Some(original) = self.message(id).await? else {
            // It was never saved, so that there is nothing to stand beside.
            let answer = self.put(said.clone(), None, said.id.clone(), idempotency_key.clone()).await;
            return match (answer, &said.id) {
                (Err(refused), Some(own)) if is(&refused, reason::CLIENT_ID_TAKEN) => {
                    let local = Some(self.local(own));
                    self.put(said, None, local, idempotency_key).await
                }
                (answer, _) => answer,
            };
        };
        self.revise(original, said, idempotency_key).await
    }

    async fn revise(&self, original: Message, said: Said, idempotency_key: Option<String>) -> Result<Reader, Refused> {
        if original.content == said.text {
            return self.again(original.id, idempotency_key).await;
        }
        let version = format!("edit-{}", key(&[&original.id, &said.text]));
        let parent = Some(original.parent_id.unwrap_or_default());
        // First of all, so that the same edit with the same key joins its run.
        match self.put(said, parent, Some(version.clone()), idempotency_key.clone()).await {
            Err(refused) if KNOWN.iter().any(|reason| is(&refused, reason)) => {
                let known = self.named(&version).await?.ok_or(refused)?;
                self.again(known.id, idempotency_key).await
            }
            answer => answer,
        }
    }

    /// Joins the run that answers this question, or else has it answered again.
    async fn again(&self, user_message_id: String, idempotency_key: Option<String>) -> Result<Reader, Refused> {
        let Self { app, caller, thread, .. } = self;
        if let Some(run) = thread.run(app, caller).await?
            && run.finished_at.is_none()
            && run.user_message_id == user_message_id
        {
            return app.runs.attach(caller, &run.id).await;
        }
        self.regenerate(user_message_id, idempotency_key).await
    }

    /// Has a question answered again.
    pub(crate) async fn regenerate(
        &self,
        user_message_id: String,
        idempotency_key: Option<String>,
    ) -> Result<Reader, Refused> {
        self.ask(idempotency_key, || Asked::Again { user_message_id: user_message_id.clone() }).await
    }

    /// The question that has this id, or whose answer has it; the id is the client's or ours.
    pub(crate) async fn question(&self, id: &str) -> Result<Option<Message>, Refused> {
        let Some(message) = self.message(id).await? else { return Ok(None) };
        if message.role() != proto::history::v1::Role::Assistant {
            return Ok(Some(message));
        }
        match message.parent_id {
            Some(parent) => self.read(GetMessageRequest { message_id: parent, client_id: None }).await,
            None => Ok(None),
        }
    }

    async fn put(
        &self,
        said: Said,
        parent_id: Option<String>,
        client_id: Option<String>,
        idempotency_key: Option<String>,
    ) -> Result<Reader, Refused> {
        let Said { text, metadata, .. } = said;
        self.ask(idempotency_key, || Asked::New {
            text: text.clone(),
            parent_id: parent_id.clone(),
            client_id: client_id.clone(),
            metadata: metadata.clone(),
        })
        .await
    }

    /// Asks in the first place where the conversation can be.
    async fn ask(&self, idempotency_key: Option<String>, asked: impl Fn() -> Asked) -> Result<Reader, Refused> {
        // A key that a question in the other place has used is no hindrance here.
        let elsewhere = [reason::CONVERSATION_NOT_FOUND, reason::IDEMPOTENCY_KEY_REUSED];
        let mut refused = None;
        for place in self.thread.places() {
            let ask = Ask {
                caller: self.caller.clone(),
                asked: asked(),
                place,
                before: None,
                agent: self.agent.clone(),
                idempotency_key: idempotency_key.clone(),
                on_conflict: self.on_conflict,
                waits: self.waits.clone(),
            };
            match self.app.runs.ask(ask).await {
                // Who has the place that this one would get may be found in the other.
                Err(problem) if is_full(&problem) || elsewhere.iter().any(|reason| is(&problem, reason)) => {
                    refused = Some(problem);
                }
                answer => return answer,
            }
        }
        Err(refused.unwrap_or_else(Problem::internal))
    }

    /// A message of this conversation by an id of theirs or ours.
    async fn message(&self, id: &str) -> Result<Option<Message>, Refused> {
        let named = [id.to_owned(), self.local(id)];
        let by_name = named.map(|name| GetMessageRequest { client_id: Some(name), ..GetMessageRequest::default() });
        let by_id = own_id(id).map(|id| GetMessageRequest { message_id: id.to_string(), client_id: None });
        for request in by_id.into_iter().chain(by_name) {
            let Some(message) = self.read(request).await? else { continue };
            if self.is_here(&message.conversation_id).await? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Whether this conversation of ours is the one that the client means.
    async fn is_here(&self, conversation_id: &str) -> Result<bool, Refused> {
        if conversation_id == self.thread.0 {
            return Ok(true);
        }
        let request = self.caller.ask(GetConversationRequest { conversation_id: conversation_id.to_owned() });
        match self.app.history.conversations().get_conversation(request).await {
            Ok(answer) => {
                let conversation = answer.into_inner().conversation;
                Ok(conversation.is_some_and(|found| found.client_id.as_ref() == Some(&self.thread.0)))
            }
            Err(status) if status.code() == tonic::Code::NotFound => Ok(false),
            Err(status) => Err(history::problem(status)),
        }
    }

    /// Where a client's ids are unique in each of its conversations only: what we call a message whose id is taken.
    fn local(&self, id: &str) -> String {
        format!("in-{}", key(&[&self.thread.0, id]))
    }

    async fn named(&self, client_id: &str) -> Result<Option<Message>, Refused> {
        self.read(GetMessageRequest { message_id: String::new(), client_id: Some(client_id.to_owned()) }).await
    }

    async fn read(&self, request: GetMessageRequest) -> Result<Option<Message>, Refused> {
        match self.app.history.messages().get_message(self.caller.ask(request)).await {
            Ok(answer) => Ok(answer.into_inner().message),
            Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
            Err(status) => Err(history::problem(status)),
        }
    }
}

/// Whether something was refused for this reason.
fn is(refused: &Refused, reason: &str) -> bool {
    refused.code().eq_ignore_ascii_case(reason)
}

/// Refuses what only a client could have done, as running its tools.
pub(crate) fn not_a_question(detail: &'static str) -> Refused {
    Problem::new(StatusCode::BAD_REQUEST, "question_expected", detail)
}

/// Refuses what is no text.
pub(crate) fn not_text(detail: impl Into<String>) -> Refused {
    Problem::new(StatusCode::BAD_REQUEST, "parts_unsupported", detail)
}
