//! Conversations in memory.

use proto::{
    history::v1::{
        Conversation, CreateConversationRequest, CreateConversationResponse, DeleteConversationRequest,
        DeleteConversationResponse, GetConversationRequest, GetConversationResponse, ListConversationsRequest,
        ListConversationsResponse, SearchHit, SearchMessagesRequest, SearchMessagesResponse, SnippetFragment,
        UpdateConversationRequest, UpdateConversationResponse, conversation_service_server::ConversationService,
    },
    reason::CONVERSATION_NOT_FOUND,
};
use tonic::{Request, Response, Status};

use super::history::{FakeHistory, NOW, id, invalid, own};

pub(crate) fn conversation() -> Conversation {
    Conversation { id: id(), created_at: Some(NOW), updated_at: Some(NOW), ..Conversation::default() }
}

#[tonic::async_trait]
impl ConversationService for FakeHistory {
    async fn create_conversation(
        &self,
        request: Request<CreateConversationRequest>,
    ) -> Result<Response<CreateConversationResponse>, Status> {
        let user = self.enter("CreateConversation", &request)?;
        let CreateConversationRequest { client_id, title, metadata_json, expires_at } = request.into_inner();
        let conversation = Conversation { client_id, title, metadata_json, expires_at, ..conversation() };
        self.tables().conversations.insert(conversation.id.clone(), (user, conversation.clone()));
        Ok(Response::new(CreateConversationResponse { conversation: Some(conversation) }))
    }

    async fn get_conversation(
        &self,
        request: Request<GetConversationRequest>,
    ) -> Result<Response<GetConversationResponse>, Status> {
        let user = self.enter("GetConversation", &request)?;
        let id = request.into_inner().conversation_id;
        let conversation = own(&mut self.tables().conversations, &user, &id, CONVERSATION_NOT_FOUND)?.clone();
        Ok(Response::new(GetConversationResponse { conversation: Some(conversation) }))
    }

    async fn list_conversations(
        &self,
        request: Request<ListConversationsRequest>,
    ) -> Result<Response<ListConversationsResponse>, Status> {
        let user = self.enter("ListConversations", &request)?;
        let request = request.into_inner();
        self.tables().listed.push(request.clone());
        if !["", "more"].contains(&request.page_token.as_str()) {
            return Err(invalid("page_token"));
        }
        let tables = self.tables();
        let own = tables.conversations.values().filter(|(owner, _)| *owner == user).map(|(_, row)| row.clone());
        let archived = request.archived.unwrap_or_default();
        let conversations = own.filter(|conversation| conversation.archived == archived).collect();
        let next_page_token = if request.page_size == 1 { "more".to_owned() } else { String::new() };
        let previous_page_token = if request.page_token == "more" { "less".to_owned() } else { String::new() };
        Ok(Response::new(ListConversationsResponse { conversations, next_page_token, previous_page_token }))
    }

    async fn update_conversation(
        &self,
        request: Request<UpdateConversationRequest>,
    ) -> Result<Response<UpdateConversationResponse>, Status> {
        let user = self.enter("UpdateConversation", &request)?;
        let UpdateConversationRequest { conversation, update_mask } = request.into_inner();
        let new = conversation.unwrap();
        let mut tables = self.tables();
        let row = own(&mut tables.conversations, &user, &new.id, CONVERSATION_NOT_FOUND)?;
        for path in update_mask.unwrap().paths {
            match path.as_str() {
                "title" => row.title.clone_from(&new.title),
                "pinned" => row.pinned = new.pinned,
                "archived" => row.archived = new.archived,
                "active_leaf_id" => row.active_leaf_id.clone_from(&new.active_leaf_id),
                "expires_at" => row.expires_at = new.expires_at,
                "metadata" => row.metadata_json.clone_from(&new.metadata_json),
                _ => return Err(invalid("update_mask")),
            }
        }
        Ok(Response::new(UpdateConversationResponse { conversation: Some(row.clone()) }))
    }

    async fn delete_conversation(
        &self,
        request: Request<DeleteConversationRequest>,
    ) -> Result<Response<DeleteConversationResponse>, Status> {
        let user = self.enter("DeleteConversation", &request)?;
        let id = request.into_inner().conversation_id;
        let mut tables = self.tables();
        own(&mut tables.conversations, &user, &id, CONVERSATION_NOT_FOUND)?;
        tables.conversations.remove(&id);
        Ok(Response::new(DeleteConversationResponse {}))
    }
    /// Finds titles.
    async fn search_messages(
        &self,
        request: Request<SearchMessagesRequest>,
    ) -> Result<Response<SearchMessagesResponse>, Status> {
        let user = self.enter("SearchMessages", &request)?;
        let request = request.into_inner();
        if request.query == "?!" {
            return Err(invalid("query"));
        }
        let tables = self.tables();
        let own = tables.conversations.values().filter(|(owner, _)| *owner == user).map(|(_, row)| row.clone());
        let hits = own.filter_map(|conversation| {
            let (before, after) = conversation.title.as_deref()?.split_once(&request.query)?;
            let texts = [(before, false), (&request.query, true), (after, false)];
            let fragment = |(text, highlighted): (&str, bool)| SnippetFragment { text: text.to_owned(), highlighted };
            Some(SearchHit {
                conversation_id: conversation.id.clone(),
                conversation_title: conversation.title.clone(),
                created_at: conversation.created_at,
                snippet: texts.into_iter().map(fragment).collect(),
                role: request.role,
                on_active_path: true,
                ..SearchHit::default()
            })
        });
        let next_page_token = if request.page_size == 1 { "more".to_owned() } else { String::new() };
        Ok(Response::new(SearchMessagesResponse { hits: hits.collect(), next_page_token }))
    }
}
