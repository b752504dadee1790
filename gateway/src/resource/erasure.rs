//! What is left of somebody who was erased.

use proto::history::v1 as history;
use serde::Serialize;
use utoipa::ToSchema;

use super::optional_time;

/// The receipt of an erasure. It holds nothing personal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Erasure {
    /// What stays: a keyed hash of the user's id, in hexadecimal digits.
    tombstone: String,
    /// When the erasure was first asked for.
    #[schema(format = DateTime)]
    erased_at: Option<String>,
    /// When nothing was left of the history.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// What was removed.
    counts: Counts,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct Counts {
    conversations: i64,
    /// Of all branches.
    messages: i64,
    /// Of these messages.
    sources: i64,
    runs: i64,
}

impl From<history::EraseUserResponse> for Erasure {
    fn from(from: history::EraseUserResponse) -> Self {
        Self {
            tombstone: from.tombstone,
            erased_at: optional_time(from.erased_at.as_ref()),
            finished_at: optional_time(from.finished_at.as_ref()),
            counts: from.counts.unwrap_or_default().into(),
        }
    }
}

impl From<history::RecordCounts> for Counts {
    fn from(from: history::RecordCounts) -> Self {
        let history::RecordCounts { conversations, messages, sources, runs } = from;
        Self { conversations, messages, sources, runs }
    }
}
