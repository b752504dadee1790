//! Trees: branches, siblings, and pages of a path.

use proto::history::v1 as pb;

use crate::world::{Person, World, completed};

async fn path(user: &Person, conversation: &str, leaf: Option<&str>) -> Vec<pb::Message> {
    let request = pb::ListMessagesRequest {
        conversation_id: conversation.to_owned(),
        leaf_id: leaf.map(str::to_owned),
        ..pb::ListMessagesRequest::default()
    };
    user.list_messages(request).await.unwrap().messages
}

fn shown(messages: &[pb::Message]) -> Vec<(&str, i32, i32)> {
    let siblings = |message: &pb::Message| message.siblings.map(|s| (s.index, s.count)).unwrap();
    messages.iter().map(|message| (message.content.as_str(), siblings(message).0, siblings(message).1)).collect()
}

#[tokio::test]
async fn an_edit_makes_a_sibling_and_both_branches_stay() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let root = user.say(&id, "root", None).await;
    let first = user.say(&id, "first", Some(&root.id)).await;
    let below = user.say(&id, "below first", None).await;
    let second = user.say(&id, "second", Some(&root.id)).await;
    assert_eq!(second.siblings, Some(pb::Siblings { index: 2, count: 2 }));
    let third = user.say(&id, "third", Some(&root.id)).await;
    user.say(&id, "below third", None).await;

    let active = path(&user, &id, None).await;
    assert_eq!(shown(&active), [("root", 1, 1), ("third", 3, 3), ("below third", 1, 1)]);
    let old = path(&user, &id, Some(&below.id)).await;
    assert_eq!(shown(&old), [("root", 1, 1), ("first", 1, 3), ("below first", 1, 1)]);
    assert_eq!(shown(&path(&user, &id, Some(&second.id)).await), [("root", 1, 1), ("second", 2, 3)]);
    let ended = [root.id, first.id, third.id].map(Some);
    assert_eq!([&old[1].parent_id, &old[2].parent_id, &active[2].parent_id], [&ended[0], &ended[1], &ended[2]]);
    assert_eq!(user.read(&id).await.message_count, 6);
}

#[tokio::test]
async fn roots_are_siblings_too() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let first = user.say(&id, "first", None).await;
    // Only what was written by hand has a second root: the API appends to the active leaf.
    let mut superuser = world.superuser().await;
    sqlx::query("UPDATE history.conversation SET active_leaf_id = NULL").execute(&mut superuser).await.unwrap();
    let second = user.say(&id, "second", None).await;
    assert_eq!(second.siblings, Some(pb::Siblings { index: 2, count: 2 }));
    assert_eq!(shown(&path(&user, &id, None).await), [("second", 2, 2)]);
    assert_eq!(shown(&path(&user, &id, Some(&first.id)).await), [("first", 1, 2)]);
}

#[tokio::test]
async fn pages_walk_a_path_once_newest_page_first() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let texts: Vec<_> = (0..11).map(|number| number.to_string()).collect();
    for text in &texts {
        user.say(&id, text, None).await;
    }
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListMessagesRequest {
            conversation_id: id.clone(),
            page_size: 4,
            page_token: token,
            ..pb::ListMessagesRequest::default()
        };
        let page = user.list_messages(request).await.unwrap();
        pages.push(page.messages.into_iter().map(|message| message.content).collect::<Vec<_>>());
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        // What arrives meanwhile belongs to no older page.
        user.say(&id, "news", None).await;
    }
    assert_eq!(pages, [&texts[7..], &texts[3..7], &texts[..3]]);
}

#[tokio::test]
async fn a_page_that_ends_at_the_root_is_the_last() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    user.say(&id, "one", None).await;
    user.say(&id, "two", None).await;
    let request = pb::ListMessagesRequest { conversation_id: id, page_size: 2, ..Default::default() };
    let page = user.list_messages(request).await.unwrap();
    assert_eq!((page.messages.len(), page.next_page_token.as_str()), (2, ""));
}

#[tokio::test]
async fn an_empty_conversation_has_an_empty_path() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    assert_eq!(path(&user, &id, None).await, []);
}

#[tokio::test]
async fn huge_messages_make_shorter_pages_and_none_is_lost() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let huge = "x".repeat(900_000);
    for _ in 0..5 {
        user.say(&id, &huge, None).await;
    }
    assert_eq!(page_sizes(&user, &id).await, [3, 2]);
}

#[tokio::test]
async fn what_messages_cite_counts_for_the_size_of_a_page() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    for number in 0..5 {
        let run = user.ask(Some(&id), "?").await.run.unwrap();
        let snippet = if number % 2 == 0 { "s".repeat(2 * 1024 * 1024) } else { String::new() };
        let cited = pb::Source { snippet: Some(snippet), ..pb::Source::default() };
        let finish = pb::FinishRunRequest { sources: vec![cited], ..completed(&run, "!") };
        user.finish_run(finish).await.unwrap();
    }
    // The newest answer fills a page, as do the third and the first with what lies between.
    assert_eq!(page_sizes(&user, &id).await, [1, 4, 4, 1]);
}

/// How many messages each page has, newest page first.
async fn page_sizes(user: &Person, id: &str) -> Vec<usize> {
    let (mut sizes, mut token) = (Vec::new(), String::new());
    loop {
        let request =
            pb::ListMessagesRequest { conversation_id: id.to_owned(), page_token: token, ..Default::default() };
        let page = user.list_messages(request).await.unwrap();
        sizes.push(page.messages.len());
        token = page.next_page_token;
        if token.is_empty() {
            return sizes;
        }
    }
}
