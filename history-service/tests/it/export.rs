//! Everything about a user, from the first record to the last.

use std::collections::{BTreeMap, BTreeSet};

use proto::history::v1::{self as pb, ExportOrder, export_user_response::Record};
use tonic::Code;

use crate::world::{Person, World, acting, completed, question, user_message, violations};

/// A document that no one would write, to be found again byte by byte.
const ODD: &str = "{ \"b\":1.0e2,\n\t\"a\": [\"\\u00e9\", 1, 1] , \"b\":2}";

/// A conversation of every kind of thing: runs that ended in each way, sources, feedback, branches, odd documents.
async fn tree(person: &Person) -> String {
    let new = pb::CreateConversationRequest {
        client_id: Some("chat-1".to_owned()),
        title: Some("Tea".to_owned()),
        metadata_json: ODD.to_owned(),
        ..Default::default()
    };
    let id = person.create_conversation(new).await.unwrap().conversation.unwrap().id;
    let asked = pb::StartRunRequest {
        metadata_json: ODD.to_owned(),
        request_id: Some("key-1".to_owned()),
        fingerprint: vec![1],
        ..question(Some(&id), "What is tea?")
    };
    let run = person.start_run(asked).await.unwrap().run.unwrap();
    let source = |title: &str| pb::Source {
        title: Some(title.to_owned()),
        url: Some("https://example.com/tea".to_owned()),
        snippet: Some("A leaf.".to_owned()),
        score: Some(0.25),
        span: Some(pb::Span { start: 0, end: 3 }),
        metadata_json: ODD.to_owned(),
        ..pb::Source::default()
    };
    let usage = pb::Usage { input_tokens: Some(7), output_tokens: Some(5), total_tokens: None };
    let answered = pb::FinishRunRequest {
        sources: vec![source("one"), source("two")],
        usage: Some(usage),
        parts_json: "[{\"type\":\"text\", \"text\":\"A leaf.\"}]".to_owned(),
        ..completed(&run, "A leaf.")
    };
    let answer = person.finish_run(answered).await.unwrap().message.unwrap();
    let feedback = pb::Feedback { rating: 1, note: Some("good".to_owned()), created_at: None };
    let rated = pb::SetFeedbackRequest { message_id: answer.id.clone(), feedback: Some(feedback) };
    person.set_feedback(rated).await.unwrap();
    let second = person.ask(Some(&id), "And coffee?").await.run.unwrap();
    let failed = pb::FinishRunRequest {
        status: pb::RunStatus::Failed.into(),
        error: Some(pb::RunError { code: "agent_timeout".to_owned(), message: "too slow".to_owned() }),
        ..completed(&second, "half of it")
    };
    person.finish_run(failed).await.unwrap();
    let edited = pb::CreateMessageRequest {
        parent_id: Some(answer.id.clone()),
        client_id: Some("m-1".to_owned()),
        ..user_message(&id, "And cocoa?")
    };
    person.create_message(edited).await.unwrap();
    person.ask(Some(&id), "a run that goes on").await;
    id
}

struct Told {
    conversations: Vec<pb::Conversation>,
    messages: Vec<pb::Message>,
    runs: Vec<pb::ExportedRun>,
    counts: pb::RecordCounts,
}

/// The records by kind, whose order is checked on the way.
fn sorted(person: &Person, records: Vec<Record>) -> Told {
    let mut records = records.into_iter();
    let Some(Record::Manifest(manifest)) = records.next() else { panic!("no manifest") };
    assert_eq!((manifest.format_version, manifest.user_id), (1, person.id.to_string()));
    let (mut conversations, mut messages, mut runs) =
        (Vec::<pb::Conversation>::new(), Vec::<pb::Message>::new(), Vec::new());
    while let Some(record) = records.next() {
        match record {
            Record::Manifest(_) => panic!("a second manifest"),
            Record::Conversation(conversation) => conversations.push(conversation),
            Record::Message(message) => {
                assert_eq!(message.conversation_id, conversations.last().unwrap().id);
                messages.push(message);
            }
            Record::Run(run) => {
                let message = &run.run.as_ref().unwrap().message_id;
                assert!(messages.iter().any(|earlier| earlier.id == *message), "a run before its answer");
                runs.push(run);
            }
            Record::Completed(pb::ExportCompleted { counts }) => {
                assert!(records.next().is_none(), "something after the end");
                return Told { conversations, messages, runs, counts: counts.unwrap() };
            }
        }
    }
    panic!("an export without an end");
}

