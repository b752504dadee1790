//! Users who are gone for good: from every table, whatever happens meanwhile, and after a restore.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use history_service::Config;
use proto::{history::v1 as pb, reason};
use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::{
    export::fill,
    search_index::{beside_a_service, waiting},
    world::{Person, World, acting, clients_of, completed, config, question, reason_of, text, user_message},
};

/// Every table of the schema that says whose a row is, with how many rows are this person's.
async fn rows_of(superuser: &mut PgConnection, person: &Person) -> BTreeMap<String, i64> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id' \
         WHERE c.relnamespace = 'history'::regnamespace AND c.relkind IN ('r', 'p')",
    )
    .fetch_all(&mut *superuser)
    .await
    .unwrap();
    let mut rows = BTreeMap::new();
    for table in tables {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM history.{table} WHERE user_id = $1"));
        rows.insert(table, sqlx::query_scalar(count).bind(person.id).fetch_one(&mut *superuser).await.unwrap());
    }
    rows
}

/// A block of the index.
const BLOCK: &str =
    "INSERT INTO history.search_block (user_id, block, entries, oldest, newest) VALUES ($1, 0, 1, $1, $1)";

/// The whole schema as text.
async fn everything(superuser: &mut PgConnection) -> String {
    let dump = "SELECT schema_to_xml('history', true, false, '')::text";
    sqlx::query_scalar(dump).fetch_one(superuser).await.unwrap()
}

async fn possessions(person: &Person) -> String {
    let run = person.ask(None, "a-secret-question").await.run.unwrap();
    let source = pb::Source { url: Some("https://example.com/a".to_owned()), ..pb::Source::default() };
    person.finish_run(pb::FinishRunRequest { sources: vec![source], ..completed(&run, "an answer") }).await.unwrap();
    person.say(&run.conversation_id, "and another branch", None).await;
    let goes_on = person.ask(Some(&run.conversation_id), "a run that goes on").await.run.unwrap();
    person.stream(&goes_on, 0, &[text("a-half-answer")]).await;
    run.conversation_id
}

async fn erase(person: &Person) -> pb::EraseUserResponse {
    person.erase_user(pb::EraseUserRequest {}).await.unwrap()
}

/// One round of the background work.
async fn tidy(config: &Config) {
    history_service::tidy(config, &CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn nothing_stays_in_any_table_and_nothing_of_others_goes() {
    let world = World::new().await;
    let (person, other) = (world.user(), world.user());
    possessions(&person).await;
    possessions(&other).await;
    person.conversation().await;
    let mut superuser = world.superuser().await;
    sqlx::query(BLOCK).bind(person.id).execute(&mut superuser).await.unwrap();
    let before = rows_of(&mut superuser, &person).await;
    for table in ["conversation", "message", "source", "run", "run_event", "search_entry", "search_block"] {
        assert!(before[table] > 0, "{table} is empty before");
    }
    let others = rows_of(&mut superuser, &other).await;

    let receipt = erase(&person).await;
    let after = rows_of(&mut superuser, &person).await;
    assert!(after.values().all(|rows| *rows == 0), "{after:?}");
    assert_eq!(rows_of(&mut superuser, &other).await, others);
    let left = everything(&mut superuser).await;
    assert!(!left.contains(&person.id.to_string()), "the id is left somewhere");
    assert_eq!(left.matches("a-secret-question").count(), 2, "the other's question and its preview or title");
    let counts = receipt.counts.unwrap();
    let expected = pb::RecordCounts { conversations: 2, messages: 5, sources: 1, runs: 2 };
    assert_eq!((counts, receipt.tombstone.len()), (expected, 64));
    assert!(receipt.erased_at.unwrap().seconds <= receipt.finished_at.unwrap().seconds);
}

#[tokio::test]
async fn erasing_again_answers_the_same_and_nobody_can_be_erased_too() {
    let world = World::new().await;
    let (person, nobody) = (world.user(), world.user());
    possessions(&person).await;
    let receipt = erase(&person).await;
    assert_eq!(erase(&person).await, receipt);
    let both = join_all([erase(&nobody), erase(&nobody)]).await;
    assert_eq!(both[0], both[1]);
    assert_eq!(both[0].counts, Some(pb::RecordCounts::default()));
    assert_ne!(both[0].tombstone, receipt.tombstone);
}

#[tokio::test]
async fn who_was_erased_writes_nothing_and_has_nothing() {
    let world = World::new().await;
    let person = world.user();
    let id = possessions(&person).await;
    let run = person.ask(None, "one more").await.run.unwrap();
    erase(&person).await;
    let new = pb::CreateConversationRequest { client_id: Some("c".to_owned()), ..Default::default() };
    let refusals = [
        person.create_conversation(new).await.map(drop).unwrap_err(),
        person.start_run(question(None, "hello?")).await.map(drop).unwrap_err(),
    ];
    for refused in refusals {
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, reason::USER_ERASED));
    }
    let gone = [
        person.create_message(user_message(&id, "hello?")).await.map(drop).unwrap_err(),
        person.start_run(question(Some(&id), "hello?")).await.map(drop).unwrap_err(),
        person.finish_run(completed(&run, "too late")).await.map(drop).unwrap_err(),
    ];
    for gone in gone {
        assert_eq!(gone.code(), Code::NotFound);
    }
    let listed = person.list_conversations(pb::ListConversationsRequest::default()).await.unwrap();
    assert!(listed.conversations.is_empty());
}

