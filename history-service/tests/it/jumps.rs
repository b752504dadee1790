//! Long paths: into their middle, and on both ways.

use std::sync::atomic::{AtomicBool, Ordering};

use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{Person, World, completed, reason_of, user_message, violations};

type List = pb::ListMessagesRequest;

fn contents(page: &pb::ListMessagesResponse) -> Vec<String> {
    page.messages.iter().map(|message| message.content.clone()).collect()
}

async fn read(user: &Person, list: &List, token: &str) -> pb::ListMessagesResponse {
    user.list_messages(List { page_token: token.to_owned(), ..list.clone() }).await.unwrap()
}

fn of(conversation: &str, page_size: i32) -> List {
    List { conversation_id: conversation.to_owned(), page_size, ..List::default() }
}

/// Everything from this page to the leaf, in order.
async fn to_the_leaf(user: &Person, list: &List, mut at: pb::ListMessagesResponse) -> Vec<String> {
    let mut seen = contents(&at);
    while !at.previous_page_token.is_empty() {
        at = read(user, list, &at.previous_page_token).await;
        assert!(!at.messages.is_empty() && !at.next_page_token.is_empty());
        seen.extend(contents(&at));
    }
    seen
}

/// Everything from the root to this page, in order.
async fn to_the_root(user: &Person, list: &List, mut at: pb::ListMessagesResponse) -> Vec<String> {
    let mut seen = contents(&at);
    while !at.next_page_token.is_empty() {
        at = read(user, list, &at.next_page_token).await;
        assert_ne!(at.previous_page_token, "");
        seen.splice(0..0, contents(&at));
    }
    seen
}

fn numbered(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    range.map(|number| format!("message {number}")).collect()
}

#[tokio::test]
async fn a_jump_into_ten_thousand_messages_goes_on_both_ways() {
    let world = World::new().await;
    let user = world.user();
    let made = world.long_conversation(&user, 10_000).await;
    let list = List { from_id: Some(made[5_000].clone()), ..of(&made[0], 200) };
    let middle = read(&user, &list, "").await;
    assert_eq!(contents(&middle), numbered(4_801..=5_000));
    let newer = read(&user, &list, &middle.previous_page_token).await;
    assert_eq!(contents(&newer), numbered(5_001..=5_200));
    assert_eq!(contents(&read(&user, &list, &newer.next_page_token).await), numbered(4_801..=5_000));
    // The tokens do not depend on where the first page began.
    assert_eq!(to_the_leaf(&user, &of(&made[0], 200), middle.clone()).await, numbered(4_801..=10_000));
    assert_eq!(to_the_root(&user, &list, middle).await, numbered(1..=5_000));
}

#[tokio::test]
async fn pages_meet_whatever_their_size() {
    let world = World::new().await;
    let user = world.user();
    let made = world.long_conversation(&user, 11).await;
    for page_size in 1..=12 {
        for from in 1..=11 {
            let list = List { from_id: Some(made[from].clone()), ..of(&made[0], page_size) };
            let first = read(&user, &list, "").await;
            assert_eq!(contents(&first).last(), numbered(from..=from).last());
            let older = to_the_root(&user, &list, first.clone()).await;
            assert_eq!(older, numbered(1..=from), "{page_size} {from}");
            let newer = to_the_leaf(&user, &list, first.clone()).await;
            assert_eq!(newer[first.messages.len()..], numbered(from + 1..=11), "{page_size} {from}");
        }
    }
    let newest = read(&user, &of(&made[0], 4), "").await;
    assert_eq!((contents(&newest), newest.previous_page_token.as_str()), (numbered(8..=11), ""));
}

#[tokio::test]
async fn a_walk_keeps_to_its_path_while_others_write_and_choose() {
    let world = World::new().await;
    let user = world.user();
    let made = world.long_conversation(&user, 60).await;
    let over = AtomicBool::new(false);
    let writer = async {
        let mut written = 0;
        // All of it so deep that a path has several pages.
        while !over.load(Ordering::Relaxed) {
            user.say(&made[0], "news", Some(&made[31 + written % 30])).await;
            let leaf = pb::Conversation {
                id: made[0].clone(),
                active_leaf_id: Some(made[31 + written * 7 % 30].clone()),
                ..pb::Conversation::default()
            };
            let update_mask = Some(prost_types::FieldMask { paths: vec!["active_leaf_id".to_owned()] });
            user.update_conversation(pb::UpdateConversationRequest { conversation: Some(leaf), update_mask })
                .await
                .unwrap();
            written += 1;
        }
        written
    };
    let reader = async {
        for from in [30, 1, 59, 17] {
            let first = List { leaf_id: Some(made[60].clone()), from_id: Some(made[from].clone()), ..of(&made[0], 7) };
            let at = read(&user, &first, "").await;
            let newer = to_the_leaf(&user, &first, at.clone()).await;
            assert_eq!(newer[at.messages.len()..], numbered(from + 1..=60));
            assert_eq!(to_the_root(&user, &first, at).await, numbered(1..=from));
            // Without a leaf, the one that was active when the walk began is the end of it.
            let newest = read(&user, &of(&made[0], 7), "").await;
            let oldest = read(&user, &of(&made[0], 7), &newest.next_page_token).await;
            let mut expected = contents(&oldest);
            expected.extend(contents(&newest));
            assert_eq!(to_the_leaf(&user, &of(&made[0], 7), oldest).await, expected);
        }
        over.store(true, Ordering::Relaxed);
    };
    let (written, ()) = tokio::join!(writer, reader);
    assert!(written > 0);
}

