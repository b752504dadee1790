//! Conversations that end by themselves.

use std::time::{Duration, SystemTime};

use prost_types::{FieldMask, Timestamp};
use proto::history::v1::{self as pb, export_user_response::Record};
use tonic::Code;

use crate::{
    rpcs::{self, Ids},
    search::asking,
    world::{Person, World, acting_headers, completed, question, reason_of, user_message, violations},
};

fn in_an_hour() -> Timestamp {
    let at = Timestamp::from(SystemTime::now() + Duration::from_hours(1));
    Timestamp { nanos: at.nanos / 1_000 * 1_000, ..at }
}

async fn set_end(user: &Person, id: &str, expires_at: Option<Timestamp>) -> Result<pb::Conversation, tonic::Status> {
    let request = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation { id: id.to_owned(), expires_at, ..pb::Conversation::default() }),
        update_mask: Some(FieldMask { paths: vec!["expires_at".to_owned()] }),
    };
    Ok(user.update_conversation(request).await?.conversation.unwrap())
}

/// What only time does otherwise.
async fn expire(world: &World, id: &str) {
    let past = "UPDATE history.conversation SET expires_at = now() WHERE conversation_id = $1::uuid";
    sqlx::query(past).bind(id).execute(&mut world.superuser().await).await.unwrap();
}

#[tokio::test]
async fn an_end_is_set_and_taken_away() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let end = in_an_hour();
    assert_eq!(set_end(&user, &id, Some(end)).await.unwrap().expires_at, Some(end));
    assert_eq!(user.read(&id).await.expires_at, Some(end));
    assert_eq!(set_end(&user, &id, None).await.unwrap().expires_at, None);
    assert_eq!(user.read(&id).await.expires_at, None);
    let past = Timestamp { seconds: 1_000, nanos: 0 };
    let refused = set_end(&user, &id, Some(past)).await.unwrap_err();
    assert_eq!(violations(&refused), [("expires_at".to_owned(), "INVALID".to_owned())]);
}

#[tokio::test]
async fn a_question_can_begin_one() {
    let world = World::new().await;
    let user = world.user();
    let end = Some(in_an_hour());
    let started = user.start_run(pb::StartRunRequest { expires_at: end, ..question(None, "psst") }).await.unwrap();
    let conversation = started.conversation.unwrap();
    assert_eq!((conversation.expires_at, user.read(&conversation.id).await.expires_at), (end, end));

    let elsewhere = pb::StartRunRequest { expires_at: end, ..question(Some(&conversation.id), "psst") };
    let over = pb::StartRunRequest { expires_at: Some(Timestamp::default()), ..question(None, "psst") };
    for refused in [elsewhere, over] {
        let refused = user.start_run(refused).await.unwrap_err();
        assert_eq!(violations(&refused), [("expires_at".to_owned(), "INVALID".to_owned())]);
    }
}

