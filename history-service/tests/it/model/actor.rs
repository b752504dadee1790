//! A user who takes steps, on the service and on the model alike.

use proptest::{prelude::*, sample::Index, test_runner::TestCaseError};
use prost_types::FieldMask;
use proto::history::v1 as pb;
use tonic::{Code, Status};

use super::{
    state::{Conversation, Message, Model},
    step::{Place, Step},
};
use crate::world::{Person, completed, question, reason_of, user_message};

/// Where a parent is that the service must not find.
#[derive(Debug, PartialEq)]
pub(super) struct Unknown;

/// A user, what they should have, and what the other one has.
pub(super) struct Actor<'a> {
    pub(super) user: &'a Person,
    pub(super) model: &'a mut Model,
    pub(super) foreign: Vec<String>,
    pub(super) serial: usize,
}

impl Actor<'_> {
    fn pick(&self, index: Index) -> Option<String> {
        let ids: Vec<_> = self.model.conversations.keys().collect();
        (!ids.is_empty()).then(|| index.get(&ids).as_str().to_owned())
    }

    fn touch(&mut self, id: &str) -> &mut Conversation {
        self.model.clock += 1;
        let conversation = self.model.conversations.get_mut(id).unwrap();
        conversation.changed = self.model.clock;
        conversation
    }

    /// What is sent as parent, and the parent it leads to.
    fn parent(&self, id: &str, place: &Place) -> (Option<String>, Result<Option<String>, Unknown>) {
        let conversation = &self.model.conversations[id];
        match place {
            Place::Root => (Some(String::new()), Ok(None)),
            Place::Message(index) if !conversation.messages.is_empty() => {
                let parent = Some(index.get(&conversation.messages).id.clone());
                (parent.clone(), Ok(parent))
            }
            Place::Leaf | Place::Message(_) => (None, Ok(conversation.leaf.clone())),
            Place::Elsewhere(index) => {
                let others = self.model.conversations.iter().filter(|(other, _)| *other != id);
                let mut elsewhere: Vec<_> =
                    others.flat_map(|(_, other)| other.messages.iter().map(|message| message.id.clone())).collect();
                elsewhere.extend(self.foreign.iter().cloned());
                if elsewhere.is_empty() {
                    return self.parent(id, &Place::Nowhere);
                }
                (Some(index.get(&elsewhere).clone()), Err(Unknown))
            }
            Place::Nowhere => (Some(uuid::Uuid::now_v7().to_string()), Err(Unknown)),
        }
    }

    async fn change(&mut self, id: &str, path: &str, values: pb::Conversation) -> Result<(), Status> {
        let request = pb::UpdateConversationRequest {
            conversation: Some(pb::Conversation { id: id.to_owned(), ..values }),
            update_mask: Some(FieldMask { paths: vec![path.to_owned()] }),
        };
        self.user.update_conversation(request).await.map(drop)
    }

    /// Takes the step, here and there, and compares the answers.
    pub(super) async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.serial += 1;
        match step {
            Step::Create => {
                let made = self.user.conversation().await;
                self.model.conversations.insert(made.id.clone(), Conversation::default());
                self.touch(&made.id);
            }
            Step::Append { conversation, parent, client_id, sources } => {
                let Some(id) = self.pick(*conversation) else { return Ok(()) };
                self.append(&id, parent, *client_id, *sources).await?;
            }
            Step::Ask { conversation, parent } => self.ask(*conversation, parent).await?,
            Step::Finish { title } => self.finish(*title).await,
            Step::Choose { conversation, leaf } => {
                let Some(id) = self.pick(*conversation) else { return Ok(()) };
                if self.model.conversations[&id].messages.is_empty() {
                    return Ok(());
                }
                let leaf = leaf.get(&self.model.conversations[&id].messages).id.clone();
                let values = pb::Conversation { active_leaf_id: Some(leaf.clone()), ..pb::Conversation::default() };
                self.change(&id, "active_leaf_id", values).await.unwrap();
                self.model.conversations.get_mut(&id).unwrap().leaf = Some(leaf);
            }
            Step::Pin { conversation, pinned } => {
                let Some(id) = self.pick(*conversation) else { return Ok(()) };
                let values = pb::Conversation { pinned: *pinned, ..pb::Conversation::default() };
                self.change(&id, "pinned", values).await.unwrap();
                self.touch(&id).pinned = *pinned;
            }
            Step::Archive { conversation, archived } => {
                let Some(id) = self.pick(*conversation) else { return Ok(()) };
                let values = pb::Conversation { archived: *archived, ..pb::Conversation::default() };
                self.change(&id, "archived", values).await.unwrap();
                self.touch(&id).archived = *archived;
            }
            Step::Title { conversation, given } => {
                let Some(id) = self.pick(*conversation) else { return Ok(()) };
                let title = given.then(|| format!("title {}", self.serial));
                let values = pb::Conversation { title: title.clone(), ..pb::Conversation::default() };
                self.change(&id, "title", values).await.unwrap();
                self.touch(&id).title = title.map(|title| (title, pb::TitleSource::User));
            }
            Step::Judge { message, rating } => {
                let messages =
                    self.model.conversations.values_mut().flat_map(|conversation| &mut conversation.messages);
                let mut messages: Vec<_> = messages.collect();
                if messages.is_empty() {
                    return Ok(());
                }
                let at = message.index(messages.len());
                messages[at].rating = *rating;
                let feedback = Some(pb::Feedback { rating: *rating, ..pb::Feedback::default() });
                let request = pb::SetFeedbackRequest { message_id: messages[at].id.clone(), feedback };
                self.user.set_feedback(request).await.unwrap();
            }
            Step::Delete { conversation } => {
                let Some(id) = self.pick(*conversation) else { return Ok(()) };
                let request = pb::DeleteConversationRequest { conversation_id: id.clone() };
                self.user.delete_conversation(request.clone()).await.unwrap();
                prop_assert_eq!(self.user.delete_conversation(request).await.unwrap_err().code(), Code::NotFound);
                self.model.conversations.remove(&id);
                self.model.client_ids.retain(|_, (conversation, _)| *conversation != id);
            }
        }
        Ok(())
    }

    async fn append(&mut self, id: &str, place: &Place, named: Option<u8>, cites: bool) -> Result<(), TestCaseError> {
        let (parent_id, leads) = self.parent(id, place);
        // With a client id, what is said depends on it alone, so that it can be the same again.
        let content = named.map_or_else(|| format!("message {}", self.serial), |named| format!("named {named}"));
        let request = pb::CreateMessageRequest {
            parent_id: parent_id.clone(),
            client_id: named.map(|named| format!("client {named}")),
            sources: if cites { vec![pb::Source::default()] } else { Vec::new() },
            ..user_message(id, &content)
        };
        let answer = self.user.create_message(request).await.map(|answer| answer.message.unwrap());
        let before = named.and_then(|named| self.model.client_ids.get(&named).cloned());
        match (answer, leads, before) {
            (Ok(answer), _, Some((there, first))) => {
                prop_assert_eq!((there.as_str(), &answer.id), (id, &first.id));
                prop_assert!(
                    parent_id.is_none() || parent_id.as_deref() == Some(first.parent.as_deref().unwrap_or(""))
                );
            }
            (Ok(answer), Ok(parent), None) => {
                let message = Message { id: answer.id.clone(), parent, content, sources: cites, rating: 0 };
                let conversation = self.touch(id);
                conversation.messages.push(message.clone());
                conversation.leaf = Some(message.id.clone());
                conversation.preview.clone_from(&message.content);
                let title = || (message.content.clone(), pb::TitleSource::FirstLine);
                conversation.title.get_or_insert_with(title);
                prop_assert_eq!(answer.siblings, Some(conversation.siblings(&message)));
                if let Some(named) = named {
                    self.model.client_ids.insert(named, (id.to_owned(), message));
                }
            }
            (Err(refused), leads, Some((there, first))) if reason_of(&refused) == "CLIENT_ID_TAKEN" => {
                let same = there == id && (parent_id.is_none() || leads == Ok(first.parent));
                prop_assert!(!same, "the same again was refused");
            }
            (Err(refused), Err(Unknown), _) => prop_assert_eq!(reason_of(&refused), "MESSAGE_NOT_FOUND"),
            (answer, leads, before) => prop_assert!(false, "{answer:?} {leads:?} {before:?}"),
        }
        Ok(())
    }

    async fn ask(&mut self, conversation: Option<Index>, place: &Place) -> Result<(), TestCaseError> {
        let content = format!("question {}", self.serial);
        let id = conversation.and_then(|index| self.pick(index));
        let (parent_id, leads) = id.as_ref().map_or((None, Ok(None)), |id| self.parent(id, place));
        let request = pb::StartRunRequest { parent_id, ..question(id.as_deref(), &content) };
        let answer = self.user.start_run(request).await;
        let running = id.as_ref().and_then(|id| self.model.conversations[id].running.clone());
        let (answer, parent) = match (answer, leads, running) {
            (Ok(answer), Ok(parent), None) => (answer, parent),
            (Err(refused), Err(Unknown), None) => {
                prop_assert_eq!(reason_of(&refused), "MESSAGE_NOT_FOUND");
                return Ok(());
            }
            (Err(refused), leads, Some(_)) => {
                let expected = ["RUN_IN_PROGRESS", "MESSAGE_NOT_FOUND"];
                let reason = reason_of(&refused);
                prop_assert!(reason == expected[0] || (leads.is_err() && reason == expected[1]), "{reason}");
                return Ok(());
            }
            (answer, leads, running) => {
                prop_assert!(false, "{answer:?} {leads:?} {running:?}");
                return Ok(());
            }
        };
        let run = answer.run.unwrap();
        if id.is_none() {
            self.model.conversations.insert(run.conversation_id.clone(), Conversation::default());
        }
        let asked = Message { id: run.user_message_id.clone(), parent, content, sources: false, rating: 0 };
        let pending = Message {
            id: run.message_id.clone(),
            parent: Some(asked.id.clone()),
            content: String::new(),
            sources: false,
            rating: 0,
        };
        let conversation = self.touch(&run.conversation_id);
        conversation.leaf = Some(pending.id.clone());
        conversation.preview.clone_from(&asked.content);
        conversation.agent = Some("docs".to_owned());
        conversation.title.get_or_insert_with(|| (asked.content.clone(), pb::TitleSource::FirstLine));
        conversation.messages.extend([asked, pending]);
        conversation.running = Some(run);
        let given: Vec<_> = answer.context.into_iter().map(|message| message.content).collect();
        let path = conversation.path(conversation.leaf.as_deref());
        let mut expected: Vec<_> = path.into_iter().map(|message| message.content.clone()).collect();
        expected.retain(|content| !content.is_empty());
        prop_assert!(expected.len() <= 20, "more than the limit of the question");
        prop_assert_eq!(given, expected);
        Ok(())
    }

    /// Ends the run of the first conversation that has one.
    async fn finish(&mut self, title: bool) {
        let running = self.model.conversations.values_mut().find_map(|conversation| conversation.running.take());
        let Some(run) = running else { return };
        let content = format!("answer {}", self.serial);
        let title = title.then(|| format!("agent's {}", self.serial));
        let sources = vec![pb::Source::default()];
        let finish = pb::FinishRunRequest { title: title.clone(), sources, ..completed(&run, &content) };
        self.user.finish_run(finish).await.unwrap();
        let conversation = self.touch(&run.conversation_id);
        let newest = conversation.messages.last().unwrap().id == run.message_id;
        let answer = conversation.messages.iter_mut().find(|message| message.id == run.message_id).unwrap();
        (answer.content, answer.sources) = (content.clone(), true);
        if newest {
            conversation.preview = content;
        }
        let users = matches!(conversation.title, Some((_, pb::TitleSource::User)));
        if let Some(title) = title.filter(|_| !users) {
            conversation.title = Some((title, pb::TitleSource::Agent));
        }
    }
}
