//! What must have come of it.

use std::collections::BTreeMap;

use proto::history::v1 as pb;

#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    pub(super) title: Option<(String, pb::TitleSource)>,
    pub(super) pinned: bool,
    pub(super) archived: bool,
    pub(super) agent: Option<String>,
    pub(super) leaf: Option<String>,
    pub(super) preview: String,
    /// Grows with each change; the last changed comes first.
    pub(super) changed: usize,
    /// In the order in which they were made.
    pub(super) messages: Vec<Message>,
    pub(super) running: Option<pb::Run>,
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) content: String,
    pub(super) sources: bool,
    pub(super) rating: i32,
}

/// What one user has.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) conversations: BTreeMap<String, Conversation>,
    /// What each client id was used for, and where.
    pub(super) client_ids: BTreeMap<u8, (String, Message)>,
    pub(super) clock: usize,
}

impl Conversation {
    pub(super) fn message(&self, id: &str) -> &Message {
        self.messages.iter().find(|message| message.id == id).unwrap()
    }

    pub(super) fn path(&self, leaf: Option<&str>) -> Vec<&Message> {
        let mut path = Vec::new();
        let mut next = leaf;
        while let Some(id) = next {
            let message = self.message(id);
            path.push(message);
            next = message.parent.as_deref();
        }
        path.reverse();
        path
    }

    pub(super) fn siblings(&self, of: &Message) -> pb::Siblings {
        let siblings: Vec<_> = self.messages.iter().filter(|message| message.parent == of.parent).collect();
        let index = siblings.iter().position(|message| message.id == of.id).unwrap() + 1;
        pb::Siblings { index: i32::try_from(index).unwrap(), count: i32::try_from(siblings.len()).unwrap() }
    }
}
