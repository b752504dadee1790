//! Connections come late, break and vanish: nobody notices, and nothing is done twice.

use futures_util::future::join_all;
use prost_types::FieldMask;
use proto::history::v1 as pb;
use sqlx::PgConnection;
use testkit::{Fault, Proxy};

use crate::{
    runs_streaming::let_leases_run_out,
    world::{Clients, Person, World, clients, completed, question, text, user_message},
};

/// A service whose way to the database is full of obstacles.
async fn on_a_bad_way(world: &World) -> (Proxy, Clients) {
    let proxy = Proxy::start().await;
    let clients = clients(proxy.service_url(&world.database));
    (proxy, clients)
}

/// What an administrator does, or a compute that goes to sleep: 57P01 for every connection of the service.
///
/// All at once, and until they are gone: one that goes on into the next round would be lost to a writer for a second time.
async fn terminate_all(superuser: &mut PgConnection) {
    let ending: Vec<(i32, bool)> = sqlx::query_as(
        "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND usename = 'colloquy_service'",
    )
    .fetch_all(&mut *superuser)
    .await
    .unwrap();
    let ending: Vec<i32> = ending.into_iter().map(|(process, _)| process).collect();
    let living = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY($1))";
    while sqlx::query_scalar(living).bind(&ending).fetch_one(&mut *superuser).await.unwrap() {
        tokio::task::yield_now().await;
    }
}

/// Every read there is, of one conversation with one finished run.
async fn reads(person: &Person, run: &pb::Run, message: &str) {
    let conversation = run.conversation_id.clone();
    person.read(&conversation).await;
    let path = pb::ListMessagesRequest { conversation_id: conversation, ..Default::default() };
    assert_eq!(person.list_messages(path).await.unwrap().messages.len(), 2);
    let listed = person.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(listed.conversations.len(), 1);
    person.get_message(pb::GetMessageRequest { message_id: message.to_owned(), ..Default::default() }).await.unwrap();
    person.list_sources(pb::ListSourcesRequest { message_id: message.to_owned() }).await.unwrap();
    person.get_run(pb::GetRunRequest { run_id: run.id.clone(), ..Default::default() }).await.unwrap();
}

async fn finished(person: &Person) -> (pb::Run, String) {
    let run = person.ask(None, "hello").await.run.unwrap();
    let message = person.end(&run, "well").await.message.unwrap();
    (run, message.id)
}

#[tokio::test]
async fn readers_do_not_notice_that_all_connections_were_ended() {
    let world = World::new().await;
    let user = world.user();
    let (run, message) = finished(&user).await;
    let mut superuser = world.superuser().await;
    for _ in 0..5 {
        // As many connections as there may be, all of which are dead afterwards.
        join_all((0..16).map(|_| user.read(&run.conversation_id))).await;
        terminate_all(&mut superuser).await;
        reads(&user, &run, &message).await;
    }
}

#[tokio::test]
async fn readers_do_not_notice_that_connections_end_under_them() {
    let world = World::new().await;
    let user = world.user();
    let (run, message) = finished(&user).await;
    let mut superuser = world.superuser().await;
    for _ in 0..15 {
        tokio::join!(join_all((0..12).map(|_| reads(&user, &run, &message))), terminate_all(&mut superuser),);
    }
}

#[tokio::test]
async fn writers_do_not_notice_that_connections_end_under_them_either() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await.id;
    let mut superuser = world.superuser().await;
    let mut sent = Vec::new();
    for round in 0..10 {
        let texts: Vec<_> = (0..8).map(|index| format!("{round}-{index}")).collect();
        let says = texts.iter().map(|text| {
            let client_id = (text.len() % 2 == 0 || text.ends_with('1')).then(|| text.clone());
            user.create_message(pb::CreateMessageRequest { client_id, ..user_message(&conversation, text) })
        });
        let (said, ()) = tokio::join!(join_all(says), terminate_all(&mut superuser));
        for said in said {
            assert!(said.is_ok(), "{said:?}");
        }
        sent.extend(texts);
    }
    assert_eq!(contents(&user, &conversation).await, sorted(sent));
}

