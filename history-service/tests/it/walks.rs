//! Lists of conversations in both directions, by what was cited and judged, and while others write.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{Person, World, completed, violations};

type List = pb::ListConversationsRequest;

fn ids(conversations: &[pb::Conversation]) -> Vec<String> {
    conversations.iter().map(|conversation| conversation.id.clone()).collect()
}

async fn page(user: &Person, list: &List, token: &str) -> pb::ListConversationsResponse {
    user.list_conversations(List { page_token: token.to_owned(), ..list.clone() }).await.unwrap()
}

/// All ids from the first page to the last, and the last page.
async fn forwards(user: &Person, list: &List) -> (Vec<String>, pb::ListConversationsResponse) {
    let mut at = page(user, list, "").await;
    assert_eq!(at.previous_page_token, "");
    let mut seen = ids(&at.conversations);
    while !at.next_page_token.is_empty() {
        at = page(user, list, &at.next_page_token).await;
        seen.extend(ids(&at.conversations));
    }
    (seen, at)
}

/// All ids from this page back to the first one, in the order of the list.
async fn backwards(user: &Person, list: &List, mut at: pb::ListConversationsResponse) -> Vec<String> {
    let mut seen = ids(&at.conversations);
    while !at.previous_page_token.is_empty() {
        at = page(user, list, &at.previous_page_token).await;
        assert_ne!(at.next_page_token, "");
        seen.splice(0..0, ids(&at.conversations));
    }
    seen
}

async fn pin(user: &Person, id: &str, pinned: bool) {
    let request = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation { id: id.to_owned(), pinned, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["pinned".to_owned()] }),
    };
    user.update_conversation(request).await.unwrap();
}

async fn many(user: &Person, count: usize) -> Vec<String> {
    let mut made = Vec::new();
    for place in 0..count {
        let id = user.conversation().await.id;
        if place % 4 == 0 {
            pin(user, &id, true).await;
        }
        made.push(id);
    }
    made
}

#[tokio::test]
async fn what_was_seen_forwards_is_seen_backwards_whatever_the_size_of_pages() {
    let world = World::new().await;
    let user = world.user();
    many(&user, 11).await;
    let whole = ids(&page(&user, &List { page_size: 100, ..List::default() }, "").await.conversations);
    assert_eq!(whole.len(), 11);
    for page_size in 1..=12 {
        let list = List { page_size, ..List::default() };
        let (seen, end) = forwards(&user, &list).await;
        assert_eq!(seen, whole, "{page_size}");
        assert_eq!(backwards(&user, &list, end).await, whole, "{page_size}");
    }
    // The same moment for all of them: then the ids decide, in both directions.
    let mut superuser = world.superuser().await;
    sqlx::query("UPDATE history.conversation SET updated_at = now()").execute(&mut superuser).await.unwrap();
    let list = List { page_size: 3, ..List::default() };
    let (seen, end) = forwards(&user, &list).await;
    assert_eq!(backwards(&user, &list, end).await, seen);
}

#[tokio::test]
async fn a_page_that_emptied_leads_back() {
    let world = World::new().await;
    let user = world.user();
    let made = many(&user, 4).await;
    let list = List { page_size: 3, pinned: Some(false), ..List::default() };
    let two = List { page_size: 2, ..list.clone() };
    let first = page(&user, &two, "").await;
    assert_eq!(ids(&first.conversations), [made[3].clone(), made[2].clone()]);
    user.delete_conversation(pb::DeleteConversationRequest { conversation_id: made[1].clone() }).await.unwrap();
    let empty = page(&user, &list, &first.next_page_token).await;
    assert_eq!((empty.conversations.len(), empty.next_page_token.as_str()), (0, ""));
    assert_eq!(ids(&page(&user, &list, &empty.previous_page_token).await.conversations), ids(&first.conversations));
}

