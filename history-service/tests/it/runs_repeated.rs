//! The same request sent twice makes one run.

use futures_util::future::join_all;
use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{World, completed, question, reason_of};

fn keyed(request: pb::StartRunRequest) -> pb::StartRunRequest {
    pb::StartRunRequest { request_id: Some("key".to_owned()), fingerprint: vec![1, 2, 3], ..request }
}

#[tokio::test]
async fn a_repeated_request_joins_the_run_as_it_stands() {
    let world = World::new().await;
    let user = world.user();
    let first = user.start_run(keyed(question(None, "once"))).await.unwrap();
    let running = user.start_run(keyed(question(None, "once"))).await.unwrap();
    assert_eq!(running, pb::StartRunResponse { joined: true, context: Vec::new(), ..first.clone() });

    let finished = user.end(first.run.as_ref().unwrap(), "done").await;
    let joined = user.start_run(keyed(question(None, "once"))).await.unwrap();
    assert_eq!((joined.run, joined.message), (finished.run, finished.message));
    assert_eq!((joined.conversation, joined.joined), (finished.conversation, true));
}

#[tokio::test]
async fn a_run_is_found_by_its_key_and_only_by_its_user() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let by_key = |key: &str| pb::GetRunRequest { request_id: key.to_owned(), ..Default::default() };
    let first = user.start_run(keyed(question(None, "once"))).await.unwrap().run.unwrap();
    assert_eq!(user.get_run(by_key("key")).await.unwrap().run.unwrap(), first);
    let ended = user.end(&first, "done").await.run;
    assert_eq!(user.get_run(by_key("key")).await.unwrap().run, ended);
    for (person, key) in [(&other, "key"), (&user, "another")] {
        assert_eq!(reason_of(&person.get_run(by_key(key)).await.unwrap_err()), "RUN_NOT_FOUND");
    }
}

#[tokio::test]
async fn whoever_only_joins_begins_nothing() {
    let world = World::new().await;
    let user = world.user();
    let joining = |key: Option<&str>| pb::StartRunRequest {
        join_only: true,
        request_id: key.map(str::to_owned),
        ..keyed(question(None, "once"))
    };
    let nothing = user.start_run(joining(Some("key"))).await.unwrap_err();
    assert_eq!((nothing.code(), reason_of(&nothing).as_str()), (Code::NotFound, "RUN_NOT_FOUND"));
    let first = user.start_run(keyed(question(None, "once"))).await.unwrap();
    let joined = user.start_run(joining(Some("key"))).await.unwrap();
    assert_eq!((joined.run, joined.joined), (first.run, true));
    let other = pb::StartRunRequest { fingerprint: vec![4], ..joining(Some("key")) };
    assert_eq!(reason_of(&user.start_run(other).await.unwrap_err()), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(user.start_run(joining(None)).await.unwrap_err().code(), Code::InvalidArgument);
    let all = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(all.conversations.len(), 1);
}

#[tokio::test]
async fn a_repeated_request_in_a_conversation_is_no_second_run_in_it() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let first = user.start_run(keyed(question(Some(&id), "once"))).await.unwrap();
    let again = user.start_run(keyed(question(Some(&id), "once"))).await.unwrap();
    assert_eq!((again.run, again.joined), (first.run, true));
    assert_eq!(user.read(&id).await.message_count, 2);
}

#[tokio::test]
async fn twenty_requests_at_once_make_one_run() {
    let world = World::new().await;
    let user = world.user();
    let own = user.conversation().await.id;
    for (key, conversation) in [("new", None), ("own", Some(own.as_str()))] {
        let request = pb::StartRunRequest { request_id: Some(key.to_owned()), ..question(conversation, "once") };
        let started = join_all((0..20).map(|_| user.start_run(request.clone()))).await;
        let started: Vec<_> = started.into_iter().map(Result::unwrap).collect();
        assert_eq!(started.iter().filter(|started| !started.joined).count(), 1);
        assert!(started.iter().all(|one| one.run == started[0].run));
        let id = started[0].conversation.clone().unwrap().id;
        assert_eq!(user.read(&id).await.message_count, 2);
    }
    let all = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(all.conversations.len(), 2);
}

#[tokio::test]
async fn a_repeated_request_ends_a_run_that_nobody_holds_any_more() {
    let world = World::new().await;
    let user = world.user();
    let lost = user.start_run(keyed(question(None, "once"))).await.unwrap().run.unwrap();
    let mut superuser = world.superuser().await;
    let past = "UPDATE history.run SET lease_expires_at = now() - interval '1 second'";
    sqlx::query(past).execute(&mut superuser).await.unwrap();

    let joined = user.start_run(keyed(question(None, "once"))).await.unwrap();
    let (run, message) = (joined.run.clone().unwrap(), joined.message.clone().unwrap());
    assert_eq!((joined.joined, run.id.as_str(), run.fence), (true, lost.id.as_str(), 2));
    assert_eq!((run.status(), message.status()), (pb::RunStatus::Interrupted, pb::MessageStatus::Interrupted));
    assert!(run.finished_at.is_some() && message.completed_at == run.finished_at);
    assert_eq!(user.start_run(keyed(question(None, "once"))).await.unwrap(), joined);
    let refused = user.finish_run(completed(&lost, "too late")).await.unwrap_err();
    assert_eq!(reason_of(&refused), "RUN_FENCED");
    user.ask(Some(&run.conversation_id), "and now?").await;
}

#[tokio::test]
async fn a_key_is_good_for_one_request_only() {
    let world = World::new().await;
    let user = world.user();
    user.start_run(keyed(question(None, "once"))).await.unwrap();
    let other = pb::StartRunRequest { fingerprint: vec![3, 2, 1], ..keyed(question(None, "twice")) };
    let refused = user.start_run(other).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "IDEMPOTENCY_KEY_REUSED"));
    let listed = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(listed.conversations.len(), 1);
}

#[tokio::test]
async fn without_a_key_each_request_is_its_own() {
    let world = World::new().await;
    let user = world.user();
    let (one, two) = (user.ask(None, "same").await, user.ask(None, "same").await);
    assert_ne!(one.run.unwrap().id, two.run.unwrap().id);
}
