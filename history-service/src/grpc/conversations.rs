//! `ConversationService`.

use chrono::{DateTime, Utc};
use proto::{
    history::v1::{self as pb, conversation_service_server::ConversationService},
    limit,
};
use tonic::{Request, Response, Status};

use super::{answer, convert, fields::Fields, open};
use crate::{
    conversation::{self, Changes, Expiry, Filter, NewConversation, NewTitle},
    id::ConversationId,
    page_token::{self, Page, Query},
    search,
    store::Store,
    word::{Rating, Role},
};

const DEFAULT_PAGE: usize = 20;

pub(super) struct Conversations(pub(super) Store);

#[tonic::async_trait]
impl ConversationService for Conversations {
    async fn create_conversation(
        &self,
        request: Request<pb::CreateConversationRequest>,
    ) -> Result<Response<pb::CreateConversationResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let title = fields.optional_text("title", request.title, &(0..=limit::TITLE));
            let new = NewConversation {
                client_id: fields.optional_text("client_id", request.client_id, &(1..=limit::CLIENT_ID)),
                title: title.filter(|title| !title.trim().is_empty()),
                metadata: fields.metadata("metadata", request.metadata_json),
                expires_at: fields.future("expires_at", request.expires_at),
            };
            fields.finish()?;
            let created = conversation::create(&self.0, user, &new).await?;
            Ok(pb::CreateConversationResponse { conversation: Some(convert::conversation(created)) })
        })
        .await
    }

    async fn get_conversation(
        &self,
        request: Request<pb::GetConversationRequest>,
    ) -> Result<Response<pb::GetConversationResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let id = fields.id("conversation_id", &request.conversation_id);
            fields.finish()?;
            let found = conversation::get(&self.0, user, id).await?;
            Ok(pb::GetConversationResponse { conversation: Some(convert::conversation(found)) })
        })
        .await
    }

    async fn list_conversations(
        &self,
        request: Request<pb::ListConversationsRequest>,
    ) -> Result<Response<pb::ListConversationsResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let filter = Filter {
                archived: request.archived.unwrap_or(false),
                pinned: request.pinned,
                agent: fields.optional_text("agent", request.agent, &(0..=limit::AGENT)),
                updated_from: fields.time("updated_from", request.updated_from),
                updated_to: fields.time("updated_to", request.updated_to),
                has_sources: request.has_sources,
                feedback: request.feedback.and_then(|rating| convert::some_rating(&mut fields, "feedback", rating)),
            };
            let searched = fields.search(request.query.as_deref());
            let query = Query::new("conversations")
                .with(user.0.as_bytes())
                .with(&[u8::from(filter.archived)])
                .with_optional(filter.pinned.map(|pinned| [u8::from(pinned)]))
                .with_optional(filter.agent.as_deref())
                .with_optional(filter.updated_from.map(micros))
                .with_optional(filter.updated_to.map(micros))
                .with_optional(filter.has_sources.map(|has| [u8::from(has)]))
                .with_optional(filter.feedback.map(Rating::as_str))
                .with_optional(request.query.as_deref());
            let page = fields.page_token(&query, &request.page_token);
            let page_size = fields.page_size(request.page_size, DEFAULT_PAGE, limit::CONVERSATION_PAGE);
            fields.finish()?;
            let page = match searched {
                // Boxed, for a list without a search would carry the room for one about.
                Some(searched) => Box::pin(search::list(&self.0, user, searched, &filter, page, page_size)).await?,
                None => conversation::list(&self.0, user, &filter, page, page_size).await?,
            };
            let token = |page| page_token::encode(&query, &page);
            Ok(pb::ListConversationsResponse {
                conversations: page.conversations.into_iter().map(convert::conversation).collect(),
                next_page_token: page.next.map(|place| token(Page::After(place))).unwrap_or_default(),
                previous_page_token: page.previous.map(|place| token(Page::Before(place))).unwrap_or_default(),
            })
        })
        .await
    }

    async fn update_conversation(
        &self,
        request: Request<pb::UpdateConversationRequest>,
    ) -> Result<Response<pb::UpdateConversationResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let (id, changes) = update(request)?;
            let updated = conversation::update(&self.0, user, id, &changes).await?;
            Ok(pb::UpdateConversationResponse { conversation: Some(convert::conversation(updated)) })
        })
        .await
    }

    async fn delete_conversation(
        &self,
        request: Request<pb::DeleteConversationRequest>,
    ) -> Result<Response<pb::DeleteConversationResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let id = fields.id("conversation_id", &request.conversation_id);
            fields.finish()?;
            conversation::delete(&self.0, user, id).await?;
            Ok(pb::DeleteConversationResponse {})
        })
        .await
    }

    async fn search_messages(
        &self,
        request: Request<pb::SearchMessagesRequest>,
    ) -> Result<Response<pb::SearchMessagesResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let searched = fields.search(Some(&request.query));
            let filter = search::Filter {
                archived: request.archived,
                pinned: request.pinned,
                agent: fields.optional_text("agent", request.agent, &(0..=limit::AGENT)),
                from: fields.time("from", request.from),
                to: fields.time("to", request.to),
                role: request.role.map(|role| convert::role(&mut fields, role)),
                conversation_id: fields.optional_id("conversation_id", request.conversation_id.as_deref()),
                has_sources: request.has_sources,
            };
            let query = Query::new("search")
                .with(user.0.as_bytes())
                .with(request.query.as_bytes())
                .with_optional(filter.archived.map(|archived| [u8::from(archived)]))
                .with_optional(filter.pinned.map(|pinned| [u8::from(pinned)]))
                .with_optional(filter.agent.as_deref())
                .with_optional(filter.from.map(micros))
                .with_optional(filter.to.map(micros))
                .with_optional(filter.role.map(Role::as_str))
                .with_optional(filter.conversation_id.map(|id| *id.0.as_bytes()))
                .with_optional(filter.has_sources.map(|sources| [u8::from(sources)]));
            let from = fields.page_token(&query, &request.page_token).map(Page::place);
            let page_size = fields.page_size(request.page_size, DEFAULT_PAGE, limit::SEARCH_PAGE);
            fields.finish()?;
            let Some(searched) = searched else { return Ok(pb::SearchMessagesResponse::default()) };
            let page = search::search(&self.0, user, searched, &filter, from, page_size).await?;
            Ok(pb::SearchMessagesResponse {
                hits: page.hits.into_iter().map(convert::search_hit).collect(),
                next_page_token: page
                    .next
                    .map(|next| page_token::encode(&query, &Page::After(next)))
                    .unwrap_or_default(),
            })
        })
        .await
    }
}

