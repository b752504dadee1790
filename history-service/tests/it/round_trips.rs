//! How often a call goes to the database and back.

use prost_types::FieldMask;
use proto::history::v1 as pb;
use testkit::Proxy;

use crate::world::{Person, World, clients_with, completed, question, text, told, user_message};

#[tokio::test]
async fn an_append_goes_once_to_the_database_and_so_do_reads() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    // On one connection, where every statement is prepared once.
    let clients = clients_with(proxy.service_url(&world.database), |config| config.options.max_connections = 1);
    let user = Person::new(&clients);
    let conversation = user.conversation().await.id;
    let source = || pb::Source { url: Some("https://example.com".to_owned()), ..pb::Source::default() };
    let append = || async {
        let sources = vec![source(), source()];
        user.create_message(pb::CreateMessageRequest { sources, ..user_message(&conversation, "hello") })
            .await
            .unwrap();
    };
    let list = || async { drop(user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap()) };
    let path = || pb::ListMessagesRequest { conversation_id: conversation.clone(), ..Default::default() };
    let page = || async { drop(user.list_messages(path()).await.unwrap()) };
    append().await;
    list().await;
    page().await;
    for what in ["append", "list", "page"] {
        let before = proxy.said();
        match what {
            "append" => append().await,
            "list" => list().await,
            _ => page().await,
        }
        assert_eq!(proxy.said() - before, 1, "{what}");
    }
}

#[tokio::test]
async fn a_connection_that_is_used_again_at_once_is_not_asked_whether_it_is_there() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let clients = clients_with(proxy.service_url(&world.database), |config| config.options.max_connections = 1);
    let user = Person::new(&clients);
    let conversation = user.conversation().await.id;
    let before = (proxy.said(), proxy.pinged());
    for number in 0..20 {
        user.say(&conversation, &number.to_string(), None).await;
        // Of several statements in a transaction, one way or the other.
        let pin = pb::Conversation { id: conversation.clone(), pinned: number % 2 == 0, ..Default::default() };
        let update_mask = Some(FieldMask { paths: vec!["pinned".to_owned()] });
        user.update_conversation(pb::UpdateConversationRequest { conversation: Some(pin), update_mask }).await.unwrap();
    }
    // Only when it rested for a second, on a machine that has other things to do.
    assert!(proxy.said() - before.0 >= 80 && proxy.pinged() - before.1 < 20);
}

#[tokio::test]
async fn a_run_ends_in_one_round_trip() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let clients = clients_with(proxy.service_url(&world.database), |config| config.options.max_connections = 1);
    let user = Person::new(&clients);
    let mut said = Vec::new();
    for _ in 0..2 {
        let run = user.ask(None, "why?").await.run.unwrap();
        user.stream(&run, 0, &[text("be")]).await;
        let source = pb::Source { url: Some("https://example.com".to_owned()), ..pb::Source::default() };
        let rest = Some(told(1, &[text("cause")]));
        let finish = pb::FinishRunRequest { sources: vec![source], rest, ..completed(&run, "because") };
        let before = proxy.said();
        let finished = user.finish_run(finish).await.unwrap();
        said.push(proxy.said() - before);
        let stored = user.run(&run.id).await;
        assert_eq!((finished.run, finished.message), (stored.run, stored.message));
    }
    // The first time the statement is prepared.
    assert_eq!(said[1], 1, "{said:?}");
}

#[tokio::test]
async fn a_run_begins_in_one_round_trip_wherever() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let clients = clients_with(proxy.service_url(&world.database), |config| config.options.max_connections = 1);
    let user = Person::new(&clients);
    let long = user.conversation().await.id;
    for number in 0..30 {
        user.say(&long, &number.to_string(), None).await;
    }
    let named = |name: &str| pb::StartRunRequest {
        conversation_client_id: Some(name.to_owned()),
        client_id: Some(uuid::Uuid::now_v7().to_string()),
        ..question(None, "why?")
    };
    let requests = [
        question(None, "why?"),
        question(None, "why?"),
        question(Some(&long), "why?"),
        named("a"),
        named("b"),
        named("a"),
    ];
    let mut said = Vec::new();
    for request in requests {
        let before = proxy.said();
        let started = user.start_run(request).await.unwrap();
        said.push(proxy.said() - before);
        let stored = user.run(&started.run.as_ref().unwrap().id).await;
        assert_eq!(
            (&started.run, started.user_message, started.message),
            (&stored.run, stored.user_message, stored.message)
        );
        let conversation = started.conversation.unwrap();
        assert_eq!(user.read(&conversation.id).await, conversation);
        user.end(&started.run.unwrap(), "because").await;
    }
    // The first time the statement is prepared.
    assert_eq!(said[1..], [1; 5], "{said:?}");
}
