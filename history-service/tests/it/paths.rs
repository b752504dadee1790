//! Trees: branches, siblings, and pages of a path.

use proto::history::v1 as pb;

use crate::world::{Person, World, completed, question, reason_of, user_message};

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
async fn an_edited_first_question_is_a_root_beside_it() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let first = user.say(&id, "first", None).await;
    let below = user.say(&id, "below first", None).await;
    let second = user.say(&id, "second", Some("")).await;
    assert_eq!((second.parent_id.clone(), second.siblings), (None, Some(pb::Siblings { index: 2, count: 2 })));
    let request = pb::StartRunRequest { parent_id: Some(String::new()), ..question(Some(&id), "third") };
    let third = user.start_run(request).await.unwrap();
    let (asked, run) = (third.user_message.unwrap(), third.run.unwrap());
    assert_eq!((asked.parent_id.clone(), asked.siblings), (None, Some(pb::Siblings { index: 3, count: 3 })));
    assert_eq!(third.context.len(), 1);
    user.end(&run, "answer").await;

    assert_eq!(shown(&path(&user, &id, None).await), [("third", 3, 3), ("answer", 1, 1)]);
    assert_eq!(shown(&path(&user, &id, Some(&below.id)).await), [("first", 1, 3), ("below first", 1, 1)]);
    assert_eq!(shown(&path(&user, &id, Some(&first.id)).await), [("first", 1, 3)]);
    assert_eq!(shown(&path(&user, &id, Some(&second.id)).await), [("second", 2, 3)]);
    assert_eq!(user.read(&id).await.message_count, 5);
    assert_eq!(user.read(&id).await.title.as_deref(), Some("first"));
}

#[tokio::test]
async fn in_an_empty_conversation_every_way_to_begin_is_the_same() {
    let world = World::new().await;
    let user = world.user();
    for parent in [None, Some("")] {
        let id = user.conversation().await.id;
        let first = user.say(&id, "first", parent).await;
        assert_eq!((first.parent_id, first.siblings), (None, Some(pb::Siblings { index: 1, count: 1 })));
        let request = pb::StartRunRequest { parent_id: parent.map(str::to_owned), ..question(None, "first") };
        assert_eq!(user.start_run(request).await.unwrap().user_message.unwrap().parent_id, None);
    }
}

#[tokio::test]
async fn a_repeated_client_id_that_asks_for_another_place_is_taken() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let root = user.say(&id, "root", None).await;
    let named = |client_id: &str, parent: Option<&str>| pb::CreateMessageRequest {
        client_id: Some(client_id.to_owned()),
        parent_id: parent.map(str::to_owned),
        ..user_message(&id, "same")
    };
    let below = user.create_message(named("below", Some(&root.id))).await.unwrap();
    let beside = user.create_message(named("beside", Some(""))).await.unwrap();
    for (client_id, parent, expected) in [
        ("below", Some(root.id.as_str()), Some(&below)),
        ("below", None, Some(&below)),
        ("below", Some(""), None),
        ("beside", Some(""), Some(&beside)),
        ("beside", None, Some(&beside)),
        ("beside", Some(root.id.as_str()), None),
    ] {
        let again = user.create_message(named(client_id, parent)).await;
        match expected {
            Some(first) => assert_eq!(again.unwrap().message.unwrap().id, first.message.as_ref().unwrap().id),
            None => assert_eq!(reason_of(&again.unwrap_err()), "CLIENT_ID_TAKEN", "{client_id} {parent:?}"),
        }
    }
    assert_eq!(user.read(&id).await.message_count, 3);
}

