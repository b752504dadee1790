//! Conversations as clients bring and change them.

use prost_types::{FieldMask, Timestamp};
use proto::{
    history::v1::{Conversation, CreateConversationRequest, UpdateConversationRequest},
    limit, reason,
};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::fields::{Fields, FromFields};

/// A new conversation.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct CreateConversation {
    /// Your own id, unique among your conversations; the same again returns the first conversation.
    #[schema(min_length = 1, max_length = 200)]
    client_id: Option<String>,
    #[schema(max_length = 500)]
    title: Option<String>,
    /// Your own, up to 16 KiB; comes back as it came.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// When it is to be deleted; never without.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Timestamp>,
}

/// What is to change: at least one member.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct UpdateConversation {
    /// Null takes the title away.
    #[schema(max_length = 500)]
    title: Option<String>,
    pinned: Option<bool>,
    archived: Option<bool>,
    /// The newest message of the path to show.
    active_leaf_id: Option<Uuid>,
    /// Replaces the whole object.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// When it is to be deleted; null lets it stay.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Timestamp>,
    #[schema(ignore)]
    names_title: bool,
    #[schema(ignore)]
    names_end: bool,
}

impl FromFields for CreateConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            client_id: fields.text("client_id", 1..=limit::CLIENT_ID),
            title: fields.text("title", 0..=limit::TITLE),
            metadata: fields.metadata("metadata"),
            expires_at: fields.time("expires_at"),
        })
    }
}

impl From<CreateConversation> for CreateConversationRequest {
    fn from(input: CreateConversation) -> Self {
        let CreateConversation { client_id, title, metadata, expires_at } = input;
        Self { client_id, title, metadata_json: json(metadata), expires_at }
    }
}

impl FromFields for UpdateConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let input = Self {
            title: fields.text("title", 0..=limit::TITLE),
            pinned: fields.boolean("pinned"),
            archived: fields.boolean("archived"),
            active_leaf_id: fields.uuid("active_leaf_id"),
            metadata: fields.metadata("metadata"),
            expires_at: fields.time("expires_at"),
            names_title: fields.has("title"),
            names_end: fields.has("expires_at"),
        };
        if fields.is_clean() && input.mask().is_empty() {
            let message = "name at least one of title, pinned, archived, active_leaf_id, metadata, expires_at";
            fields.note("", reason::FIELD_REQUIRED, message);
        }
        Some(input)
    }
}

impl UpdateConversation {
    fn mask(&self) -> Vec<String> {
        let named = [
            ("title", self.names_title),
            ("pinned", self.pinned.is_some()),
            ("archived", self.archived.is_some()),
            ("active_leaf_id", self.active_leaf_id.is_some()),
            ("metadata", self.metadata.is_some()),
            ("expires_at", self.names_end),
        ];
        named.into_iter().filter(|(_, named)| *named).map(|(name, _)| name.to_owned()).collect()
    }

    pub(super) fn into_request(self, id: String) -> UpdateConversationRequest {
        let paths = self.mask();
        let conversation = Conversation {
            id,
            title: self.title,
            pinned: self.pinned.unwrap_or_default(),
            archived: self.archived.unwrap_or_default(),
            active_leaf_id: self.active_leaf_id.map(|id| id.to_string()),
            metadata_json: json(self.metadata),
            expires_at: self.expires_at,
            ..Conversation::default()
        };
        UpdateConversationRequest { conversation: Some(conversation), update_mask: Some(FieldMask { paths }) }
    }
}

fn json(metadata: Option<Box<RawValue>>) -> String {
    metadata.map(|raw| raw.get().to_owned()).unwrap_or_default()
}
