//! Behind PgBouncer in transaction mode: clients share connections to the server, and nothing else.

use std::{collections::BTreeSet, str::FromStr as _};

use futures_util::future::join_all;
use proto::history::v1::{self as pb, export_user_response::Record};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, Row as _, postgres::PgConnectOptions};
use testkit::PgBouncer;
use uuid::Uuid;

use crate::{
    rpcs::{self, Ids},
    search::asking,
    world::{Clients, Person, World, acting_headers, clients_with, completed, question, user_message},
};

const SERVER_CONNECTIONS: usize = 2;

/// Everything that a user does, many times: so that statements of many clients meet on the same server connections.
async fn life(person: Person) {
    for round in 0..3 {
        let text = format!("{} asks {round}", person.id);
        let started = person.ask(None, &text).await;
        let (run, conversation) = (started.run.unwrap(), started.conversation.unwrap());
        let source = pb::Source { url: Some("https://example.com".to_owned()), ..pb::Source::default() };
        let finish = pb::FinishRunRequest { sources: vec![source], ..completed(&run, &text) };
        let answer = person.finish_run(finish).await.unwrap().message.unwrap();
        let said = person.say(&conversation.id, &text, None).await;
        let rating = Some(pb::Feedback { rating: 1, ..pb::Feedback::default() });
        let feedback = pb::SetFeedbackRequest { message_id: answer.id.clone(), feedback: rating };
        person.set_feedback(feedback).await.unwrap();

        let path = pb::ListMessagesRequest { conversation_id: conversation.id.clone(), ..Default::default() };
        let path = person.list_messages(path).await.unwrap().messages;
        let contents: Vec<_> = path.iter().map(|message| message.content.as_str()).collect();
        assert_eq!(contents, [&text, &text, &text]);
        assert_eq!(
            person.list_sources(pb::ListSourcesRequest { message_id: answer.id }).await.unwrap().sources.len(),
            1
        );
        assert_eq!(
            person
                .get_message(pb::GetMessageRequest { message_id: said.id, ..Default::default() })
                .await
                .unwrap()
                .message
                .unwrap()
                .content,
            text
        );
        assert_eq!(
            person
                .get_run(pb::GetRunRequest { run_id: run.id, ..Default::default() })
                .await
                .unwrap()
                .message
                .unwrap()
                .content,
            text
        );
        let listed = person.list_conversations(pb::ListConversationsRequest::default()).await.unwrap().conversations;
        assert_eq!(listed.len(), round + 1);
        assert!(listed.iter().all(|listed| listed.preview.starts_with(&person.id.to_string())), "{listed:#?}");
        finds_all(&person, round + 1).await;
    }
    let listed = person.list_conversations(pb::ListConversationsRequest::default()).await.unwrap().conversations;
    let delete = pb::DeleteConversationRequest { conversation_id: listed[0].id.clone() };
    person.delete_conversation(delete).await.unwrap();
}

/// What search, citations and export say of so many rounds.
async fn finds_all(person: &Person, rounds: usize) {
    let id = person.id.to_string();
    // Question, answer, message and title.
    let hits = person.search_messages(pb::SearchMessagesRequest { page_size: 50, ..asking(&id) }).await.unwrap().hits;
    assert_eq!(hits.len(), 4 * rounds);
    let query = pb::ListConversationsRequest { query: Some(id.clone()), ..Default::default() };
    assert_eq!(person.list_conversations(query).await.unwrap().conversations.len(), rounds);
    let cited = pb::ListCitationsRequest { url: Some("https://example.com".to_owned()), ..Default::default() };
    assert_eq!(person.list_citations(cited).await.unwrap().citations.len(), rounds);
    let told = person.export(pb::ExportOrder::Unspecified).await.unwrap();
    let messages =
        told.iter().filter_map(|record| if let Record::Message(message) = record { Some(message) } else { None });
    let contents: Vec<_> = messages.map(|message| message.content.as_str()).collect();
    assert_eq!(contents.len(), 3 * rounds);
    assert!(contents.iter().all(|content| content.starts_with(&id)), "{contents:?}");
}