async fn contents(user: &Person, conversation: &str) -> Vec<String> {
    let path =
        pb::ListMessagesRequest { conversation_id: conversation.to_owned(), page_size: 200, ..Default::default() };
    let listed = user.list_messages(path).await.unwrap().messages;
    assert_eq!(user.read(conversation).await.message_count, i32::try_from(listed.len()).unwrap());
    sorted(listed.into_iter().map(|message| message.content).collect())
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// The two ways in which a COMMIT is lost, and a transaction that does not even begin.
fn breaks() -> [Fault; 3] {
    [Fault::Before("COMMIT"), Fault::After("COMMIT"), Fault::Before("BEGIN")]
}

#[tokio::test]
async fn a_message_is_neither_lost_nor_doubled_with_its_answer() {
    let world = World::new().await;
    let (proxy, clients) = on_a_bad_way(&world).await;
    let user = Person::new(&clients);
    let conversation = user.conversation().await.id;
    let mut sent = Vec::new();
    for (index, fault) in [Fault::Before("break here"), Fault::After("break here")].into_iter().enumerate() {
        for client_id in [None, Some(format!("client-{index}"))] {
            let text = format!("break here {index} {client_id:?}");
            let source = pb::Source { url: Some("https://example.com".to_owned()), ..pb::Source::default() };
            let message =
                pb::CreateMessageRequest { client_id, sources: vec![source], ..user_message(&conversation, &text) };
            proxy.next([fault.clone()]);
            let said = user.create_message(message.clone()).await;
            assert!(said.is_ok() && proxy.is_done(), "{fault:?}: {said:?}");
            let said = said.unwrap().message.unwrap();
            assert_eq!((said.content.as_str(), said.sources.len()), (text.as_str(), 1), "{fault:?}");
            let found = user
                .get_message(pb::GetMessageRequest { message_id: said.id.clone(), ..Default::default() })
                .await
                .unwrap()
                .message
                .unwrap();
            assert_eq!(found, said, "{fault:?}");
            if message.client_id.is_some() {
                assert_eq!(user.create_message(message).await.unwrap().message.unwrap(), said, "{fault:?}");
            }
            sent.push(text);
        }
    }
    assert_eq!(contents(&user, &conversation).await, sorted(sent));
}

#[tokio::test]
async fn a_conversation_is_created_once() {
    let world = World::new().await;
    let (proxy, clients) = on_a_bad_way(&world).await;
    let user = Person::new(&clients);
    let mut created = Vec::new();
    for fault in [Fault::Before("break here"), Fault::After("break here")] {
        for client_id in [None, Some(format!("{fault:?}"))] {
            proxy.next([fault.clone()]);
            let request =
                pb::CreateConversationRequest { client_id, title: Some("break here".to_owned()), ..Default::default() };
            created.push(user.create_conversation(request).await.unwrap().conversation.unwrap());
            assert!(proxy.is_done(), "{fault:?}");
        }
    }
    created.reverse();
    let listed = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(listed.conversations, created);
}

#[tokio::test]
async fn a_run_begins_and_ends_once() {
    let world = World::new().await;
    let (proxy, clients) = on_a_bad_way(&world).await;
    let user = Person::new(&clients);
    let existing = user.conversation().await.id;
    // Beginning and end are one statement each, without a COMMIT of its own.
    let spoken = "breaking here";
    for (index, fault) in [Fault::Before(spoken), Fault::After(spoken), Fault::Before(spoken)].into_iter().enumerate() {
        for conversation in [None, Some(existing.as_str())] {
            for request_id in [None, Some(format!("{index} {conversation:?}"))] {
                proxy.next([fault.clone()]);
                let question = pb::StartRunRequest { request_id: request_id.clone(), ..question(conversation, spoken) };
                let started = user.start_run(question).await.unwrap();
                assert!(proxy.is_done() && !started.joined, "{fault:?}");
                assert_eq!(started.context.last().unwrap().content, spoken, "{fault:?}");
                let run = started.run.unwrap();
                proxy.next([fault.clone()]);
                let ended = user.finish_run(completed(&run, spoken)).await.unwrap();
                assert!(proxy.is_done(), "{fault:?}");
                let found = user.get_run(pb::GetRunRequest { run_id: run.id, ..Default::default() }).await.unwrap();
                assert_eq!((ended.run, ended.message), (found.run, found.message), "{fault:?}");
            }
        }
    }
    // Two runs each in the one conversation, with a question and an answer.
    assert_eq!(user.read(&existing).await.message_count, 12);
    let listed = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(listed.conversations.len(), 1 + 6);
    assert!(listed.conversations.iter().all(|listed| listed.message_count == 2 || listed.id == existing));
}

#[tokio::test]
async fn changes_and_deletions_say_what_they_did() {
    let world = World::new().await;
    let (proxy, clients) = on_a_bad_way(&world).await;
    let user = Person::new(&clients);
    for fault in breaks() {
        let conversation = user.conversation().await.id;
        let message = user.say(&conversation, "hello", None).await.id;
        proxy.next([fault.clone()]);
        let update = pb::UpdateConversationRequest {
            conversation: Some(pb::Conversation { id: conversation.clone(), pinned: true, ..Default::default() }),
            update_mask: Some(FieldMask { paths: vec!["pinned".to_owned()] }),
        };
        assert!(user.update_conversation(update).await.unwrap().conversation.unwrap().pinned);
        proxy.next([fault.clone()]);
        let rating = Some(pb::Feedback { rating: 1, ..pb::Feedback::default() });
        let rated = user.set_feedback(pb::SetFeedbackRequest { message_id: message, feedback: rating }).await.unwrap();
        assert_eq!(rated.message.unwrap().feedback.unwrap().rating, 1);
        proxy.next([fault.clone()]);
        let delete = || pb::DeleteConversationRequest { conversation_id: conversation.clone() };
        user.delete_conversation(delete()).await.unwrap();
        assert!(proxy.is_done(), "{fault:?}");
        assert_eq!(user.delete_conversation(delete()).await.unwrap_err().code(), tonic::Code::NotFound);
    }
}

#[tokio::test]
async fn a_database_that_wakes_is_waited_for() {
    let world = World::new().await;
    let (proxy, clients) = on_a_bad_way(&world).await;
    let user = Person::new(&clients);
    // Connections come in, and nothing answers for a while.
    proxy.keep_waiting();
    let (_, ()) = tokio::join!(user.conversation(), async {
        proxy.has_opened(1).await;
        proxy.let_in();
    });
    // The server says that it is starting, or what is in front of it hangs up.
    for fault in [Fault::StartingUp, Fault::ClosedAtOnce] {
        proxy.cut();
        proxy.next([fault.clone(), fault.clone(), fault.clone()]);
        user.conversation().await;
        assert!(proxy.is_done(), "{fault:?}");
    }
    let listed = user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(listed.conversations.len(), 3);
}

#[tokio::test]
async fn a_read_is_tried_twice_and_no_more() {
    let world = World::new().await;
    let (proxy, clients) = on_a_bad_way(&world).await;
    let user = Person::new(&clients);
    let conversation = user.conversation().await.id;
    let id = pb::GetConversationRequest { conversation_id: conversation };
    // The statement is on its way to be prepared, by its name in the first column.
    let broken = || Fault::Before("FROM history.conversation");
    proxy.next([broken()]);
    user.get_conversation(id.clone()).await.unwrap();
    proxy.cut();
    proxy.next([broken(), broken()]);
    let status = user.get_conversation(id.clone()).await.unwrap_err();
    assert_eq!(crate::world::reason_of(&status), "DATABASE_UNAVAILABLE");
    user.get_conversation(id).await.unwrap();
}

#[tokio::test]
async fn what_streams_is_kept_once_and_a_run_is_interrupted_once() {
    let world = World::new().await;
    let (proxy, clients) = on_a_bad_way(&world).await;
    let user = Person::new(&clients);
    for fault in breaks() {
        let run = user.ask(None, "go on").await.run.unwrap();
        for position in 0..3 {
            proxy.next([fault.clone()]);
            user.stream(&run, position, &[text("a")]).await;
            assert!(proxy.is_done());
        }
        let_leases_run_out(&world).await;
        proxy.next([fault]);
        user.cancel_run(pb::CancelRunRequest { run_id: run.id.clone() }).await.unwrap();
        assert!(proxy.is_done());
        let ended = user.run(&run.id).await;
        assert_eq!((ended.run.unwrap().fence, ended.message.unwrap().content.as_str()), (2, "aaa"));
    }
}