#[tokio::test]
async fn huge_messages_make_shorter_pages_in_both_directions() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let first = user.say(&id, "0", None).await;
    let mut expected = vec![1];
    for number in 1..=6_usize {
        let size = [900_000, 10, 900_000][number % 3];
        user.say(&id, &"x".repeat(size), None).await;
        expected.push(size);
    }
    let run = user.ask(Some(&id), "?").await.run.unwrap();
    let cited = pb::Source { snippet: Some("s".repeat(3_000_000)), ..pb::Source::default() };
    user.finish_run(pb::FinishRunRequest { sources: vec![cited], ..completed(&run, "!!") }).await.unwrap();
    user.say(&id, "end", None).await;
    expected.extend([1, 2, 3]);

    let list = List { from_id: Some(first.id), ..of(&id, 0) };
    let mut at = read(&user, &list, "").await;
    let mut sizes = vec![vec![1]];
    while !at.previous_page_token.is_empty() {
        at = read(&user, &list, &at.previous_page_token).await;
        sizes.push(contents(&at).iter().map(String::len).collect::<Vec<_>>());
    }
    assert_eq!(sizes.concat(), expected);
    // Two of the large ones and a third that goes beyond; then what is left up to the answer, which cites much.
    assert_eq!(sizes.iter().map(Vec::len).collect::<Vec<_>>(), [1, 5, 3, 1]);
}

#[tokio::test]
async fn a_message_off_the_path_is_unknown_there() {
    let world = World::new().await;
    let user = world.user();
    let made = world.long_conversation(&user, 5).await;
    let elsewhere = world.long_conversation(&user, 2).await;
    let branch = user.say(&made[0], "branch", Some(&made[2])).await.id;
    let below = |leaf: Option<&str>, from: &str| List {
        leaf_id: leaf.map(str::to_owned),
        from_id: Some(from.to_owned()),
        ..of(&made[0], 3)
    };
    for list in [
        below(None, &made[4]),
        below(Some(&made[5]), &branch),
        below(Some(&made[2]), &made[3]),
        below(Some(&elsewhere[2]), &elsewhere[1]),
        below(None, &elsewhere[1]),
        below(None, &uuid::Uuid::now_v7().to_string()),
    ] {
        let refused = user.list_messages(list).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, "MESSAGE_NOT_FOUND"));
    }
    assert_eq!(contents(&read(&user, &below(None, &made[2]), "").await), numbered(1..=2));
    let nowhere = List { from_id: Some(branch), ..of(&uuid::Uuid::now_v7().to_string(), 3) };
    assert_eq!(reason_of(&user.list_messages(nowhere).await.unwrap_err()), "CONVERSATION_NOT_FOUND");
    let nothing = List { from_id: Some(String::new()), ..of(&made[0], 3) };
    let refused = user.list_messages(nothing).await.unwrap_err();
    assert_eq!(violations(&refused), [("from_id".to_owned(), "REQUIRED".to_owned())]);
}

#[tokio::test]
async fn a_token_outlives_neither_its_query_nor_its_conversation() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let made = world.long_conversation(&user, 9).await;
    let list = List { from_id: Some(made[5].clone()), ..of(&made[0], 2) };
    let at = read(&user, &list, "").await;
    for token in [&at.previous_page_token, &at.next_page_token] {
        let turned = token.replacen('A', "B", 1);
        let page_token = token.clone();
        for (who, list) in [
            (&user, List { page_token: page_token.clone(), leaf_id: Some(made[9].clone()), ..list.clone() }),
            (
                &user,
                List { page_token: page_token.clone(), conversation_id: user.conversation().await.id, ..list.clone() },
            ),
            (&other, List { page_token, ..list.clone() }),
            (&user, List { page_token: turned, ..list.clone() }),
        ] {
            let refused = who.list_messages(list).await.unwrap_err();
            assert_eq!(violations(&refused), [("page_token".to_owned(), "INVALID".to_owned())]);
        }
    }
    let delete = pb::DeleteConversationRequest { conversation_id: made[0].clone() };
    user.delete_conversation(delete).await.unwrap();
    for token in [at.previous_page_token, at.next_page_token] {
        let refused = user.list_messages(List { page_token: token, ..list.clone() }).await.unwrap_err();
        assert_eq!(reason_of(&refused), "CONVERSATION_NOT_FOUND");
    }
    assert_eq!(user.create_message(user_message(&made[0], "x")).await.unwrap_err().code(), Code::NotFound);
}