async fn a_crowd_lives_well(world: &World, services: &[Clients]) {
    let people = (0..24).map(|index| Person::new(&services[index % services.len()]));
    join_all(people.map(life)).await;

    // Whatever has been set for a transaction is gone with it.
    let mut superuser = world.superuser().await;
    let servers: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'colloquy_service'",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert!(servers <= i64::try_from(SERVER_CONNECTIONS).unwrap(), "{servers} connections to the server");

    // Every RPC that the other tests go through, and every refusal that its constraints make.
    let user = Person::new(&services[0]);
    let id = || Uuid::now_v7().to_string();
    let mut calls = rpcs::about(Ids { conversation: id(), message: id(), run: id() });
    calls.extend(rpcs::about_nothing());
    for (name, call) in calls {
        if let Err(status) = call(services[0].clone(), acting_headers(user.id)).await {
            assert_eq!(status.code(), tonic::Code::NotFound, "{name}: {status:?}");
        }
    }
    // The last of them erased the user.
    let user = Person::new(&services[0]);
    let conversation = user.conversation().await.id;
    let again =
        || pb::CreateMessageRequest { client_id: Some("once".to_owned()), ..user_message(&conversation, "hello") };
    let ids: BTreeSet<_> = join_all((0..10).map(|_| user.create_message(again())))
        .await
        .into_iter()
        .map(|created| created.unwrap().message.unwrap().id)
        .collect();
    assert_eq!(ids.len(), 1);
    let keyed = || pb::StartRunRequest { request_id: Some("key".to_owned()), ..question(Some(&conversation), "hello") };
    let runs: BTreeSet<_> = join_all((0..10).map(|_| user.start_run(keyed())))
        .await
        .into_iter()
        .map(|started| started.unwrap().run.unwrap().id)
        .collect();
    assert_eq!(runs.len(), 1);
}

#[tokio::test]
async fn without_a_statement_cache_a_crowd_shares_two_connections() {
    let world = World::new().await;
    let pooler = PgBouncer::start(SERVER_CONNECTIONS);
    let url = || pooler.service_url(&world.database);
    let services: Vec<_> = (0..3).map(|_| clients_with(url(), |config| config.database.statement_cache = 0)).collect();
    a_crowd_lives_well(&world, &services).await;
}

#[tokio::test]
async fn with_a_statement_cache_it_takes_a_pooler_that_knows_prepared_statements() {
    let world = World::new().await;
    let pooler = PgBouncer::start(SERVER_CONNECTIONS);
    let services: Vec<_> = (0..3).map(|_| clients_with(pooler.service_url(&world.database), |_| {})).collect();
    if PgBouncer::tracks_prepared_statements() {
        a_crowd_lives_well(&world, &services).await;
        return;
    }
    // An older one mixes up the statements of its clients, which must be an error and never another's answer.
    let people = services.iter().map(Person::new).collect::<Vec<_>>();
    let outcomes = join_all(
        (0..9).map(|index| people[index % people.len()].create_conversation(pb::CreateConversationRequest::default())),
    )
    .await;
    assert!(outcomes.iter().any(Result::is_err), "then the switch is not needed any more");
}

#[tokio::test]
async fn what_a_user_sets_is_not_there_for_the_next() {
    let world = World::new().await;
    let pooler = PgBouncer::start(1);
    let clients = clients_with(pooler.service_url(&world.database), |config| config.database.statement_cache = 0);
    let user = Person::new(&clients);
    user.conversation().await;
    let refused = user.get_run(pb::GetRunRequest { run_id: Uuid::now_v7().to_string(), ..Default::default() }).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::NotFound);

    // The one connection to the server, as it was left.
    let url = pooler.service_url(&world.database);
    let options = PgConnectOptions::from_str(url.expose_secret()).unwrap().extra_float_digits(None);
    let mut other = sqlx::PgConnection::connect_with(&options).await.unwrap();
    let row = sqlx::raw_sql(
        "SELECT current_setting('colloquy.user_id', true), current_user::text, (SELECT count(*) FROM history.conversation)",
    );
    let row = row.fetch_one(&mut other).await.unwrap();
    let left: (Option<String>, String, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(left, (Some(String::new()), "colloquy_service".to_owned(), 0));
}
