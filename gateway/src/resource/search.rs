//! What was found.

use proto::history::v1 as history;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Role, optional_time};

/// A message or a title that matches.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchHit {
    /// The message; null where the title of the conversation matches.
    #[schema(format = Uuid)]
    message_id: Option<String>,
    #[schema(format = Uuid)]
    conversation_id: String,
    conversation_title: Option<String>,
    /// Who wrote the message; null for a title.
    role: Option<Role>,
    /// When the message was written, or the conversation began.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// Pass it as `leaf` to `GET /conversations/{id}/messages` to see the message; null for the title of a conversation
    /// without messages.
    #[schema(format = Uuid)]
    leaf_id: Option<String>,
    /// Whether the conversation shows it without that.
    on_active_path: bool,
    /// The place that matches, in order: one line, at most 240 characters.
    snippet: Vec<SnippetFragment>,
}

/// A piece of a snippet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnippetFragment {
    /// Text as it is, never markup.
    text: String,
    /// Whether it is what was looked for.
    highlighted: bool,
}

impl From<history::SearchHit> for SearchHit {
    fn from(from: history::SearchHit) -> Self {
        let fragment =
            |from: history::SnippetFragment| SnippetFragment { text: from.text, highlighted: from.highlighted };
        Self {
            role: from.role.map(|_| from.role().into()),
            message_id: from.message_id,
            conversation_id: from.conversation_id,
            conversation_title: from.conversation_title,
            created_at: optional_time(from.created_at.as_ref()),
            leaf_id: from.leaf_id,
            on_active_path: from.on_active_path,
            snippet: from.snippet.into_iter().map(fragment).collect(),
        }
    }
}
