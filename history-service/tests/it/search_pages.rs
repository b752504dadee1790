//! Pages of hits, and of lists that a query chooses.

use proto::history::v1 as pb;

use crate::{
    search::{asking, titled},
    world::{Person, World},
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

/// So many messages that look as if they matched, in the one conversation behind the first message.
const MANY: &str = "
    WITH message AS (
        INSERT INTO history.message (message_id, user_id, conversation_id, role, status, content, metadata)
        SELECT
            ('ffff0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, user_id, conversation_id, 'user',
            'completed', 'fox red ' || n, '{}'
        FROM history.conversation, generate_series(1, 12000) n
        WHERE conversation_id = $1::uuid
        RETURNING message_id, user_id, conversation_id, content
    )
    INSERT INTO history.search_entry (entry_id, user_id, conversation_id, length)
    SELECT message_id, user_id, conversation_id, octet_length(content)
    FROM message";

/// A page of conversations with the phrase, and the tokens before and after it.
async fn foxes(user: &Person, token: &str) -> (Vec<String>, String, String) {
    let request = pb::ListConversationsRequest {
        query: Some("\"red fox\"".to_owned()),
        page_token: token.to_owned(),
        ..Default::default()
    };
    let page = user.list_conversations(request).await.unwrap();
    let ids = page.conversations.into_iter().map(|conversation| conversation.id).collect();
    (ids, page.previous_page_token, page.next_page_token)
}

#[tokio::test]
async fn a_page_goes_on_inside_of_a_conversation_in_which_the_page_before_had_read_enough() {
    let world = World::new().await;
    let user = world.user();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = titled(&user, "0").await;
        user.say(&id, "a red fox", None).await;
        ids.insert(0, id);
    }
    let [newest, long, oldest] = [ids[0].clone(), ids[1].clone(), ids[2].clone()];
    sqlx::query(MANY).bind(&long).execute(&mut world.superuser().await).await.unwrap();

    let (mut pages, mut tokens) = (Vec::new(), vec![String::new()]);
    let last = loop {
        let (ids, previous, next) = foxes(&user, tokens.last().unwrap()).await;
        pages.push(ids);
        if next.is_empty() {
            break previous;
        }
        tokens.push(next);
    };
    // At first there is nothing but the newest messages of the long one, then it is looked at one after the other.
    assert_eq!(pages, [vec![], vec![newest.clone()], vec![], vec![long.clone(), oldest.clone()]]);
    let (ids, previous, _) = foxes(&user, &last).await;
    assert_eq!((ids, previous.as_str()), (vec![newest.clone()], ""));

    // Where somebody wrote to it meanwhile, it stands elsewhere, and the others stay.
    user.say(&long, "hello", None).await;
    let (ids, previous, next) = foxes(&user, &tokens[2]).await;
    assert_eq!((ids, next.as_str()), (vec![oldest], ""));
    let (mut pages, mut token) = (Vec::new(), previous);
    while !token.is_empty() {
        let (ids, previous, _) = foxes(&user, &token).await;
        pages.push(ids);
        token = previous;
    }
    assert_eq!(pages, [vec![], vec![newest], vec![], vec![long]]);
}