/// More than one transaction takes, in one conversation and in many, and a tree whose ids do not grow downwards.
#[tokio::test]
async fn much_goes_in_many_steps_and_the_receipt_counts_all_of_it() {
    let world = World::new().await;
    let person = world.user();
    let mut superuser = world.superuser().await;
    let big = possessions(&person).await;
    let long = person.conversation().await.id;
    fill(&mut superuser, &person, &long, 3_500).await;
    for _ in 0..3 {
        let id = person.conversation().await.id;
        fill(&mut superuser, &person, &id, 700).await;
    }
    // The oldest follows the newest: a clock that stood wrong.
    let turn = "UPDATE history.message SET parent_id = (SELECT max(message_id::text)::uuid FROM history.message \
                WHERE conversation_id = $1) WHERE parent_id IS NULL AND conversation_id = $1 AND message_id <> \
                (SELECT max(message_id::text)::uuid FROM history.message WHERE conversation_id = $1)";
    let long: uuid::Uuid = long.parse().unwrap();
    let detach = "UPDATE history.message SET parent_id = NULL WHERE message_id = \
                  (SELECT max(message_id::text)::uuid FROM history.message WHERE conversation_id = $1)";
    sqlx::query(detach).bind(long).execute(&mut superuser).await.unwrap();
    sqlx::query(turn).bind(long).execute(&mut superuser).await.unwrap();
    person.say(&big, "one more", None).await;

    let counts = erase(&person).await.counts.unwrap();
    assert_eq!(counts, pb::RecordCounts { conversations: 5, messages: 3_500 + 2_100 + 6, sources: 1, runs: 2 });
    assert!(rows_of(&mut superuser, &person).await.values().all(|rows| *rows == 0));
}

#[tokio::test]
async fn nothing_that_is_written_meanwhile_stays() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    for _ in 0..10 {
        let person = world.user();
        let id = person.conversation().await.id;
        let writes = (0..12).map(|number| {
            let (person, id) = (&person, &id);
            async move {
                for round in 0..4 {
                    let outcome = match (number + round) % 3 {
                        0 => person.create_message(user_message(id, "hello")).await.map(drop),
                        1 => person.start_run(question(None, "hello")).await.map(drop),
                        _ => person.create_conversation(pb::CreateConversationRequest::default()).await.map(drop),
                    };
                    if let Err(status) = outcome {
                        assert!([Code::NotFound, Code::FailedPrecondition].contains(&status.code()), "{status:?}");
                    }
                }
            }
        });
        let erasing = async {
            person.ask(None, "first").await;
            erase(&person).await
        };
        let (_, receipt) = futures_util::future::join(join_all(writes), erasing).await;
        assert!(receipt.counts.unwrap().conversations >= 1);
        let rows = rows_of(&mut superuser, &person).await;
        assert!(rows.values().all(|rows| *rows == 0), "{rows:?}");
    }
}

