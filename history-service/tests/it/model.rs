//! Random operations of two users on the real service, compared after each with a model of what must have come of them.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestCaseError, TestRunner},
};
use prost_types::FieldMask;
use proto::history::v1 as pb;
use tonic::{Code, Status};

use crate::world::{Person, World, completed, question, reason_of, user_message};

/// One step. Whatever it is about is chosen among what is there when its turn comes.
#[derive(Debug, Clone)]
enum Step {
    Create,
    /// The client id is one of few, so that it comes again.
    Append {
        conversation: Index,
        parent: Place,
        client_id: Option<u8>,
        sources: bool,
    },
    Ask {
        conversation: Option<Index>,
        parent: Place,
    },
    Finish {
        title: bool,
    },
    Choose {
        conversation: Index,
        leaf: Index,
    },
    Pin {
        conversation: Index,
        pinned: bool,
    },
    Archive {
        conversation: Index,
        archived: bool,
    },
    Title {
        conversation: Index,
        given: bool,
    },
    Judge {
        message: Index,
        rating: i32,
    },
    Delete {
        conversation: Index,
    },
}

#[derive(Debug, Clone)]
enum Place {
    Leaf,
    Root,
    Message(Index),
    /// A message of another conversation, be it one's own or not.
    Elsewhere(Index),
    Nowhere,
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => Just(Place::Leaf),
        2 => Just(Place::Root),
        4 => any::<Index>().prop_map(Place::Message),
        1 => any::<Index>().prop_map(Place::Elsewhere),
        1 => Just(Place::Nowhere),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    prop_oneof![
        2 => Just(Step::Create),
        8 => (index(), place(), prop::option::weighted(0.4, 0..4_u8), any::<bool>())
            .prop_map(|(conversation, parent, client_id, sources)| Step::Append { conversation, parent, client_id, sources }),
        4 => (prop::option::weighted(0.8, index()), place())
            .prop_map(|(conversation, parent)| Step::Ask { conversation, parent }),
        4 => any::<bool>().prop_map(|title| Step::Finish { title }),
        3 => (index(), index()).prop_map(|(conversation, leaf)| Step::Choose { conversation, leaf }),
        1 => (index(), any::<bool>()).prop_map(|(conversation, pinned)| Step::Pin { conversation, pinned }),
        1 => (index(), any::<bool>()).prop_map(|(conversation, archived)| Step::Archive { conversation, archived }),
        1 => (index(), any::<bool>()).prop_map(|(conversation, given)| Step::Title { conversation, given }),
        2 => (index(), 0..3).prop_map(|(message, rating)| Step::Judge { message, rating }),
        1 => index().prop_map(|conversation| Step::Delete { conversation }),
    ]
}

#[derive(Debug, Clone, Default)]
struct Conversation {
    title: Option<(String, pb::TitleSource)>,
    pinned: bool,
    archived: bool,
    agent: Option<String>,
    leaf: Option<String>,
    preview: String,
    /// Grows with each change; the last changed comes first.
    changed: usize,
    /// In the order in which they were made.
    messages: Vec<Message>,
    running: Option<pb::Run>,
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    parent: Option<String>,
    content: String,
    sources: bool,
    rating: i32,
}

/// What one user has.
#[derive(Debug, Default)]
struct Model {
    conversations: BTreeMap<String, Conversation>,
    /// What each client id was used for, and where.
    client_ids: BTreeMap<u8, (String, Message)>,
    clock: usize,
}

impl Conversation {
    fn message(&self, id: &str) -> &Message {
        self.messages.iter().find(|message| message.id == id).unwrap()
    }

    fn path(&self, leaf: Option<&str>) -> Vec<&Message> {
        let mut path = Vec::new();
        let mut next = leaf;
        while let Some(id) = next {
            let message = self.message(id);
            path.push(message);
            next = message.parent.as_deref();
        }
        path.reverse();
        path
    }

    fn siblings(&self, of: &Message) -> pb::Siblings {
        let siblings: Vec<_> = self.messages.iter().filter(|message| message.parent == of.parent).collect();
        let index = siblings.iter().position(|message| message.id == of.id).unwrap() + 1;
        pb::Siblings { index: i32::try_from(index).unwrap(), count: i32::try_from(siblings.len()).unwrap() }
    }
}

/// Where a parent is that the service must not find.
#[derive(Debug, PartialEq)]
struct Unknown;

