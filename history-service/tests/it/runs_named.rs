//! Runs in conversations, of questions and for lists that clients name by ids of their own.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use proto::{history::v1 as pb, reason};
use tonic::Code;

use crate::world::{Person, World, question, reason_of, violations};

fn named(client_id: &str, content: &str) -> pb::StartRunRequest {
    pb::StartRunRequest { conversation_client_id: Some(client_id.to_owned()), ..question(None, content) }
}

async fn latest(user: &Person, request: pb::GetRunRequest) -> Result<String, String> {
    let found = user.get_run(request).await.map_err(|refused| reason_of(&refused))?;
    Ok(found.run.unwrap().id)
}

#[tokio::test]
async fn a_conversation_is_made_by_the_first_question_that_names_it() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let first = user.start_run(named("chat", "one")).await.unwrap();
    let conversation = first.conversation.unwrap();
    assert_eq!((conversation.client_id.as_deref(), conversation.message_count), (Some("chat"), 2));
    user.end(&first.run.unwrap(), "yes").await;
    let second = user.start_run(named("chat", "two")).await.unwrap();
    assert_eq!(second.conversation.unwrap().id, conversation.id);
    let context: Vec<_> = second.context.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(context, ["one", "yes", "two"]);
    let refused = user.start_run(named("chat", "three")).await.unwrap_err();
    assert_eq!(reason_of(&refused), reason::RUN_IN_PROGRESS);
    let theirs = other.start_run(named("chat", "mine")).await.unwrap().conversation.unwrap();
    assert_ne!(theirs.id, conversation.id);
}

#[tokio::test]
async fn of_many_first_questions_at_once_one_begins_in_one_conversation() {
    let world = World::new().await;
    let user = world.user();
    for round in 0..5 {
        let chat = format!("chat {round}");
        let started = join_all((0..10).map(|_| user.start_run(named(&chat, "me first")))).await;
        let (begun, refused): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
        assert_eq!(begun.len(), 1);
        assert!(refused.iter().all(|one| reason_of(one.as_ref().unwrap_err()) == reason::RUN_IN_PROGRESS));
        let keyed = || pb::StartRunRequest {
            request_id: Some(format!("key {round}")),
            client_id: Some(format!("question {round}")),
            ..named(&format!("other {round}"), "once")
        };
        let joined = join_all((0..10).map(|_| user.start_run(keyed()))).await;
        let joined: Vec<_> = joined.into_iter().map(Result::unwrap).collect();
        assert!(joined.iter().all(|one| one.run == joined[0].run));
        assert_eq!(joined.iter().filter(|one| !one.joined).count(), 1);
    }
    let all = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap().conversations;
    assert_eq!((all.len(), all.iter().all(|one| one.message_count == 2)), (10, true));
}

#[tokio::test]
async fn the_name_of_a_conversation_that_has_expired_is_free() {
    let world = World::new().await;
    let user = world.user();
    let end = Some((SystemTime::now() + Duration::from_hours(1)).into());
    let request = pb::StartRunRequest { expires_at: end, ..named("chat", "for now") };
    let temporary = user.start_run(request).await.unwrap().conversation.unwrap();
    assert!(temporary.expires_at.is_some());
    let past = "UPDATE history.conversation SET expires_at = now() - interval '1 second'";
    sqlx::query(past).execute(&mut world.superuser().await).await.unwrap();
    let next = user.start_run(named("chat", "again")).await.unwrap().conversation.unwrap();
    assert_ne!(next.id, temporary.id);
    assert_eq!((next.expires_at, next.message_count), (None, 2));
}

#[tokio::test]
async fn a_question_has_the_id_that_its_client_gave_it_and_no_other_has() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let asked = |content: &str| pb::StartRunRequest { client_id: Some("q".to_owned()), ..named("chat", content) };
    let started = user.start_run(asked("one")).await.unwrap();
    let message = started.user_message.unwrap();
    assert_eq!(message.client_id.as_deref(), Some("q"));
    let by_name = || pb::GetMessageRequest { client_id: Some("q".to_owned()), ..Default::default() };
    assert_eq!(user.get_message(by_name()).await.unwrap().message.unwrap(), message);
    let unknown = other.get_message(by_name()).await.unwrap_err();
    assert_eq!((unknown.code(), reason_of(&unknown).as_str()), (Code::NotFound, reason::MESSAGE_NOT_FOUND));

    user.end(started.run.as_ref().unwrap(), "yes").await;
    let elsewhere = pb::StartRunRequest { client_id: Some("q".to_owned()), ..question(None, "two") };
    for taken in [asked("one"), asked("two"), elsewhere] {
        let refused = user.start_run(taken).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::AlreadyExists, reason::CLIENT_ID_TAKEN));
    }
    let all = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap().conversations;
    assert_eq!((all.len(), all[0].message_count), (1, 2));
    assert!(!other.start_run(asked("mine")).await.unwrap().joined);
}

