//! `MessageService`.

use proto::{
    history::v1::{self as pb, message_service_server::MessageService},
    limit,
};
use tonic::{Request, Response, Status};

use super::{
    answer,
    convert::{self, Author},
    fields::Fields,
    open,
};
use crate::{
    citation::{self, Document},
    id::{ConversationId, MessageId},
    message::{self, NewMessage, Which},
    page_token::{self, Page, Query},
    store::Store,
};

const DEFAULT_PAGE: usize = 50;
const CITATIONS: usize = 20;

pub(super) struct Messages(pub(super) Store);

#[tonic::async_trait]
impl MessageService for Messages {
    async fn create_message(
        &self,
        request: Request<pb::CreateMessageRequest>,
    ) -> Result<Response<pb::CreateMessageResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let role = convert::role(&mut fields, request.role);
            let new = NewMessage {
                conversation_id: fields.id("conversation_id", &request.conversation_id),
                role,
                content: fields.text("content", request.content, &(1..=limit::CONTENT)),
                parent: fields.parent("parent_id", request.parent_id.as_deref()),
                client_id: fields.optional_text("client_id", request.client_id, &(1..=limit::CLIENT_ID)),
                sources: convert::sources(&mut fields, request.sources, Author::Client),
                metadata: fields.metadata("metadata", request.metadata_json),
            };
            fields.finish()?;
            let created = message::append(&self.0, user, new).await?;
            Ok(pb::CreateMessageResponse { message: Some(convert::message(created)) })
        })
        .await
    }

    async fn get_message(
        &self,
        request: Request<pb::GetMessageRequest>,
    ) -> Result<Response<pb::GetMessageResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let found = if let Some(client_id) = request.client_id {
                if !request.message_id.is_empty() {
                    fields.invalid("client_id", "excludes message_id");
                }
                let client_id = fields.text("client_id", client_id, &(1..=limit::CLIENT_ID));
                fields.finish()?;
                message::get_named(&self.0, user, &client_id).await?
            } else {
                let id = fields.id("message_id", &request.message_id);
                fields.finish()?;
                message::get(&self.0, user, id).await?
            };
            Ok(pb::GetMessageResponse { message: Some(convert::message(found)) })
        })
        .await
    }

    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Result<Response<pb::ListMessagesResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let conversation_id: ConversationId = fields.id("conversation_id", &request.conversation_id);
            let leaf_id: Option<MessageId> = fields.optional_id("leaf_id", request.leaf_id.as_deref());
            let query = Query::new("messages")
                .with(user.0.as_bytes())
                .with(conversation_id.0.as_bytes())
                .with_optional(leaf_id.as_ref().map(|leaf| leaf.0.as_bytes()));
            let from: Option<MessageId> = fields.optional_id("from_id", request.from_id.as_deref());
            let page = fields.page_token(&query, &request.page_token);
            let page_size = fields.page_size(request.page_size, DEFAULT_PAGE, limit::MESSAGE_PAGE);
            fields.finish()?;
            let which = match (page, from) {
                (Some(page), _) => Which::Next(page),
                (None, Some(message)) => Which::From { message, leaf: leaf_id },
                (None, None) => Which::Newest(leaf_id),
            };
            let page = message::list(&self.0, user, conversation_id, which, page_size).await?;
            let token = |page| page_token::encode(&query, &page);
            Ok(pb::ListMessagesResponse {
                messages: page.messages.into_iter().map(convert::message).collect(),
                next_page_token: page.next.map(|place| token(Page::After(place))).unwrap_or_default(),
                previous_page_token: page.previous.map(|place| token(Page::Before(place))).unwrap_or_default(),
            })
        })
        .await
    }

    async fn set_feedback(
        &self,
        request: Request<pb::SetFeedbackRequest>,
    ) -> Result<Response<pb::SetFeedbackResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let id = fields.id("message_id", &request.message_id);
            let feedback = request.feedback.unwrap_or_else(|| {
                fields.missing("feedback");
                pb::Feedback::default()
            });
            if pb::feedback::Rating::try_from(feedback.rating).is_err() {
                fields.invalid("feedback.rating", "is no rating that is known");
            }
            let rating = convert::rating(feedback.rating());
            let note = fields.optional_text("feedback.note", feedback.note, &(0..=limit::NOTE));
            fields.finish()?;
            let note = note.filter(|note| !note.is_empty());
            let changed = message::set_feedback(&self.0, user, id, rating, note.as_deref()).await?;
            Ok(pb::SetFeedbackResponse { message: Some(convert::message(changed)) })
        })
        .await
    }

    async fn list_sources(
        &self,
        request: Request<pb::ListSourcesRequest>,
    ) -> Result<Response<pb::ListSourcesResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let id = fields.id("message_id", &request.message_id);
            fields.finish()?;
            let sources = message::sources(&self.0, user, id).await?;
            Ok(pb::ListSourcesResponse { sources: sources.into_iter().map(convert::source).collect() })
        })
        .await
    }

    async fn list_siblings(
        &self,
        request: Request<pb::ListSiblingsRequest>,
    ) -> Result<Response<pb::ListSiblingsResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            let id = fields.id("message_id", &request.message_id);
            fields.finish()?;
            let siblings = message::siblings(&self.0, user, id).await?;
            Ok(pb::ListSiblingsResponse { siblings: siblings.into_iter().map(convert::sibling).collect() })
        })
        .await
    }

    async fn list_citations(
        &self,
        request: Request<pb::ListCitationsRequest>,
    ) -> Result<Response<pb::ListCitationsResponse>, Status> {
        let (user, request) = open(request)?;
        answer(async {
            let mut fields = Fields::new();
            // Agents may cite addresses of any length.
            let url = fields.optional_text("url", request.url, &(1..=usize::MAX));
            let content_hash = fields.optional_text("content_hash", request.content_hash, &(1..=usize::MAX));
            let query = Query::new("citations").with(user.0.as_bytes());
            let (document, query) = match (url, content_hash) {
                (Some(url), None) => (Document::Url(url.clone()), query.with(b"url").with(url.as_bytes())),
                (None, Some(hash)) => (Document::ContentHash(hash.clone()), query.with(b"hash").with(hash.as_bytes())),
                (None, None) => {
                    fields.missing("url");
                    (Document::Url(String::new()), query)
                }
                (Some(_), Some(_)) => {
                    fields.invalid("content_hash", "excludes url");
                    (Document::Url(String::new()), query)
                }
            };
            let after = match fields.page_token(&query, &request.page_token) {
                Some(Page::After(place)) => Some(place),
                // Nobody is given one that goes back.
                Some(Page::Before(_)) | None => None,
            };
            let page_size = fields.page_size(request.page_size, CITATIONS, limit::CITATION_PAGE);
            fields.finish()?;
            let page = citation::list(&self.0, user, &document, after, page_size).await?;
            let token = |place| page_token::encode(&query, &Page::After(place));
            Ok(pb::ListCitationsResponse {
                citations: page.citations.into_iter().map(convert::citation).collect(),
                next_page_token: page.next.map(token).unwrap_or_default(),
            })
        })
        .await
    }
}
