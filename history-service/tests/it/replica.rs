//! A read replica answers lists, and nobody ever reads less than was written before.

use futures_util::future::join_all;
use proto::history::v1 as pb;
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};
use testkit::Replicated;

use crate::{
    search::asking,
    world::{Clients, Person, clients_with},
};

/// So many attempts take longer than a replica rests that was late.
const MANY: usize = 2_000;

/// A service with a replica, and a connection to the replica as its superuser.
async fn replicated() -> (Replicated, Clients, PgConnection) {
    let databases = Replicated::start().await;
    history_service::migrate(&databases.owner_url()).await.unwrap();
    let clients = service(&databases);
    let standby = PgConnection::connect(databases.standby_superuser_url().expose_secret()).await.unwrap();
    (databases, clients, standby)
}

fn service(databases: &Replicated) -> Clients {
    let read_url = Some(databases.read_url());
    clients_with(databases.service_url(), |config| {
        config.options.read_database_url = read_url;
        // Each costs a handshake, which is slow without optimization.
        config.options.max_connections = 3;
    })
}

/// How many lists the standby has been asked for by connections that are still there.
async fn lists_on(standby: &mut PgConnection) -> i64 {
    asked(standby, "%caller AS MATERIALIZED%").await
}

/// How many connections, which are still there, asked for something like this last.
async fn asked(standby: &mut PgConnection, pattern: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE application_name = 'history-service reads' AND query LIKE $1",
    )
    .bind(pattern)
    .fetch_one(standby)
    .await
    .unwrap()
}

async fn list(user: &Person) -> Vec<pb::Conversation> {
    user.list_conversations(pb::ListConversationsRequest::default()).await.unwrap().conversations
}

/// Lists until the standby has answered one.
async fn until_the_standby_answers(user: &Person, standby: &mut PgConnection) {
    for _ in 0..MANY {
        list(user).await;
        if lists_on(standby).await > 0 {
            return;
        }
    }
    panic!("the standby is never asked");
}

async fn replay(standby: &mut PgConnection, what: &'static str) {
    sqlx::query(what).execute(standby).await.unwrap();
}

#[tokio::test]
async fn lists_come_from_the_replica_and_a_writer_finds_what_they_wrote_while_it_stands_still() {
    let (_databases, clients, mut standby) = replicated().await;
    let user = Person::new(&clients);
    let first = user.conversation().await;
    until_the_standby_answers(&user, &mut standby).await;
    assert_eq!(list(&user).await, std::slice::from_ref(&first));

    replay(&mut standby, "SELECT pg_wal_replay_pause()").await;
    let mut expected = vec![first];
    for text in ["one", "two", "three"] {
        let conversation = user.conversation().await;
        let said = user.say(&conversation.id, text, None).await;
        expected.insert(0, user.read(&conversation.id).await);
        assert_eq!(list(&user).await, expected);
        let path = pb::ListMessagesRequest { conversation_id: conversation.id, ..Default::default() };
        assert_eq!(user.list_messages(path).await.unwrap().messages, [said]);
        // Also at another replica of the service, which has seen nothing of this.
        assert_eq!(list(&user.at(&clients)).await, expected);
    }
    replay(&mut standby, "SELECT pg_wal_replay_resume()").await;
    assert_eq!(list(&user).await, expected);
}

#[tokio::test]
async fn crowds_of_writers_find_what_they_wrote_at_any_service() {
    let (databases, clients, mut standby) = replicated().await;
    let services = [clients, service(&databases)];
    until_the_standby_answers(&Person::new(&services[0]), &mut standby).await;
    join_all((0..12).map(async |index: usize| {
        let user = Person::new(&services[index % 2]);
        for round in 1..=8 {
            let conversation = user.conversation().await;
            assert_eq!(list(&user.at(&services[round % 2])).await.len(), round);
            let said = user.say(&conversation.id, "hello", None).await;
            let path = pb::ListMessagesRequest { conversation_id: conversation.id.clone(), ..Default::default() };
            assert_eq!(user.at(&services[(round + 1) % 2]).list_messages(path).await.unwrap().messages, [said]);
            let delete = pb::DeleteConversationRequest { conversation_id: conversation.id };
            user.delete_conversation(delete).await.unwrap();
            assert_eq!(list(&user).await.len(), round - 1);
            user.conversation().await;
        }
    }))
    .await;
    until_the_standby_answers(&Person::new(&services[1]), &mut standby).await;
}

#[tokio::test]
async fn a_search_reads_texts_and_branches_there_and_finds_what_was_just_written() {
    let (_databases, clients, mut standby) = replicated().await;
    let user = Person::new(&clients);
    let conversation = user.conversation().await;
    let said = user.say(&conversation.id, "an egret", None).await;
    let found = async |query: &str| {
        let hits = user.search_messages(asking(query)).await.unwrap().hits;
        hits.into_iter().filter_map(|hit| hit.message_id).collect::<Vec<_>>()
    };
    // Nothing is found last by what reads texts, something by what looks for its branch.
    for (query, expected, last) in [("heron", vec![], "%left(m.content%"), ("egret", vec![said.id], "%p.starts%")] {
        let mut there = 0;
        for _ in 0..MANY {
            assert_eq!(found(query).await, expected);
            there = asked(&mut standby, last).await;
            if there > 0 {
                break;
            }
        }
        assert!(there > 0, "{last}");
    }

    replay(&mut standby, "SELECT pg_wal_replay_pause()").await;
    let said = user.say(&conversation.id, "a heron", None).await;
    assert_eq!(found("heron").await, [said.id]);
    replay(&mut standby, "SELECT pg_wal_replay_resume()").await;
}

#[tokio::test]
async fn without_the_replica_reads_go_on() {
    let (mut databases, clients, mut standby) = replicated().await;
    let user = Person::new(&clients);
    let first = user.conversation().await;
    until_the_standby_answers(&user, &mut standby).await;
    databases.stop_standby().await;
    assert_eq!(list(&user).await, std::slice::from_ref(&first));
    let second = user.conversation().await;
    assert_eq!(list(&user).await, [second, first]);
}

#[tokio::test]
async fn what_is_no_replica_is_not_read_from() {
    let databases = Replicated::start().await;
    history_service::migrate(&databases.owner_url()).await.unwrap();
    // The primary itself: right answers, but nothing says that another server would have them.
    let clients = clients_with(databases.service_url(), |config| {
        config.options.read_database_url = Some(databases.service_url());
    });
    let user = Person::new(&clients);
    let conversation = user.conversation().await;
    assert_eq!(list(&user).await, [conversation]);
    let mut primary = PgConnection::connect(databases.service_url().expose_secret()).await.unwrap();
    assert_eq!(lists_on(&mut primary).await, 0);
}
