//! Pages of hits, and of lists that a query chooses.

use proto::history::v1 as pb;

use crate::{
    search::{asking, titled},
    world::World,
};

#[tokio::test]
async fn pages_walk_every_hit_once_while_new_ones_arrive_and_old_ones_go() {
    let world = World::new().await;
    let user = world.user();
    let (keep, drop) = (titled(&user, "0").await, titled(&user, "0").await);
    let mut expected = Vec::new();
    for number in 0..250 {
        let text = format!("needle {}", ["hay ", "", "more hay and more"][number % 3]);
        expected.push(user.say(&keep, &text, None).await.id);
        if number % 50 == 0 {
            user.say(&drop, "needle that goes", None).await;
        }
    }
    let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = pb::SearchMessagesRequest { page_size: 17, page_token: token, ..asking("needle") };
        let page = user.search_messages(request).await.unwrap();
        assert!(page.hits.len() <= 17);
        seen.extend(page.hits.into_iter().filter(|hit| hit.conversation_id == keep).filter_map(|hit| hit.message_id));
        (token, pages) = (page.next_page_token, pages + 1);
        if token.is_empty() {
            break;
        }
        user.say(&keep, "a new needle", None).await;
        if pages == 3 {
            let delete = pb::DeleteConversationRequest { conversation_id: drop.clone() };
            user.delete_conversation(delete).await.unwrap();
        }
    }
    expected.sort();
    seen.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn lists_choose_by_title_or_message() {
    let world = World::new().await;
    let user = world.user();
    let mut expected = Vec::new();
    for number in 0..30 {
        let title = if number % 3 == 0 { "heron" } else { "0" };
        let id = titled(&user, title).await;
        let text = if number % 3 == 1 { "a heron flies" } else { "a duck swims" };
        user.say(&id, text, None).await;
        if number % 3 < 2 {
            expected.insert(0, id);
        }
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListConversationsRequest {
            page_size: 7,
            page_token: token,
            query: Some("heron -duckling".to_owned()),
            ..Default::default()
        };
        let page = user.list_conversations(request).await.unwrap();
        seen.extend(page.conversations.into_iter().map(|conversation| conversation.id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, expected);
    let request = pb::ListConversationsRequest { query: Some("\"heron swims\"".to_owned()), ..Default::default() };
    assert_eq!(user.list_conversations(request).await.unwrap(), pb::ListConversationsResponse::default());
}
