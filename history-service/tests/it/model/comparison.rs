//! Everything that a user can read, compared with what must be there.

use proptest::{prelude::*, test_runner::TestCaseError};
use proto::history::v1 as pb;

use super::{actor::Actor, state::Conversation};

impl Actor<'_> {
    /// Compares everything that this user can read.
    pub(super) async fn compare(&self) -> Result<(), TestCaseError> {
        for archived in [false, true] {
            self.compare_list(Some(archived), |_| true, pb::ListConversationsRequest::default()).await?;
        }
        let cites = |conversation: &Conversation| conversation.messages.iter().any(|message| message.sources);
        let list = pb::ListConversationsRequest { has_sources: Some(true), ..Default::default() };
        self.compare_list(None, cites, list).await?;
        let up = |conversation: &Conversation| conversation.messages.iter().any(|message| message.rating == 1);
        let list = pb::ListConversationsRequest { feedback: Some(1), ..Default::default() };
        self.compare_list(None, up, list).await?;
        for (id, conversation) in &self.model.conversations {
            self.compare_conversation(id, conversation).await?;
        }
        Ok(())
    }

    async fn compare_list(
        &self,
        archived: Option<bool>,
        chosen: impl Fn(&Conversation) -> bool,
        list: pb::ListConversationsRequest,
    ) -> Result<(), TestCaseError> {
        let of_archive = |conversation: &&Conversation| conversation.archived == archived.unwrap_or(false);
        let mut expected: Vec<_> =
            self.model.conversations.iter().filter(|(_, c)| of_archive(c) && chosen(c)).collect();
        expected.sort_by_key(|(_, conversation)| std::cmp::Reverse((conversation.pinned, conversation.changed)));
        let expected: Vec<_> = expected.into_iter().map(|(id, _)| id.clone()).collect();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let list = pb::ListConversationsRequest { archived, page_size: 3, page_token: token, ..list.clone() };
            let page = self.user.list_conversations(list).await.unwrap();
            seen.extend(page.conversations.into_iter().map(|conversation| conversation.id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        prop_assert_eq!(seen, expected);
        Ok(())
    }

    async fn compare_conversation(&self, id: &str, expected: &Conversation) -> Result<(), TestCaseError> {
        let read = self.user.read(id).await;
        let title = read.title.clone().map(|title| (title, read.title_source()));
        prop_assert_eq!(&title, &expected.title);
        prop_assert_eq!(
            (read.pinned, read.archived, &read.agent, &read.active_leaf_id, &read.preview),
            (expected.pinned, expected.archived, &expected.agent, &expected.leaf, &expected.preview)
        );
        prop_assert_eq!(usize::try_from(read.message_count).unwrap(), expected.messages.len());
        let ends = expected
            .messages
            .iter()
            .filter(|message| !expected.messages.iter().any(|other| other.parent.as_ref() == Some(&message.id)));
        for leaf in std::iter::once(None).chain(ends.map(|message| Some(message.id.clone()))) {
            let path = expected.path(leaf.as_deref().or(expected.leaf.as_deref()));
            let list = pb::ListMessagesRequest { conversation_id: id.to_owned(), leaf_id: leaf, ..Default::default() };
            let read = self.user.list_messages(list).await.unwrap();
            prop_assert!(read.next_page_token.is_empty() && read.previous_page_token.is_empty());
            prop_assert_eq!(read.messages.len(), path.len());
            for (read, message) in read.messages.iter().zip(path) {
                prop_assert_eq!(
                    (&read.id, &read.parent_id, &read.content, read.sources.len(), read.siblings),
                    (
                        &message.id,
                        &message.parent,
                        &message.content,
                        usize::from(message.sources),
                        Some(expected.siblings(message))
                    )
                );
                prop_assert_eq!(read.feedback.as_ref().map_or(0, |feedback| feedback.rating), message.rating);
            }
        }
        Ok(())
    }
}
