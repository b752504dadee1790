//! What belongs to someone else answers, byte for byte, as what does not exist.

use proto::history::v1 as pb;
use sqlx::Connection as _;
use tonic::Status;
use uuid::Uuid;

use crate::{
    rpcs::{self, Call, Ids},
    world::{Person, World, acting_headers, completed, question, text},
};

/// How many rows `possessions` leaves in each table.
const POSSESSIONS: [(&str, i64); 6] =
    [("conversation", 1), ("message", 4), ("source", 1), ("run", 2), ("run_event", 1), ("search_entry", 4)];

/// Someone's conversation with a finished run, which cites something, and a running one.
async fn possessions(person: &Person) -> Ids {
    let first = person.ask(None, "what is theirs?").await;
    let run = first.run.unwrap();
    let source = pb::Source { url: Some("https://example.com/theirs".to_owned()), ..pb::Source::default() };
    person.finish_run(pb::FinishRunRequest { sources: vec![source], ..completed(&run, "this is") }).await.unwrap();
    let second = person.ask(Some(&run.conversation_id), "and what else?").await;
    let (message, goes_on) = (second.user_message.unwrap().id, second.run.unwrap());
    person.stream(&goes_on, 0, &[text("well")]).await;
    Ids { conversation: run.conversation_id, message, run: goes_on.id }
}

fn nothings() -> Ids {
    let id = || Uuid::now_v7().to_string();
    Ids { conversation: id(), message: id(), run: id() }
}

async fn answers(world: &World, caller: &Person, calls: Vec<(&'static str, Call)>) -> Vec<String> {
    let mut answers = Vec::new();
    for (name, call) in calls {
        let refused: Status = call(world.clients.clone(), acting_headers(caller.id)).await.expect_err(name);
        answers.push(format!("{name} {:?} {} {:?}", refused.code(), refused.message(), refused.details()));
    }
    answers
}

#[tokio::test]
async fn every_rpc_answers_about_foreign_ids_as_about_unknown_ones() {
    let world = World::new().await;
    let (owner, stranger) = (world.user(), world.user());
    let theirs = possessions(&owner).await;
    let before = owner.read(&theirs.conversation).await;

    let foreign = answers(&world, &stranger, rpcs::about(theirs.clone())).await;
    let unknown = answers(&world, &stranger, rpcs::about(nothings())).await;
    assert_eq!(foreign, unknown);
    assert!(foreign.iter().all(|answer| answer.contains(" NotFound ")), "{foreign:#?}");

    let own = stranger.conversation().await;
    let foreign = answers(&world, &stranger, rpcs::within(&own.id, &theirs.message)).await;
    let unknown = answers(&world, &stranger, rpcs::within(&own.id, &nothings().message)).await;
    assert_eq!(foreign, unknown);
    assert!(foreign.iter().all(|answer| answer.contains(" NotFound ")), "{foreign:#?}");

    assert_eq!(owner.read(&theirs.conversation).await, before);
    assert_eq!(stranger.read(&own.id).await, own);
}

#[tokio::test]
async fn another_conversation_of_ones_own_is_no_place_for_a_parent_either() {
    let world = World::new().await;
    let user = world.user();
    let theirs = possessions(&user).await;
    let other = user.conversation().await;
    let inside = answers(&world, &user, rpcs::within(&other.id, &theirs.message)).await;
    let unknown = answers(&world, &user, rpcs::within(&other.id, &nothings().message)).await;
    assert_eq!(inside, unknown);
}

#[tokio::test]
async fn the_clients_ids_and_keys_of_two_users_never_meet() {
    let world = World::new().await;
    let mut seen = Vec::new();
    for user in [world.user(), world.user()] {
        let new = pb::CreateConversationRequest { client_id: Some("chat-1".to_owned()), ..Default::default() };
        let conversation = user.create_conversation(new).await.unwrap().conversation.unwrap();
        let started = user
            .start_run(pb::StartRunRequest {
                request_id: Some("key-1".to_owned()),
                fingerprint: user.id.as_bytes().to_vec(),
                ..question(Some(&conversation.id), "hello")
            })
            .await
            .unwrap();
        assert!(!started.joined);
        seen.push(conversation.id);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_list_holds_ones_own_only() {
    let world = World::new().await;
    let (one, other) = (world.user(), world.user());
    possessions(&other).await;
    let own = one.conversation().await;
    let listed = one.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert_eq!(listed.conversations, [own]);
}

#[tokio::test]
async fn a_statement_that_forgot_its_where_shows_changes_and_adds_nothing() {
    let world = World::new().await;
    let (owner, stranger) = (world.user(), world.user());
    possessions(&owner).await;
    let mut connection = world.service_connection().await;

    for (table, rows) in POSSESSIONS {
        let count = || sqlx::AssertSqlSafe(format!("SELECT count(*) FROM history.{table}"));
        let seen: i64 = sqlx::query_scalar(count()).fetch_one(&mut connection).await.unwrap();
        assert_eq!(seen, 0, "{table} without a setting");

        for (user, expected) in [(stranger.id, 0), (owner.id, rows)] {
            let mut transaction = connection.begin().await.unwrap();
            sqlx::query("SELECT set_config('colloquy.user_id', $1, true)")
                .bind(user.to_string())
                .execute(&mut *transaction)
                .await
                .unwrap();
            let seen: i64 = sqlx::query_scalar(count()).fetch_one(&mut *transaction).await.unwrap();
            assert_eq!(seen, expected, "{table} as {user}");
            transaction.commit().await.unwrap();
        }
        // A past LOCAL setting reads as '' from now on.
        let seen: i64 = sqlx::query_scalar(count()).fetch_one(&mut connection).await.unwrap();
        assert_eq!(seen, 0, "{table} after a setting");
    }

    for statement in [
        "UPDATE history.conversation SET title = 'mine', title_source = 'user'",
        "UPDATE history.message SET content = 'mine'",
        "UPDATE history.run SET fence = fence + 1",
        "UPDATE history.run_event SET payload = ''",
        "UPDATE history.search_entry SET grams = NULL",
        "DELETE FROM history.conversation",
    ] {
        let changed = sqlx::query(statement).execute(&mut connection).await.unwrap();
        assert_eq!(changed.rows_affected(), 0, "{statement}");
    }

    let mut transaction = connection.begin().await.unwrap();
    let foreign = "INSERT INTO history.conversation (conversation_id, user_id, metadata) VALUES ($1, $2, '{}')";
    sqlx::query("SELECT set_config('colloquy.user_id', $1, true)")
        .bind(stranger.id.to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
    let refused =
        sqlx::query(foreign).bind(Uuid::now_v7()).bind(owner.id).execute(&mut *transaction).await.unwrap_err();
    assert!(refused.to_string().contains("row-level security"), "{refused}");
}