/// A user, what they should have, and what the other one has.
struct Actor<'a> {
    user: &'a Person,
    model: &'a mut Model,
    foreign: Vec<String>,
    serial: usize,
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
    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
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

    /// Compares everything that this user can read.
    async fn compare(&self) -> Result<(), TestCaseError> {
        for archived in [false, true] {
            self.compare_list(Some(archived), |_| true, pb::ListConversationsRequest::default()).await?;
        }
        let cites = |conversation: &Conversation| conversation.messages.iter().any(|message| message.sources);
        let list = pb::ListConversationsRequest { has_sources: Some(true), ..Default::default() };
        self.compare_list(None, cites, list).await?;
        let up = |conversation: &Conversation| conversation.messages.iter().any(|message| message.rating == 1);
        let list = pb::ListConversationsRequest { feedback: Some(1), ..Default::default() };
        self.compare_list(None, up, list).await?;
        for (id, conversation) in &self.model.conversations {
            self.compare_conversation(id, conversation).await?;
        }
        Ok(())
    }

    async fn compare_list(
        &self,
        archived: Option<bool>,
        chosen: impl Fn(&Conversation) -> bool,
        list: pb::ListConversationsRequest,
    ) -> Result<(), TestCaseError> {
        let of_archive = |conversation: &&Conversation| conversation.archived == archived.unwrap_or(false);
        let mut expected: Vec<_> =
            self.model.conversations.iter().filter(|(_, c)| of_archive(c) && chosen(c)).collect();
        expected.sort_by_key(|(_, conversation)| std::cmp::Reverse((conversation.pinned, conversation.changed)));
        let expected: Vec<_> = expected.into_iter().map(|(id, _)| id.clone()).collect();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let list = pb::ListConversationsRequest { archived, page_size: 3, page_token: token, ..list.clone() };
            let page = self.user.list_conversations(list).await.unwrap();
            seen.extend(page.conversations.into_iter().map(|conversation| conversation.id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        prop_assert_eq!(seen, expected);
        Ok(())
    }

    async fn compare_conversation(&self, id: &str, expected: &Conversation) -> Result<(), TestCaseError> {
        let read = self.user.read(id).await;
        let title = read.title.clone().map(|title| (title, read.title_source()));
        prop_assert_eq!(&title, &expected.title);
        prop_assert_eq!(
            (read.pinned, read.archived, &read.agent, &read.active_leaf_id, &read.preview),
            (expected.pinned, expected.archived, &expected.agent, &expected.leaf, &expected.preview)
        );
        prop_assert_eq!(usize::try_from(read.message_count).unwrap(), expected.messages.len());
        let ends = expected
            .messages
            .iter()
            .filter(|message| !expected.messages.iter().any(|other| other.parent.as_ref() == Some(&message.id)));
        for leaf in std::iter::once(None).chain(ends.map(|message| Some(message.id.clone()))) {
            let path = expected.path(leaf.as_deref().or(expected.leaf.as_deref()));
            let list = pb::ListMessagesRequest { conversation_id: id.to_owned(), leaf_id: leaf, ..Default::default() };
            let read = self.user.list_messages(list).await.unwrap();
            prop_assert!(read.next_page_token.is_empty() && read.previous_page_token.is_empty());
            prop_assert_eq!(read.messages.len(), path.len());
            for (read, message) in read.messages.iter().zip(path) {
                prop_assert_eq!(
                    (&read.id, &read.parent_id, &read.content, read.sources.len(), read.siblings),
                    (
                        &message.id,
                        &message.parent,
                        &message.content,
                        usize::from(message.sources),
                        Some(expected.siblings(message))
                    )
                );
                prop_assert_eq!(read.feedback.as_ref().map_or(0, |feedback| feedback.rating), message.rating);
            }
        }
        Ok(())
    }
}

#[test]
fn whatever_two_users_do_the_service_holds_what_a_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let config = Config { cases: 16, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let steps = prop::collection::vec((0..2_usize, step()), 1..32);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        runtime.block_on(async {
            let users = [world.user(), world.user()];
            let mut models = [Model::default(), Model::default()];
            for (serial, (who, step)) in steps.iter().enumerate() {
                let others = models[1 - who].conversations.values().flat_map(|conversation| &conversation.messages);
                let foreign = others.map(|message| message.id.clone()).collect();
                let mut actor = Actor { user: &users[*who], model: &mut models[*who], foreign, serial };
                actor.take(step).await?;
                actor.compare().await?;
            }
            // Neither has touched what the other has.
            for (user, model) in users.iter().zip(&mut models) {
                Actor { user, model, foreign: Vec::new(), serial: 0 }.compare().await?;
            }
            Ok(())
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