#[tokio::test]
async fn a_question_can_have_a_second_answer() {
    let world = World::new().await;
    let user = world.user();
    let asked = user.ask(None, "why?").await;
    let (question, run) = (asked.user_message.unwrap(), asked.run.unwrap());
    let first = user.end(&run, "because").await.message.unwrap();
    let second = pb::CreateMessageRequest {
        role: pb::Role::Assistant.into(),
        parent_id: Some(question.id.clone()),
        ..user_message(&run.conversation_id, "for no reason")
    };
    let second = user.create_message(second).await.unwrap().message.unwrap();
    assert_eq!((second.parent_id, second.siblings), (Some(question.id), Some(pb::Siblings { index: 2, count: 2 })));
    let id = run.conversation_id;
    assert_eq!(shown(&path(&user, &id, None).await), [("why?", 1, 1), ("for no reason", 2, 2)]);
    assert_eq!(shown(&path(&user, &id, Some(&first.id)).await), [("why?", 1, 1), ("because", 1, 2)]);
}

#[tokio::test]
async fn siblings_come_in_order_each_with_the_newest_leaf_below_it() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let first = user.say(&id, "first", None).await;
    let second = user.say(&id, "second", Some("")).await;
    let old = user.say(&id, "old", Some(&first.id)).await;
    user.say(&id, "below old", Some(&old.id)).await;
    let new = user.say(&id, "new", Some(&first.id)).await;
    let leaf = user.say(&id, "below new", Some(&new.id)).await;
    let siblings = async |message: &str| {
        let request = pb::ListSiblingsRequest { message_id: message.to_owned() };
        let siblings = user.list_siblings(request).await.unwrap().siblings;
        siblings.into_iter().map(|sibling| (sibling.message_id, sibling.leaf_id)).collect::<Vec<_>>()
    };
    let roots = [(first.id.clone(), leaf.id.clone()), (second.id.clone(), second.id.clone())];
    assert_eq!(siblings(&first.id).await, roots);
    assert_eq!(siblings(&second.id).await, roots);
    assert_eq!(siblings(&leaf.id).await, [(leaf.id.clone(), leaf.id.clone())]);
    // The one beside the path of the newest leaf has a leaf of its own.
    let beside = siblings(&new.id).await;
    assert_eq!((&beside[0].0, &beside[1]), (&old.id, &(new.id.clone(), leaf.id.clone())));
    assert_ne!(beside[0].1, old.id);

    let shown_before = user.read(&id).await.active_leaf_id;
    assert_eq!(shown_before.as_ref(), Some(&leaf.id), "reading changes nothing");
}

#[tokio::test]
async fn a_parent_that_was_deleted_or_is_elsewhere_is_unknown() {
    let world = World::new().await;
    let user = world.user();
    let (here, elsewhere, deleted) = (user.conversation().await, user.conversation().await, user.conversation().await);
    let foreign = user.say(&elsewhere.id, "elsewhere", None).await.id;
    let gone = user.say(&deleted.id, "deleted", None).await.id;
    user.delete_conversation(pb::DeleteConversationRequest { conversation_id: deleted.id.clone() }).await.unwrap();
    for parent in [foreign, gone, uuid::Uuid::now_v7().to_string()] {
        let parent_id = Some(parent);
        let message = pb::CreateMessageRequest { parent_id: parent_id.clone(), ..user_message(&here.id, "x") };
        assert_eq!(reason_of(&user.create_message(message).await.unwrap_err()), "MESSAGE_NOT_FOUND");
        let run = pb::StartRunRequest { parent_id, ..question(Some(&here.id), "x") };
        assert_eq!(reason_of(&user.start_run(run).await.unwrap_err()), "MESSAGE_NOT_FOUND");
    }
    assert_eq!(user.read(&here.id).await, here);
}

#[tokio::test]
async fn no_message_can_ever_come_to_follow_itself() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let root = user.say(&id, "root", None).await;
    user.say(&id, "leaf", None).await;
    // A parent is there before its child, and no statement may change it afterwards.
    let mut service = world.service_connection().await;
    let refused = sqlx::query("UPDATE history.message SET parent_id = NULL").execute(&mut service).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501");
    let mut superuser = world.superuser().await;
    let itself = sqlx::query("UPDATE history.message SET parent_id = message_id WHERE message_id = $1::uuid");
    let refused = itself.bind(&root.id).execute(&mut superuser).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().constraint(), Some("message_parent_is_another"));
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