#[tokio::test]
async fn the_run_of_a_conversation_is_the_one_that_goes_on_or_the_one_that_is_shown() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let by_id = |id: &str| pb::GetRunRequest { conversation_id: id.to_owned(), ..Default::default() };
    let by_name = || pb::GetRunRequest { conversation_client_id: "chat".to_owned(), ..Default::default() };
    let none = Err(reason::RUN_NOT_FOUND.to_owned());
    assert_eq!(latest(&user, by_name()).await, none);
    let first = user.start_run(named("chat", "one")).await.unwrap();
    let (conversation, first) = (first.conversation.unwrap().id, first.run.unwrap());
    let says = async |expected: Result<String, String>| {
        assert_eq!(latest(&user, by_name()).await, expected);
        assert_eq!(latest(&user, by_id(&conversation)).await, expected);
        assert_eq!(latest(&other, by_id(&conversation)).await, none);
        assert_eq!(latest(&other, by_name()).await, none);
    };
    says(Ok(first.id.clone())).await;
    user.end(&first, "yes").await;
    says(Ok(first.id.clone())).await;
    let second = user.ask(Some(&conversation), "two").await.run.unwrap();
    let show = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation {
            id: conversation.clone(),
            active_leaf_id: Some(first.message_id.clone()),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["active_leaf_id".to_owned()] }),
    };
    user.update_conversation(show).await.unwrap();
    says(Ok(second.id.clone())).await;
    user.end(&second, "two").await;
    says(Ok(first.id.clone())).await;
    user.say(&conversation, "nobody wrote this", None).await;
    says(none.clone()).await;
}

#[tokio::test]
async fn what_excludes_one_another_is_named() {
    let world = World::new().await;
    let user = world.user();
    let id = uuid::Uuid::now_v7().to_string();
    let both = pb::StartRunRequest { conversation_id: Some(id.clone()), ..named("chat", "hello") };
    let again = pb::StartRunRequest {
        user_message_id: Some(id.clone()),
        parent_id: Some(String::new()),
        client_id: Some("c".to_owned()),
        metadata_json: "{}".to_owned(),
        ..question(None, "hello")
    };
    let runs = [
        (both, vec!["conversation_client_id"]),
        (again, vec!["user_message_id", "content", "parent_id", "client_id", "metadata"]),
        (named(&"x".repeat(201), "hello"), vec!["conversation_client_id"]),
        (pb::StartRunRequest { client_id: Some(String::new()), ..question(None, "hello") }, vec!["client_id"]),
    ];
    let fields = |refused| violations(&refused).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
    for (request, expected) in runs {
        assert_eq!(fields(user.start_run(request).await.unwrap_err()), expected);
    }
    let gets = [
        (pb::GetRunRequest::default(), "run_id"),
        (
            pb::GetRunRequest { run_id: id.clone(), conversation_id: id.clone(), ..Default::default() },
            "conversation_id",
        ),
        (
            pb::GetRunRequest { run_id: id.clone(), conversation_client_id: id.clone(), ..Default::default() },
            "conversation_client_id",
        ),
        (pb::GetRunRequest { conversation_id: "x".to_owned(), ..Default::default() }, "conversation_id"),
        (
            pb::GetRunRequest { conversation_client_id: id.clone(), request_id: id.clone(), ..Default::default() },
            "request_id",
        ),
        (pb::GetRunRequest { run_id: id.clone(), request_id: id.clone(), ..Default::default() }, "request_id"),
        (pb::GetRunRequest { request_id: "x".repeat(201), ..Default::default() }, "request_id"),
    ];
    for (request, expected) in gets {
        assert_eq!(fields(user.get_run(request).await.unwrap_err()), [expected]);
    }
    let get = pb::GetMessageRequest { message_id: id.clone(), client_id: Some("c".to_owned()) };
    assert_eq!(fields(user.get_message(get).await.unwrap_err()), ["client_id"]);
    let watch = user.watch(&id, -1).await.unwrap_err();
    assert_eq!(fields(watch), ["position"]);
}
