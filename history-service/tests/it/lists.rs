//! Lists of conversations, page by page.

use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{Person, World, violations};

fn page(page_size: i32, page_token: &str) -> pb::ListConversationsRequest {
    pb::ListConversationsRequest { page_size, page_token: page_token.to_owned(), ..Default::default() }
}

async fn pin(user: &Person, id: &str) {
    let request = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation { id: id.to_owned(), pinned: true, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["pinned".to_owned()] }),
    };
    user.update_conversation(request).await.unwrap();
}

fn ids(conversations: &[pb::Conversation]) -> Vec<String> {
    conversations.iter().map(|conversation| conversation.id.clone()).collect()
}

#[tokio::test]
async fn pinned_come_first_then_the_last_changed() {
    let world = World::new().await;
    let user = world.user();
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(user.conversation().await.id);
    }
    pin(&user, &made[0]).await;
    pin(&user, &made[2]).await;
    user.say(&made[1], "news", None).await;

    let listed = user.list_conversations(page(0, "")).await.unwrap();
    assert_eq!(ids(&listed.conversations), [2, 0, 1, 3].map(|index: usize| made[index].clone()));
    assert_eq!(listed.next_page_token, "");
}

#[tokio::test]
async fn pages_walk_every_conversation_once_while_new_ones_arrive() {
    let world = World::new().await;
    let user = world.user();
    let mut expected = Vec::new();
    for _ in 0..23 {
        expected.insert(0, user.conversation().await.id);
    }
    for id in [expected[4].clone(), expected[20].clone()] {
        pin(&user, &id).await;
        expected.retain(|other| *other != id);
        expected.insert(0, id);
    }
    // The same moment for all of them: then the ids decide.
    let mut superuser = world.superuser().await;
    sqlx::query("UPDATE history.conversation SET updated_at = now()").execute(&mut superuser).await.unwrap();
    expected.sort_by(|a, b| b.cmp(a));
    let first = user.list_conversations(page(2, "")).await.unwrap().conversations;
    assert!(first.iter().all(|conversation| conversation.pinned));

    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let listed = user.list_conversations(page(5, &token)).await.unwrap();
        assert!(listed.conversations.len() <= 5);
        seen.extend(ids(&listed.conversations));
        token = listed.next_page_token;
        if token.is_empty() {
            break;
        }
        user.conversation().await;
    }
    assert_eq!(seen[..2], ids(&first));
    seen.sort_by(|a, b| b.cmp(a));
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn filters_choose() {
    let world = World::new().await;
    let user = world.user();
    let asked = user.ask(None, "hello").await.conversation.unwrap();
    let pinned = user.conversation().await;
    pin(&user, &pinned.id).await;
    let archived = user.conversation().await;
    let request = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation { archived: true, ..archived.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["archived".to_owned()] }),
    };
    user.update_conversation(request).await.unwrap();

    let from = |request: pb::ListConversationsRequest| async {
        ids(&user.list_conversations(request).await.unwrap().conversations).join(" ")
    };
    let (pinned_id, asked_id) = (pinned.id.as_str(), asked.id.as_str());
    let all = || pb::ListConversationsRequest::default();
    assert_eq!(from(all()).await, format!("{pinned_id} {asked_id}"));
    assert_eq!(from(pb::ListConversationsRequest { archived: Some(true), ..all() }).await, archived.id);
    assert_eq!(from(pb::ListConversationsRequest { pinned: Some(true), ..all() }).await, pinned_id);
    assert_eq!(from(pb::ListConversationsRequest { pinned: Some(false), ..all() }).await, asked_id);
    let agent = |name: &str| pb::ListConversationsRequest { agent: Some(name.to_owned()), ..all() };
    assert_eq!(from(agent("docs")).await, asked_id);
    assert_eq!(from(agent("other")).await, "");
    let since = pb::ListConversationsRequest { updated_from: user.read(&pinned.id).await.updated_at, ..all() };
    assert_eq!(from(since).await, pinned_id);
    let until = pb::ListConversationsRequest { updated_to: asked.updated_at, ..all() };
    assert_eq!(from(until).await, "");
    let exactly = pb::ListConversationsRequest { updated_from: asked.updated_at, ..all() };
    assert!(from(exactly).await.contains(asked_id));
}

#[tokio::test]
async fn a_token_of_another_query_or_nobody_is_refused_by_name() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let conversation = user.ask(None, "one").await.conversation.unwrap();
    user.say(&conversation.id, "two", None).await;
    user.conversation().await;
    let token = user.list_conversations(page(1, "")).await.unwrap().next_page_token;
    assert_ne!(token, "");

    let path = pb::ListMessagesRequest {
        conversation_id: conversation.id.clone(),
        page_size: 1,
        ..pb::ListMessagesRequest::default()
    };
    let path_token = user.list_messages(path.clone()).await.unwrap().next_page_token;

    let archived = pb::ListConversationsRequest { archived: Some(true), ..page(1, &token) };
    let mut refusals = vec![
        user.list_conversations(archived).await.unwrap_err(),
        other.list_conversations(page(1, &token)).await.unwrap_err(),
        user.list_conversations(page(1, &path_token)).await.unwrap_err(),
        user.list_messages(pb::ListMessagesRequest { page_token: token.clone(), ..path.clone() }).await.unwrap_err(),
    ];
    let leaf = pb::ListMessagesRequest { leaf_id: conversation.active_leaf_id, page_token: path_token, ..path };
    refusals.push(user.list_messages(leaf).await.unwrap_err());
    for forged in ["x", "AAAA", &token[1..], &format!("{token}A"), "\u{202e}", "'; DROP", &"A".repeat(100_000)] {
        refusals.push(user.list_conversations(page(1, forged)).await.unwrap_err());
    }
    for refused in refusals {
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert_eq!(violations(&refused), [("page_token".to_owned(), "INVALID".to_owned())]);
    }
    // Another size is the same query.
    assert_eq!(user.list_conversations(page(7, &token)).await.unwrap().conversations.len(), 1);
}
