//! Calls of the service, as the gateway makes them.

use std::fmt;

use anyhow::{Context as _, ensure};
use kit::{
    caller::UserId,
    client::{self, Transport},
    request_id::RequestId,
};
use proto::history::v1::{
    self as pb, conversation_service_client::ConversationServiceClient, message_service_client::MessageServiceClient,
};
use tonic::Request;
use url::Url;

use super::data::{Size, conversation, user};
use crate::stack::SERVICE_KEY;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    List,
    Page,
    /// The newest page of the longest conversation.
    LongPage,
    Append,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "`ListConversations`",
            Self::Page => "`ListMessages`, all 10",
            Self::LongPage => "`ListMessages`, newest 10 of the longest",
            Self::Append => "`CreateMessage`",
        })
    }
}

/// A client that asks for one user after the other.
pub(super) struct Caller {
    conversations: ConversationServiceClient<Transport>,
    messages: MessageServiceClient<Transport>,
    size: Size,
    turn: u64,
}

impl Caller {
    pub(super) fn connect(service: &Url, size: Size, number: usize) -> anyhow::Result<Self> {
        let transport = client::connect(service, &SERVICE_KEY.into())?;
        let conversations = ConversationServiceClient::new(transport.clone());
        Ok(Self { conversations, messages: MessageServiceClient::new(transport), size, turn: number as u64 * 7_919 })
    }

    /// Asks, and looks whether the answer is one.
    pub(super) async fn ask(&mut self, call: Call) -> anyhow::Result<()> {
        // A prime: all conversations but those of user 1, in no order.
        self.turn += 104_729;
        let first = self.size.of_first_user();
        let number =
            if matches!(call, Call::LongPage) { 1 } else { first + 1 + self.turn % (self.size.conversations - first) };
        let owner = UserId(user(self.size.user_of(number)));
        let conversation_id = conversation(number).to_string();
        match call {
            Call::List => {
                let request = acting(owner, pb::ListConversationsRequest::default());
                let answer = self.conversations.list_conversations(request).await?.into_inner();
                ensure!(answer.conversations.len() > 5, "a user without conversations");
            }
            Call::Page | Call::LongPage => {
                let request = pb::ListMessagesRequest { conversation_id, page_size: 10, ..Default::default() };
                let answer = self.messages.list_messages(acting(owner, request)).await?.into_inner();
                ensure!(answer.messages.len() > 5, "a conversation without messages");
            }
            Call::Append => {
                let request = pb::CreateMessageRequest {
                    conversation_id,
                    role: pb::Role::User.into(),
                    content: "What does it say?".to_owned(),
                    ..Default::default()
                };
                let answer = self.messages.create_message(acting(owner, request)).await?.into_inner();
                answer.message.context("no message")?;
            }
        }
        Ok(())
    }
}

/// A request of the gateway's for this user.
pub(super) fn acting<T>(user: UserId, message: T) -> Request<T> {
    client::request_for(message, user, &RequestId::generate())
}
