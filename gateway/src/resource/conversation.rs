//! Conversations.

use proto::history::v1 as history;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{Message, Page, document, optional_time};

/// A conversation without its messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conversation {
    #[schema(format = Uuid)]
    id: String,
    /// The id that the client gave it.
    client_id: Option<String>,
    title: Option<String>,
    /// Pinned conversations come first in lists.
    pinned: bool,
    /// Archived conversations are left out of lists unless asked for.
    archived: bool,
    /// The agent that answered last.
    agent: Option<String>,
    /// The newest message of the path that is shown.
    #[schema(format = Uuid)]
    active_leaf_id: Option<String>,
    /// How many messages all branches hold together.
    message_count: i32,
    /// The beginning of the newest message.
    preview: String,
    /// The client's own, as it came.
    #[schema(value_type = Object)]
    metadata: Box<RawValue>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    /// When a temporary conversation is deleted.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A conversation with its newest page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationWithMessages {
    #[serde(flatten)]
    pub(crate) conversation: Conversation,
    /// The newest page of the active path, oldest first.
    pub(crate) messages: Page<Message>,
}

impl From<history::Conversation> for Conversation {
    fn from(from: history::Conversation) -> Self {
        Self {
            id: from.id,
            client_id: from.client_id,
            title: from.title,
            pinned: from.pinned,
            archived: from.archived,
            agent: from.agent,
            active_leaf_id: from.active_leaf_id,
            message_count: from.message_count,
            preview: from.preview,
            metadata: document(from.metadata_json, "{}"),
            created_at: optional_time(from.created_at.as_ref()),
            updated_at: optional_time(from.updated_at.as_ref()),
            expires_at: optional_time(from.expires_at.as_ref()),
        }
    }
}