#[tokio::test]
async fn what_has_expired_answers_every_rpc_as_what_never_was() {
    let world = World::new().await;
    let user = world.user();
    let first = user.ask(None, "psst").await.run.unwrap();
    let id = first.conversation_id.clone();
    let url = "https://a".to_owned();
    let sources = vec![pb::Source { url: Some(url.clone()), ..pb::Source::default() }];
    user.finish_run(pb::FinishRunRequest { sources, ..completed(&first, "pssst") }).await.unwrap();
    let second = user.ask(Some(&id), "and?").await;
    set_end(&user, &id, Some(in_an_hour())).await.unwrap();
    let citations = || user.list_citations(pb::ListCitationsRequest { url: Some(url.clone()), ..Default::default() });
    assert_eq!(citations().await.unwrap().citations.len(), 1);
    // The question, which is the title, too.
    assert_eq!(user.search_messages(asking("psst")).await.unwrap().hits.len(), 2);
    let orders = [pb::ExportOrder::Unspecified, pb::ExportOrder::Reading];
    for order in orders {
        assert!(user.export(order).await.unwrap().len() > 2);
    }
    assert_eq!(user.read(&id).await.message_count, 4);

    expire(&world, &id).await;
    for message in [first.message_id, second.user_message.unwrap().id] {
        let run = second.run.as_ref().unwrap().id.clone();
        for (name, call) in rpcs::about(Ids { conversation: id.clone(), message, run }) {
            let refused = call(world.clients.clone(), acting_headers(user.id)).await.expect_err(name);
            assert_eq!(refused.code(), Code::NotFound, "{name} {refused:?}");
        }
    }
    assert_eq!(citations().await.unwrap().citations, []);
    for (archived, query) in [(false, None), (true, None), (false, Some("psst".to_owned()))] {
        let list = pb::ListConversationsRequest { archived: Some(archived), query, ..Default::default() };
        assert_eq!(user.list_conversations(list).await.unwrap().conversations, []);
    }
    assert_eq!(user.search_messages(asking("psst")).await.unwrap().hits, []);
    for order in orders {
        let told = user.export(order).await.unwrap();
        assert!(matches!(told.as_slice(), [Record::Manifest(_), Record::Completed(_)]), "{told:?}");
    }
    // Nothing of this has changed a row: whoever sweeps finds all of it.
    let mut superuser = world.superuser().await;
    let counts =
        "SELECT (SELECT count(*) FROM history.message), (SELECT count(*) FROM history.run WHERE status = 'running')";
    let (messages, running): (i64, i64) = sqlx::query_as(counts).fetch_one(&mut superuser).await.unwrap();
    assert_eq!((messages, running), (4, 1));
}

#[tokio::test]
async fn the_clients_id_of_an_expired_conversation_is_free_again() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let new = || pb::CreateConversationRequest {
        client_id: Some("chat".to_owned()),
        expires_at: Some(in_an_hour()),
        ..pb::CreateConversationRequest::default()
    };
    let first = user.create_conversation(new()).await.unwrap().conversation.unwrap();
    let theirs = other.create_conversation(new()).await.unwrap().conversation.unwrap();
    assert_eq!(user.create_conversation(new()).await.unwrap().conversation.unwrap().id, first.id);
    expire(&world, &first.id).await;
    let created = futures_util::future::join_all((0..8).map(|_| user.create_conversation(new()))).await;
    let mut ids: Vec<_> = created.into_iter().map(|created| created.unwrap().conversation.unwrap().id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_ne!(ids[0], first.id);
    assert_eq!(other.read(&theirs.id).await, theirs);
}

#[tokio::test]
async fn keys_and_ids_in_an_expired_conversation_lead_nowhere() {
    let world = World::new().await;
    let user = world.user();
    let keyed = || pb::StartRunRequest {
        request_id: Some("key".to_owned()),
        fingerprint: vec![1],
        expires_at: Some(in_an_hour()),
        ..question(None, "psst")
    };
    let id = user.start_run(keyed()).await.unwrap().run.unwrap().conversation_id;
    let named = pb::CreateMessageRequest { client_id: Some("m".to_owned()), ..user_message(&id, "psst") };
    user.create_message(named.clone()).await.unwrap();
    expire(&world, &id).await;
    // The question was answered once; it is not asked a second time under the same key.
    assert_eq!(reason_of(&user.start_run(keyed()).await.unwrap_err()), "RUN_NOT_FOUND");
    let elsewhere = pb::CreateMessageRequest { conversation_id: user.conversation().await.id, ..named };
    assert_eq!(reason_of(&user.create_message(elsewhere).await.unwrap_err()), "CLIENT_ID_TAKEN");
}

#[tokio::test]
async fn the_rows_of_an_expired_conversation_can_still_be_deleted() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "psst").await.run.unwrap();
    user.end(&run, "pssst").await;
    expire(&world, &run.conversation_id).await;
    let mut superuser = world.superuser().await;
    sqlx::query("DELETE FROM history.conversation").execute(&mut superuser).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM history.message) + (SELECT count(*) FROM history.run)";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&mut superuser).await.unwrap(), 0);
}