#[tokio::test]
async fn an_erasure_that_broke_off_is_carried_on_by_the_background_work() {
    let world = World::new().await;
    let (person, other) = (world.user(), world.user());
    possessions(&person).await;
    possessions(&other).await;
    let mut superuser = world.superuser().await;
    let bury = "INSERT INTO history.tombstone (digest, erased_at) \
                VALUES (history.erasure_digest($1), now() - interval '1 hour')";
    sqlx::query(bury).bind(person.id).execute(&mut superuser).await.unwrap();
    let nobody = world.user();
    sqlx::query(bury).bind(nobody.id).execute(&mut superuser).await.unwrap();
    // Of this one nothing but a block of the index was left, though more users than one look reads come before.
    let indexed = Person::of(&world, uuid::Uuid::max());
    sqlx::query(bury).bind(indexed.id).execute(&mut superuser).await.unwrap();
    sqlx::query(BLOCK).bind(indexed.id).execute(&mut superuser).await.unwrap();
    let crowd = "INSERT INTO history.search_block (user_id, block, entries, oldest, newest) \
                 SELECT u, 0, 1, u, u FROM (SELECT gen_random_uuid() AS u FROM generate_series(1, 600)) t";
    sqlx::query(crowd).execute(&mut superuser).await.unwrap();
    let others = rows_of(&mut superuser, &other).await;

    tidy(&config(world.database.service_url.clone())).await;
    for person in [&person, &indexed] {
        assert!(rows_of(&mut superuser, person).await.values().all(|rows| *rows == 0));
    }
    assert_eq!(rows_of(&mut superuser, &other).await, others);
    let blocks: i64 =
        sqlx::query_scalar("SELECT count(*) FROM history.search_block").fetch_one(&mut superuser).await.unwrap();
    assert_eq!(blocks, 600, "those of the crowd stay");
    let unfinished = "SELECT count(*) FROM history.tombstone WHERE finished_at IS NULL";
    let unfinished: i64 = sqlx::query_scalar(unfinished).fetch_one(&mut superuser).await.unwrap();
    assert_eq!(unfinished, 0);
    assert_eq!(erase(&person).await.counts.unwrap().messages, 5);
}

#[tokio::test]
async fn a_backup_from_before_the_erasure_brings_nobody_back() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("erasures");
    let world = World::new().await;
    let mut configured = config(world.database.service_url.clone());
    configured.database.erasures_file = Some(file.clone());
    let clients = clients_of(&configured);
    let (person, other, earlier) = (world.user().at(&clients), world.user().at(&clients), world.user().at(&clients));
    for person in [&person, &other, &earlier] {
        possessions(person).await;
    }
    let forgotten = erase(&earlier).await;
    let backup = world.database.copy().await;
    let receipt = erase(&person).await;
    assert!(std::fs::read_to_string(&file).unwrap().contains(&receipt.tombstone));

    let mut restored = config(backup.service_url.clone());
    let mut superuser = PgConnection::connect(backup.superuser_url.expose_secret()).await.unwrap();
    assert!(rows_of(&mut superuser, &person).await["message"] > 0, "the backup holds them");
    let others = rows_of(&mut superuser, &other).await;
    tidy(&restored).await;
    assert!(rows_of(&mut superuser, &person).await["message"] > 0, "without the file nobody knows");
    restored.database.erasures_file = Some(file.clone());
    tidy(&restored).await;
    assert!(rows_of(&mut superuser, &person).await.values().all(|rows| *rows == 0));
    assert_eq!(rows_of(&mut superuser, &other).await, others);

    let restored = clients_of(&restored);
    let again = erase(&person.at(&restored)).await;
    assert_eq!((again.tombstone, again.counts), (receipt.tombstone, receipt.counts));
    assert_eq!(erase(&earlier.at(&restored)).await, forgotten);
    let refused = person.at(&restored).start_run(question(None, "hello?")).await.unwrap_err();
    assert_eq!(reason_of(&refused), reason::USER_ERASED);
}

#[tokio::test]
async fn a_file_that_comes_later_learns_of_earlier_erasures() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("erasures");
    let world = World::new().await;
    let person = world.user();
    let receipt = erase(&person).await;
    let mut configured = config(world.database.service_url.clone());
    configured.database.erasures_file = Some(file.clone());
    tidy(&configured).await;
    tidy(&configured).await;
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().count(), 1, "{written}");
    assert!(written.starts_with(&format!("history {} ", receipt.tombstone)), "{written}");
}

