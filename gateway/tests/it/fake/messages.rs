//! Messages in memory.

use proto::{
    history::v1::{
        Citation, CreateMessageRequest, CreateMessageResponse, GetMessageRequest, GetMessageResponse,
        ListCitationsRequest, ListCitationsResponse, ListMessagesRequest, ListMessagesResponse, ListSiblingsRequest,
        ListSiblingsResponse, ListSourcesRequest, ListSourcesResponse, Message, MessageStatus, SetFeedbackRequest,
        SetFeedbackResponse, Sibling, Siblings, Source, message_service_server::MessageService,
    },
    reason::{CONVERSATION_NOT_FOUND, MESSAGE_NOT_FOUND},
};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::history::{FakeHistory, NOW, id, own};

pub(crate) fn message(conversation_id: &str, content: &str) -> Message {
    let parts_json =
        if content.is_empty() { "[]".to_owned() } else { json!([{"type": "text", "text": content}]).to_string() };
    Message {
        id: id(),
        conversation_id: conversation_id.to_owned(),
        status: MessageStatus::Completed.into(),
        content: content.to_owned(),
        parts_json,
        siblings: Some(Siblings { index: 1, count: 1 }),
        created_at: Some(NOW),
        ..Message::default()
    }
}

pub(crate) fn numbered(sources: Vec<Source>) -> Vec<Source> {
    (1..).zip(sources).map(|(ordinal, source)| Source { id: id(), ordinal, ..source }).collect()
}

#[tonic::async_trait]
impl MessageService for FakeHistory {
    async fn create_message(
        &self,
        request: Request<CreateMessageRequest>,
    ) -> Result<Response<CreateMessageResponse>, Status> {
        let user = self.enter("CreateMessage", &request)?;
        let request = request.into_inner();
        let mut tables = self.tables();
        own(&mut tables.conversations, &user, &request.conversation_id, CONVERSATION_NOT_FOUND)?;
        let message = Message {
            role: request.role,
            parent_id: request.parent_id,
            client_id: request.client_id,
            sources: numbered(request.sources),
            metadata_json: request.metadata_json,
            ..message(&request.conversation_id, &request.content)
        };
        tables.messages.insert(message.id.clone(), (user, message.clone()));
        Ok(Response::new(CreateMessageResponse { message: Some(message) }))
    }

    async fn get_message(&self, request: Request<GetMessageRequest>) -> Result<Response<GetMessageResponse>, Status> {
        let user = self.enter("GetMessage", &request)?;
        let GetMessageRequest { message_id, client_id } = request.into_inner();
        let mut tables = self.tables();
        let mut mine = tables.messages.values().filter(|(owner, _)| *owner == user);
        let named = client_id.and_then(|id| mine.find(|(_, message)| message.client_id.as_ref() == Some(&id)));
        let id = named.map_or(message_id, |(_, message)| message.id.clone());
        let message = own(&mut tables.messages, &user, &id, MESSAGE_NOT_FOUND)?.clone();
        Ok(Response::new(GetMessageResponse { message: Some(message) }))
    }

    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        let user = self.enter("ListMessages", &request)?;
        let request = request.into_inner();
        let id = request.conversation_id;
        let mut tables = self.tables();
        own(&mut tables.conversations, &user, &id, CONVERSATION_NOT_FOUND)?;
        let messages = tables.messages.values().map(|(_, message)| message);
        let messages = messages.filter(|message| message.conversation_id == id).cloned().collect();
        let previous_page_token = request.from_id.map(|from| format!("newer than {from}")).unwrap_or_default();
        Ok(Response::new(ListMessagesResponse { messages, next_page_token: String::new(), previous_page_token }))
    }

    async fn set_feedback(
        &self,
        request: Request<SetFeedbackRequest>,
    ) -> Result<Response<SetFeedbackResponse>, Status> {
        let user = self.enter("SetFeedback", &request)?;
        let SetFeedbackRequest { message_id, feedback } = request.into_inner();
        let mut tables = self.tables();
        let message = own(&mut tables.messages, &user, &message_id, MESSAGE_NOT_FOUND)?;
        message.feedback = feedback;
        Ok(Response::new(SetFeedbackResponse { message: Some(message.clone()) }))
    }

    async fn list_sources(
        &self,
        request: Request<ListSourcesRequest>,
    ) -> Result<Response<ListSourcesResponse>, Status> {
        let user = self.enter("ListSources", &request)?;
        let id = request.into_inner().message_id;
        let sources = own(&mut self.tables().messages, &user, &id, MESSAGE_NOT_FOUND)?.sources.clone();
        Ok(Response::new(ListSourcesResponse { sources }))
    }

    async fn list_siblings(
        &self,
        request: Request<ListSiblingsRequest>,
    ) -> Result<Response<ListSiblingsResponse>, Status> {
        let user = self.enter("ListSiblings", &request)?;
        let id = request.into_inner().message_id;
        let leaf_id = own(&mut self.tables().messages, &user, &id, MESSAGE_NOT_FOUND)?.id.clone();
        Ok(Response::new(ListSiblingsResponse { siblings: vec![Sibling { message_id: id, leaf_id }] }))
    }

    async fn list_citations(
        &self,
        request: Request<ListCitationsRequest>,
    ) -> Result<Response<ListCitationsResponse>, Status> {
        let user = self.enter("ListCitations", &request)?;
        let ListCitationsRequest { url, content_hash, .. } = request.into_inner();
        let tables = self.tables();
        let own = tables.messages.values().filter(|(owner, _)| *owner == user);
        let sources = own.flat_map(|(_, message)| message.sources.iter().map(move |source| (message, source)));
        let cited = sources.filter(|(_, source)| match &url {
            Some(_) => source.url == url,
            None => source.content_hash == content_hash,
        });
        let citation = |(message, source): (&Message, &Source)| Citation {
            message_id: message.id.clone(),
            conversation_id: message.conversation_id.clone(),
            conversation_title: None,
            created_at: message.created_at,
            preview: message.content.clone(),
            source: Some(source.clone()),
        };
        let citations = cited.map(citation).collect();
        Ok(Response::new(ListCitationsResponse { citations, next_page_token: String::new() }))
    }
}