#[tokio::test]
async fn an_export_says_what_every_read_says_and_says_it_once() {
    let world = World::new().await;
    let (person, stranger) = (world.user(), world.user());
    tree(&stranger).await;
    let mut expected = BTreeMap::new();
    for round in 0..3 {
        let id = if round == 0 {
            tree(&person).await
        } else {
            person.ask(None, "again?").await.run.unwrap().conversation_id
        };
        expected.insert(id.clone(), person.read(&id).await);
    }
    let empty = person.conversation().await;
    expected.insert(empty.id.clone(), person.read(&empty.id).await);

    for order in [ExportOrder::Unspecified, ExportOrder::Reading] {
        let told = sorted(&person, person.export(order).await.unwrap());
        let conversations: BTreeMap<_, _> =
            told.conversations.iter().map(|conversation| (conversation.id.clone(), conversation.clone())).collect();
        assert_eq!((conversations.len(), &conversations), (told.conversations.len(), &expected));
        let ids: BTreeSet<_> = told.messages.iter().map(|message| message.id.clone()).collect();
        assert_eq!(ids.len(), told.messages.len());
        for message in &told.messages {
            let request = pb::GetMessageRequest { message_id: message.id.clone(), ..Default::default() };
            assert_eq!(person.get_message(request).await.unwrap().message.unwrap(), *message);
        }
        for run in &told.runs {
            let run = run.run.clone().unwrap();
            let request = pb::GetRunRequest { run_id: run.id.clone(), ..Default::default() };
            assert_eq!(person.get_run(request).await.unwrap().run.unwrap(), run);
        }
        let sources = told.messages.iter().map(|message| message.sources.len()).sum::<usize>();
        assert_eq!((told.messages.len(), sources, told.runs.len()), (11, 2, 5));
        assert_eq!(told.counts, pb::RecordCounts { conversations: 4, messages: 11, sources: 2, runs: 5 });
        assert_eq!(told.runs.iter().filter_map(|run| run.request_id.as_deref()).collect::<Vec<_>>(), ["key-1"]);
        let odd = told.messages.iter().filter(|message| message.metadata_json == ODD).count();
        assert_eq!(
            (odd, told.messages.iter().flat_map(|m| &m.sources).filter(|s| s.metadata_json == ODD).count()),
            (1, 2)
        );
    }
}

#[tokio::test]
async fn the_reading_order_shows_the_active_path_first() {
    let world = World::new().await;
    let person = world.user();
    let id = tree(&person).await;
    let path = pb::ListMessagesRequest { conversation_id: id, page_size: 100, ..Default::default() };
    let path = person.list_messages(path).await.unwrap().messages;
    let told = sorted(&person, person.export(ExportOrder::Reading).await.unwrap());
    assert_eq!(told.messages[..path.len()], path);
    assert!(told.messages.len() > path.len());
}

#[tokio::test]
async fn an_export_of_nothing_is_one_too_and_an_unknown_order_is_refused() {
    let world = World::new().await;
    let person = world.user();
    let told = sorted(&person, person.export(ExportOrder::Unspecified).await.unwrap());
    assert_eq!(told.counts, pb::RecordCounts::default());
    let request = acting(person.id, pb::ExportUserRequest { order: 7 });
    let refused = world.clients.privacy.clone().export_user(request).await.unwrap_err();
    assert_eq!(violations(&refused), [("order".to_owned(), "INVALID".to_owned())]);
}

/// More conversations than one statement reads, more messages in one of them than one skeleton has, and messages that
/// are too large for one batch.
#[tokio::test]
async fn what_stands_in_many_batches_comes_whole() {
    let world = World::new().await;
    let person = world.user();
    let long = person.conversation().await.id;
    let mut superuser = world.superuser().await;
    fill(&mut superuser, &person, &long, 2_500).await;
    for number in 0..3 {
        person.say(&long, &format!("{number} {}", "x".repeat(900_000)), None).await;
    }
    sqlx::query(
        "INSERT INTO history.conversation (conversation_id, user_id, metadata) \
         SELECT gen_random_uuid(), $1, '{}' FROM generate_series(1, 1200)",
    )
    .bind(person.id)
    .execute(&mut superuser)
    .await
    .unwrap();
    for order in [ExportOrder::Unspecified, ExportOrder::Reading] {
        let told = sorted(&person, person.export(order).await.unwrap());
        assert_eq!((told.conversations.len(), told.messages.len()), (1_201, 2_503));
        assert_eq!(told.messages.iter().map(|message| &message.id).collect::<BTreeSet<_>>().len(), 2_503);
    }
}

