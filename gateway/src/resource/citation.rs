//! Where messages cite a document.

use proto::history::v1 as history;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Source, optional_time};

/// One place where a message of mine cites a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Citation {
    /// The message that cites.
    #[schema(format = Uuid)]
    message_id: String,
    #[schema(format = Uuid)]
    conversation_id: String,
    conversation_title: Option<String>,
    /// When the message was created.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// The beginning of the message.
    preview: String,
    /// What it cites.
    source: Option<Source>,
}

impl From<history::Citation> for Citation {
    fn from(from: history::Citation) -> Self {
        Self {
            message_id: from.message_id,
            conversation_id: from.conversation_id,
            conversation_title: from.conversation_title,
            created_at: optional_time(from.created_at.as_ref()),
            preview: from.preview,
            source: from.source.map(Into::into),
        }
    }
}
