//! Everything of a user, record by record, in memory that does not grow with how much there is.
//!
//! Whoever asks pulls: nothing is read ahead of them but one batch, and nothing is held in the database while they are
//! slow. Conversations and messages are walked by ids that never change, so that whatever is there all the time comes
//! exactly once.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use kit::{caller::UserId, database::in_time, error::Error};
use uuid::Uuid;

use crate::{
    conversation::Conversation,
    deletion::Counts,
    id::{ConversationId, MessageId},
    message::Message,
    run::Run,
    store::{self, Store},
    word::Role,
};

mod order;

/// How many ids of conversations are read at once.
const IDS: i64 = 1_000;
/// How many conversations.
const CONVERSATIONS: usize = 100;
/// How many bones.
const BONES: i64 = 1_000;
/// How many messages, and after how many bytes it is enough.
const MESSAGES: usize = 200;
const BYTES: i64 = 2 * 1024 * 1024;

/// One record. A manifest comes first, `Completed` last.
#[derive(Debug)]
pub(crate) enum Record {
    Manifest { user: UserId, generated_at: DateTime<Utc> },
    Conversation(Conversation),
    Message(Message),
    Run(ExportedRun),
    Completed(Counts),
}

/// A run with the client's key.
#[derive(Debug)]
pub(crate) struct ExportedRun {
    pub(crate) run: Run,
    pub(crate) request_id: Option<String>,
}

/// The order of messages within a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    ById,
    /// The active path, then the other branches.
    Reading,
}

/// Where a message stands, and what it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bone {
    pub(crate) id: MessageId,
    pub(crate) parent_id: Option<MessageId>,
    pub(crate) bytes: i32,
}

/// An export that is under way.
pub(crate) struct Export {
    store: Store,
    user: UserId,
    order: Order,
    ready: VecDeque<Record>,
    messages: VecDeque<Bone>,
    /// The conversation at hand, while it may have more bones, and the last of those that were read.
    skeleton: Option<(ConversationId, MessageId)>,
    conversations: VecDeque<Conversation>,
    ids: VecDeque<ConversationId>,
    last_id: ConversationId,
    counts: Counts,
    over: bool,
}

impl Export {
    /// Begins with a look, so that a database that is away is told of instead of a manifest.
    pub(crate) async fn begin(store: Store, user: UserId, order: Order, now: DateTime<Utc>) -> Result<Self, Error> {
        let mut export = Self {
            store,
            user,
            order,
            ready: VecDeque::from([Record::Manifest { user, generated_at: now }]),
            messages: VecDeque::new(),
            skeleton: None,
            conversations: VecDeque::new(),
            ids: VecDeque::new(),
            last_id: ConversationId(Uuid::nil()),
            counts: Counts::default(),
            over: false,
        };
        export.read_ids().await?;
        Ok(export)
    }

    /// The next record; none after `Completed`.
    pub(crate) async fn next(&mut self) -> Result<Option<Record>, Error> {
        while self.ready.is_empty() && !self.over {
            self.advance().await?;
        }
        Ok(self.ready.pop_front())
    }

    /// Reads the next batch of whatever is next.
    async fn advance(&mut self) -> Result<(), Error> {
        if !self.messages.is_empty() {
            self.read_messages().await
        } else if let Some((conversation, last)) = self.skeleton {
            self.read_bones(conversation, last).await
        } else if let Some(conversation) = self.conversations.pop_front() {
            self.enter(conversation).await
        } else if !self.ids.is_empty() {
            self.read_conversations().await
        } else {
            self.read_ids().await
        }
    }

    async fn read_ids(&mut self) -> Result<(), Error> {
        let (pool, user, last) = (self.store.pool(), self.user, self.last_id);
        let ids = in_time(async { Ok(store::export::conversation_ids(pool, user, last, IDS).await?) }).await?;
        if let Some(last) = ids.last() {
            self.last_id = *last;
        } else {
            self.over = true;
            self.ready.push_back(Record::Completed(self.counts));
        }
        self.ids = ids.into();
        Ok(())
    }

    async fn read_conversations(&mut self) -> Result<(), Error> {
        let some = self.ids.len().min(CONVERSATIONS);
        let ids: Vec<_> = self.ids.drain(..some).collect();
        let (pool, user) = (self.store.pool(), self.user);
        let read = in_time(async { Ok(store::export::conversations(pool, user, &ids).await?) });
        self.conversations = read.await?.into();
        Ok(())
    }

    async fn enter(&mut self, conversation: Conversation) -> Result<(), Error> {
        let first = MessageId(Uuid::nil());
        self.skeleton = Some((conversation.id, first));
        if self.order == Order::Reading {
            // The whole skeleton, which holds no word of what anybody said.
            let mut bones = Vec::new();
            while let Some((id, last)) = self.skeleton {
                self.read_bones(id, last).await?;
                bones.extend(self.messages.drain(..));
            }
            self.messages = order::reading(&bones, conversation.active_leaf_id).into();
        }
        self.counts.conversations += 1;
        self.ready.push_back(Record::Conversation(conversation));
        Ok(())
    }

    async fn read_bones(&mut self, conversation: ConversationId, last: MessageId) -> Result<(), Error> {
        let (pool, user) = (self.store.pool(), self.user);
        let read = in_time(async { Ok(store::export::bones(pool, user, conversation, last, BONES).await?) });
        let bones = read.await?;
        let full = i64::try_from(bones.len()).is_ok_and(|count| count >= BONES);
        self.skeleton = bones.last().filter(|_| full).map(|last| (conversation, last.id));
        self.messages = bones.into();
        Ok(())
    }

    async fn read_messages(&mut self) -> Result<(), Error> {
        let batch = batch(&self.messages);
        let ids: Vec<_> = self.messages.drain(..batch).map(|bone| bone.id).collect();
        let (pool, user) = (self.store.pool(), self.user);
        let messages = in_time(async { Ok(store::message::find(pool, user, &ids).await?) }).await?;
        let answers = messages.iter().filter(|message| message.role == Role::Assistant);
        let answers: Vec<_> = answers.map(|message| message.id).collect();
        let runs = if answers.is_empty() {
            Vec::new()
        } else {
            in_time(async { Ok(store::export::runs(pool, user, &answers).await?) }).await?
        };
        for message in messages {
            self.counts.messages += 1;
            self.counts.sources += i64::try_from(message.sources.len()).unwrap_or_default();
            self.ready.push_back(Record::Message(message));
        }
        for run in runs {
            self.counts.runs += 1;
            self.ready.push_back(Record::Run(run));
        }
        Ok(())
    }
}

/// How many messages, from the first on, make one batch.
fn batch(bones: &VecDeque<Bone>) -> usize {
    let mut bytes = 0;
    let fits = |bone: &&Bone| {
        let fits = bytes < BYTES;
        bytes += i64::from(bone.bytes);
        fits
    };
    bones.iter().take(MESSAGES).take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ends_with_the_message_that_is_enough() {
        let bones = |sizes: &[i32]| {
            let bone = |bytes: &i32| Bone { id: MessageId::generate(), parent_id: None, bytes: *bytes };
            sizes.iter().map(bone).collect::<VecDeque<_>>()
        };
        let most = i32::try_from(BYTES).unwrap();
        assert_eq!(batch(&bones(&[1, 2, 3])), 3);
        assert_eq!(batch(&bones(&[most - 1, 5, 1])), 2);
        assert_eq!(batch(&bones(&[i32::MAX, 1])), 1);
        assert_eq!(batch(&bones(&[0; 500])), MESSAGES);
    }
}