/// Appends a chain of short messages, as the years would.
pub(crate) async fn fill(superuser: &mut sqlx::PgConnection, person: &Person, conversation: &str, messages: i32) {
    let statement = r"
        WITH chain AS (
            SELECT number, overlay(md5(random()::text) PLACING lpad(to_hex(number), 12, '0') FROM 1)::uuid AS id
            FROM generate_series(1, $3) AS number
        ),
        written AS (
            INSERT INTO history.message (
                message_id, user_id, conversation_id, parent_id, role, status, content, metadata, completed_at
            )
            SELECT
                id, $1, $2, lag(id) OVER (ORDER BY number), 'user', 'completed', repeat('word ', 20), '{}', now()
            FROM chain
        )
        UPDATE history.conversation
        SET active_leaf_id = (SELECT id FROM chain WHERE number = $3),
            message_count = $3
        WHERE conversation_id = $2";
    let conversation: uuid::Uuid = conversation.parse().unwrap();
    sqlx::query(statement).bind(person.id).bind(conversation).bind(messages).execute(&mut *superuser).await.unwrap();
    sqlx::raw_sql("ANALYZE history.message").execute(superuser).await.unwrap();
}

/// An export that nobody reads on holds no connection, and ends when its reader leaves.
#[tokio::test]
async fn a_slow_reader_holds_nothing_in_the_database() {
    let world = World::new().await;
    let person = world.user();
    let long = person.conversation().await.id;
    let mut superuser = world.superuser().await;
    fill(&mut superuser, &person, &long, 20_000).await;
    let mut readers = Vec::new();
    // Twice as many as there are connections.
    for _ in 0..16 {
        let request = acting(person.id, pb::ExportUserRequest::default());
        let mut stream = world.clients.privacy.clone().export_user(request).await.unwrap().into_inner();
        assert!(matches!(stream.message().await.unwrap().unwrap().record, Some(Record::Manifest(_))));
        readers.push(stream);
    }
    // On a connection of its own: what nobody reads fills the window of the other.
    let beside = crate::world::clients(world.database.service_url.clone());
    person.at(&beside).say(&long, "meanwhile", None).await;
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    let busy: i64 = sqlx::query_scalar(busy).fetch_one(&mut superuser).await.unwrap();
    assert_eq!(busy, 0);
    drop(readers);
    assert_eq!(sorted(&person, person.export(ExportOrder::Unspecified).await.unwrap()).messages.len(), 20_001);
}

#[tokio::test]
async fn a_database_that_goes_away_in_the_middle_is_told_and_never_completed() {
    let world = World::new().await;
    let person = world.user();
    let long = person.conversation().await.id;
    let mut superuser = world.superuser().await;
    fill(&mut superuser, &person, &long, 60_000).await;
    let request = acting(person.id, pb::ExportUserRequest::default());
    let mut stream = world.clients.privacy.clone().export_user(request).await.unwrap().into_inner();
    stream.message().await.unwrap();
    sqlx::raw_sql("ALTER TABLE history.message RENAME TO elsewhere").execute(&mut superuser).await.unwrap();
    let failed = loop {
        match stream.message().await {
            Ok(Some(told)) => assert!(!matches!(told.record, Some(Record::Completed(_)))),
            Ok(None) => panic!("it ended as if it were whole"),
            Err(status) => break status,
        }
    };
    assert_eq!(failed.code(), Code::Internal);
}

/// However much there is, the service reads little ahead of its client: what is still under way when the messages go out
/// of its reach is all that it held.
#[tokio::test]
async fn much_goes_through_and_little_stays_in_memory() {
    let world = World::new().await;
    let person = world.user();
    let mut superuser = world.superuser().await;
    for _ in 0..10 {
        let id = person.conversation().await.id;
        fill(&mut superuser, &person, &id, 1_000).await;
    }
    sqlx::raw_sql("UPDATE history.message SET content = repeat('words ', 1000)").execute(&mut superuser).await.unwrap();
    sqlx::raw_sql("ANALYZE history.message").execute(&mut superuser).await.unwrap();
    for order in [ExportOrder::Unspecified, ExportOrder::Reading] {
        let request = acting(person.id, pb::ExportUserRequest { order: order.into() });
        let mut stream = world.clients.privacy.clone().export_user(request).await.unwrap().into_inner();
        let (mut passed, mut held) = (0, 0);
        while passed < 3_000 {
            passed += usize::from(is_message(&stream.message().await.unwrap().unwrap()));
        }
        sqlx::raw_sql("ALTER TABLE history.message RENAME TO elsewhere").execute(&mut superuser).await.unwrap();
        while let Ok(Some(told)) = stream.message().await {
            held += usize::from(is_message(&told));
        }
        sqlx::raw_sql("ALTER TABLE history.elsewhere RENAME TO message").execute(&mut superuser).await.unwrap();
        assert!(held < 1_500, "{held} messages of 6 kB were held");
    }
}

fn is_message(told: &pb::ExportUserResponse) -> bool {
    matches!(told.record, Some(Record::Message(_)))
}
