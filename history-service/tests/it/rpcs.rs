//! Every RPC, about given ids: the tables that the tests of callers and of isolation go through.

use std::pin::Pin;

use prost_types::FieldMask;
use proto::history::v1 as pb;
use tonic::{Request, Status, metadata::MetadataMap};

use crate::world::{Clients, completed, question, user_message};

/// What the requests are about.
#[derive(Clone)]
pub(crate) struct Ids {
    pub(crate) conversation: String,
    pub(crate) message: String,
    pub(crate) run: String,
}

type Answer = Pin<Box<dyn Future<Output = Result<(), Status>> + Send>>;
/// Sends one request under these headers.
pub(crate) type Call = Box<dyn Fn(Clients, MetadataMap) -> Answer>;

macro_rules! call {
    ($client:ident.$method:ident($message:expr)) => {{
        let message = $message;
        let call: Call = Box::new(move |clients, headers| {
            let mut request = Request::new(message.clone());
            *request.metadata_mut() = headers;
            Box::pin(async move { clients.$client.clone().$method(request).await.map(drop) })
        });
        (stringify!($method), call)
    }};
}

fn change(conversation: &str, path: &str, leaf: Option<&str>) -> pb::UpdateConversationRequest {
    pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation {
            id: conversation.to_owned(),
            active_leaf_id: leaf.map(str::to_owned),
            ..pb::Conversation::default()
        }),
        update_mask: Some(FieldMask { paths: vec![path.to_owned()] }),
    }
}

fn answer_again(conversation: &str, message: &str) -> pb::StartRunRequest {
    pb::StartRunRequest { user_message_id: Some(message.to_owned()), ..question(Some(conversation), "") }
}

/// Every RPC that names something, with `ids` in each place where an id can stand.
pub(crate) fn about(Ids { conversation, message, run }: Ids) -> Vec<(&'static str, Call)> {
    let leaf = || Some(message.clone());
    let path = pb::ListMessagesRequest { conversation_id: conversation.clone(), ..Default::default() };
    let run_of = pb::Run { id: run.clone(), fence: 1, ..pb::Run::default() };
    let rating = Some(pb::Feedback { rating: 1, ..pb::Feedback::default() });
    vec![
        call!(conversations.get_conversation(pb::GetConversationRequest { conversation_id: conversation.clone() })),
        call!(conversations.update_conversation(change(&conversation, "title", None))),
        call!(conversations.update_conversation(change(&conversation, "active_leaf_id", Some(&message)))),
        call!(messages.create_message(user_message(&conversation, "hello"))),
        call!(
            messages
                .create_message(pb::CreateMessageRequest { parent_id: leaf(), ..user_message(&conversation, "hello") })
        ),
        call!(messages.get_message(pb::GetMessageRequest { message_id: message.clone(), ..Default::default() })),
        call!(messages.list_messages(path.clone())),
        call!(messages.list_messages(pb::ListMessagesRequest { leaf_id: leaf(), ..path.clone() })),
        call!(messages.list_messages(pb::ListMessagesRequest { from_id: leaf(), ..path.clone() })),
        call!(messages.set_feedback(pb::SetFeedbackRequest { message_id: message.clone(), feedback: rating.clone() })),
        call!(messages.list_sources(pb::ListSourcesRequest { message_id: message.clone() })),
        call!(messages.list_siblings(pb::ListSiblingsRequest { message_id: message.clone() })),
        call!(runs.start_run(question(Some(&conversation), "hello"))),
        call!(runs.start_run(pb::StartRunRequest { parent_id: leaf(), ..question(Some(&conversation), "hello") })),
        call!(runs.start_run(answer_again(&conversation, &message))),
        call!(runs.finish_run(completed(&run_of, "done"))),
        call!(runs.get_run(pb::GetRunRequest { run_id: run.clone(), ..Default::default() })),
        call!(runs.get_run(pb::GetRunRequest { conversation_id: conversation.clone(), ..Default::default() })),
        call!(runs.cancel_run(pb::CancelRunRequest { run_id: run.clone() })),
        call!(runs.watch_run(pb::WatchRunRequest { run_id: run.clone(), position: 0 })),
        call!(
            conversations.delete_conversation(pb::DeleteConversationRequest { conversation_id: conversation.clone() })
        ),
    ]
}

/// The RPCs that name a message inside a conversation of the caller's own.
pub(crate) fn within(own: &str, message: &str) -> Vec<(&'static str, Call)> {
    let leaf = || Some(message.to_owned());
    let path = pb::ListMessagesRequest { conversation_id: own.to_owned(), leaf_id: leaf(), ..Default::default() };
    vec![
        call!(conversations.update_conversation(change(own, "active_leaf_id", Some(message)))),
        call!(messages.create_message(pb::CreateMessageRequest { parent_id: leaf(), ..user_message(own, "hello") })),
        call!(messages.list_messages(path.clone())),
        call!(messages.list_messages(pb::ListMessagesRequest { leaf_id: None, from_id: leaf(), ..path.clone() })),
        call!(messages.list_messages(pb::ListMessagesRequest { from_id: leaf(), ..path.clone() })),
        call!(runs.start_run(pb::StartRunRequest { parent_id: leaf(), ..question(Some(own), "hello") })),
        call!(runs.start_run(answer_again(own, message))),
    ]
}

/// The RPCs that name nothing.
pub(crate) fn about_nothing() -> Vec<(&'static str, Call)> {
    vec![
        call!(conversations.create_conversation(pb::CreateConversationRequest::default())),
        call!(conversations.list_conversations(pb::ListConversationsRequest::default())),
        call!(conversations.list_conversations(pb::ListConversationsRequest {
            query: Some("hello".to_owned()),
            ..Default::default()
        })),
        call!(
            conversations
                .search_messages(pb::SearchMessagesRequest { query: "hello".to_owned(), ..Default::default() })
        ),
        call!(
            messages
                .list_citations(pb::ListCitationsRequest { url: Some("https://a".to_owned()), ..Default::default() })
        ),
        call!(privacy.export_user(pb::ExportUserRequest::default())),
        // The last one: who was erased writes nothing more.
        call!(privacy.erase_user(pb::EraseUserRequest::default())),
    ]
}

/// The RPCs of services that speak for nobody.
pub(crate) fn of_services() -> Vec<(&'static str, Call)> {
    vec![call!(runs.append_events(pb::AppendEventsRequest::default()))]
}