#[tokio::test]
async fn lists_choose_by_what_was_cited_and_judged() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let plain = user.ask(None, "plain").await.run.unwrap();
    user.end(&plain, "no source").await;
    let cites = user.ask(None, "cites").await.run.unwrap();
    let sources = vec![pb::Source::default()];
    let cites = user.finish_run(pb::FinishRunRequest { sources, ..completed(&cites, "see") }).await.unwrap();
    let cites = cites.message.unwrap();
    user.say(&cites.conversation_id, "thanks", None).await;
    let judge = |id: &str, rating: pb::feedback::Rating| pb::SetFeedbackRequest {
        message_id: id.to_owned(),
        feedback: Some(pb::Feedback { rating: rating.into(), ..pb::Feedback::default() }),
    };
    user.set_feedback(judge(&cites.id, pb::feedback::Rating::Up)).await.unwrap();
    user.set_feedback(judge(&plain.message_id, pb::feedback::Rating::Down)).await.unwrap();
    user.set_feedback(judge(&plain.user_message_id, pb::feedback::Rating::Up)).await.unwrap();
    let empty = user.conversation().await.id;
    let theirs = other.ask(None, "theirs").await.run.unwrap();
    other
        .finish_run(pb::FinishRunRequest { sources: vec![pb::Source::default()], ..completed(&theirs, "see") })
        .await
        .unwrap();

    let (plain_id, cites_id) = (plain.conversation_id.clone(), cites.conversation_id.clone());
    let all = List::default;
    let up = Some(pb::feedback::Rating::Up.into());
    let down = Some(pb::feedback::Rating::Down.into());
    for (list, expected) in [
        (List { has_sources: Some(true), ..all() }, vec![&cites_id]),
        (List { has_sources: Some(false), ..all() }, vec![&empty, &plain_id]),
        (List { feedback: up, ..all() }, vec![&cites_id, &plain_id]),
        (List { feedback: down, ..all() }, vec![&plain_id]),
        (List { feedback: up, has_sources: Some(false), ..all() }, vec![&plain_id]),
        (List { feedback: down, has_sources: Some(true), ..all() }, vec![]),
        (List { feedback: down, pinned: Some(true), ..all() }, vec![]),
    ] {
        let (seen, end) = forwards(&user, &List { page_size: 1, ..list.clone() }).await;
        assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "{list:?}");
        assert_eq!(backwards(&user, &List { page_size: 1, ..list }, end).await, seen);
    }
    user.set_feedback(judge(&plain.message_id, pb::feedback::Rating::Unspecified)).await.unwrap();
    assert_eq!(page(&user, &List { feedback: down, ..all() }, "").await.conversations, []);
}

#[tokio::test]
async fn a_filter_that_says_nothing_and_a_token_that_was_turned_round_are_refused() {
    let world = World::new().await;
    let user = world.user();
    many(&user, 3).await;
    for feedback in [0, 3, -1] {
        let refused = user.list_conversations(List { feedback: Some(feedback), ..List::default() }).await.unwrap_err();
        assert_eq!(violations(&refused), [("feedback".to_owned(), "INVALID".to_owned())]);
    }
    let list = List { page_size: 1, ..List::default() };
    let first = page(&user, &list, "").await;
    let second = page(&user, &list, &first.next_page_token).await;
    let turned = first.next_page_token.replacen("AQ", "AR", 1);
    for (list, token) in [
        (List { has_sources: Some(false), ..list.clone() }, &first.next_page_token),
        (List { feedback: Some(1), ..list.clone() }, &second.previous_page_token),
        (List { archived: Some(true), ..list.clone() }, &second.previous_page_token),
        (list, &turned),
    ] {
        let refused = user.list_conversations(List { page_token: token.clone(), ..list }).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{token}");
        assert_eq!(violations(&refused), [("page_token".to_owned(), "INVALID".to_owned())]);
    }
}

#[tokio::test]
async fn who_walks_while_others_write_sees_all_that_stands_still_once_and_in_order() {
    let world = World::new().await;
    let user = world.user();
    let mut still = Vec::new();
    let mut busy = Vec::new();
    for place in 0..40 {
        let id = user.conversation().await.id;
        if place % 8 == 0 {
            pin(&user, &id, true).await;
        }
        if place % 4 == 3 { busy.push(id) } else { still.push(id) }
    }
    let whole = ids(&page(&user, &List { page_size: 100, ..List::default() }, "").await.conversations);
    let expected: Vec<_> = whole.into_iter().filter(|id| still.contains(id)).collect();

    let over = AtomicBool::new(false);
    let writers = join_all((0..4).map(async |writer: usize| {
        let (mut round, mut made) = (writer, Vec::new());
        while !over.load(Ordering::Relaxed) {
            let id = &busy[round % busy.len()];
            user.say(id, "news", None).await;
            pin(&user, id, round % 2 == 0).await;
            made.push(user.conversation().await.id);
            if made.len() > 5 {
                let conversation_id = made.remove(0);
                user.delete_conversation(pb::DeleteConversationRequest { conversation_id }).await.unwrap();
            }
            round += 4;
        }
        round
    }));
    let reader = async {
        for page_size in [1, 3, 7] {
            let list = List { page_size, ..List::default() };
            let (seen, end) = forwards(&user, &list).await;
            let unmoved = |seen: Vec<String>| seen.into_iter().filter(|id| still.contains(id)).collect::<Vec<_>>();
            assert_eq!(unmoved(seen), expected, "forwards by {page_size}");
            assert_eq!(unmoved(backwards(&user, &list, end).await), expected, "backwards by {page_size}");
        }
        over.store(true, Ordering::Relaxed);
    };
    let (rounds, ()) = tokio::join!(writers, reader);
    assert!(rounds.into_iter().enumerate().all(|(writer, round)| round > writer), "somebody wrote nothing");
}