#[tokio::test]
async fn an_erasure_that_cannot_be_noted_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("erasures");
    let world = World::new().await;
    let mut configured = config(world.database.service_url.clone());
    configured.database.erasures_file = Some(file.clone());
    let person = world.user().at(&clients_of(&configured));
    let id = possessions(&person).await;
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let failed = person.erase_user(pb::EraseUserRequest {}).await.unwrap_err();
    assert_eq!(failed.code(), Code::Internal);
    person.say(&id, "still here", None).await;
}

#[tokio::test]
async fn nobody_reads_the_key_and_nobody_anothers_tombstone() {
    let world = World::new().await;
    let (person, other) = (world.user(), world.user());
    erase(&person).await;
    let mut service = world.service_connection().await;
    let refused = sqlx::raw_sql("SELECT key FROM history.erasure_key").execute(&mut service).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    for (user, expected) in [(&person, 1), (&other, 0)] {
        let mut transaction = service.begin().await.unwrap();
        sqlx::query("SELECT set_config('colloquy.user_id', $1, true)")
            .bind(user.id.to_string())
            .execute(&mut *transaction)
            .await
            .unwrap();
        let seen: i64 =
            sqlx::query_scalar("SELECT count(*) FROM history.tombstone").fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(seen, expected);
    }
    let request = acting(other.id, pb::EraseUserRequest {});
    world.clients.privacy.clone().erase_user(request).await.unwrap();
}

/// The last step of an erasure fails: what it would have tidied up went with the data.
#[tokio::test]
async fn an_erasure_that_breaks_off_at_the_end_leaves_nothing_behind() {
    let world = World::new().await;
    let person = world.user();
    possessions(&person).await;
    let mut superuser = world.superuser().await;
    sqlx::query(BLOCK).bind(person.id).execute(&mut superuser).await.unwrap();
    let refuse = "CREATE FUNCTION history.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; \
                  CREATE TRIGGER refuse BEFORE UPDATE OF finished_at ON history.tombstone \
                  FOR EACH ROW EXECUTE FUNCTION history.refuse()";
    sqlx::raw_sql(refuse).execute(&mut superuser).await.unwrap();
    person.erase_user(pb::EraseUserRequest {}).await.unwrap_err();
    let left = rows_of(&mut superuser, &person).await;
    assert!(left.values().all(|rows| *rows == 0), "{left:?}");
}

/// People go while their texts are being indexed.
#[tokio::test]
async fn nothing_comes_back_from_an_indexer_that_was_at_work() {
    let world = World::new().await;
    let mut superuser = world.superuser().await;
    let (person, other) = (world.user(), world.user());
    possessions(&person).await;
    beside_a_service(&world, person.id, async |there| {
        waiting(&mut superuser, 0).await;
        for _ in 0..50 {
            there.ask(None, "a question that waits to be indexed").await;
        }
        erase(&there).await;
        let other = other.at_the_side_of(&there);
        other.ask(None, "what is left to do for the indexer").await;
        waiting(&mut superuser, 0).await;
        let left = rows_of(&mut superuser, &there).await;
        assert!(left.values().all(|rows| *rows == 0), "{left:?}");
        assert!(rows_of(&mut superuser, &other).await["search_block"] > 0);
    })
    .await;
}

/// An erasure that would never end is left alone when the service stops.
#[tokio::test]
async fn a_service_that_stops_does_not_wait_for_its_background_work() {
    let world = World::new().await;
    let person = world.user();
    possessions(&person).await;
    let mut superuser = world.superuser().await;
    let endless = "INSERT INTO history.tombstone (digest) VALUES (history.erasure_digest($1))";
    sqlx::query(endless).bind(person.id).execute(&mut superuser).await.unwrap();
    let keep = "CREATE FUNCTION history.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
                CREATE TRIGGER keep BEFORE DELETE ON history.conversation FOR EACH ROW EXECUTE FUNCTION history.keep()";
    sqlx::raw_sql(keep).execute(&mut superuser).await.unwrap();
    beside_a_service(&world, person.id, async |_| {
        let steps = "SELECT messages > 5 FROM history.tombstone";
        while !sqlx::query_scalar::<_, bool>(steps).fetch_one(&mut superuser).await.unwrap() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(rows_of(&mut superuser, &person).await["conversation"] > 0);
}