fn micros(time: DateTime<Utc>) -> [u8; 8] {
    time.timestamp_micros().to_be_bytes()
}

fn update(request: pb::UpdateConversationRequest) -> Result<(ConversationId, Changes), kit::error::Error> {
    let mut fields = Fields::new();
    let given = request.conversation.unwrap_or_else(|| {
        fields.missing("conversation");
        pb::Conversation::default()
    });
    let id = fields.id("conversation.id", &given.id);
    let paths = request.update_mask.unwrap_or_default().paths;
    if paths.is_empty() {
        fields.missing("update_mask");
    }
    let mut changes = Changes::default();
    for path in &paths {
        match path.as_str() {
            "title" => {
                let title = fields.optional_text("title", given.title.clone(), &(0..=limit::TITLE));
                let title = title.filter(|title| !title.trim().is_empty());
                changes.title = Some(title.map_or(NewTitle::TakenBack, NewTitle::Given));
            }
            "pinned" => changes.pinned = Some(given.pinned),
            "archived" => changes.archived = Some(given.archived),
            "active_leaf_id" => {
                changes.active_leaf_id = fields.optional_id("active_leaf_id", given.active_leaf_id.as_deref());
                if given.active_leaf_id.is_none() {
                    fields.missing("active_leaf_id");
                }
            }
            "metadata" => changes.metadata = Some(fields.metadata("metadata", given.metadata_json.clone())),
            "expires_at" => {
                let end = fields.future("expires_at", given.expires_at);
                changes.expiry = Some(end.map_or(Expiry::Never, Expiry::At));
            }
            _ => {
                let known = "may name title, pinned, archived, active_leaf_id, metadata and expires_at";
                fields.unknown("update_mask", known);
            }
        }
    }
    fields.finish()?;
    Ok((id, changes))
}
