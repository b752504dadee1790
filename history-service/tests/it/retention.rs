//! Conversations whose time is over.

use std::time::Duration;

use proto::history::v1 as pb;
use sqlx::{Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    export::fill,
    search_index::{beside_a_service, found, waiting},
    world::{Person, World, config},
};

/// One round of the background work, with this retention in days.
async fn tidy(world: &World, days: Option<u64>) {
    let mut config = config(world.database.service_url.clone());
    config.options.retention = days.map(|days| Duration::from_hours(24 * days));
    history_service::tidy(&config, &CancellationToken::new()).await.unwrap();
}

/// Lets years pass for these conversations.
async fn age(superuser: &mut PgConnection, ids: &[&str], days: i32) {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.parse().unwrap()).collect();
    let age = "UPDATE history.conversation SET updated_at = updated_at - make_interval(days => $2), \
               expires_at = expires_at - make_interval(days => $2) WHERE conversation_id = ANY($1)";
    sqlx::query(age).bind(&ids).bind(days).execute(superuser).await.unwrap();
}

async fn temporary(person: &Person) -> String {
    let expires_at = Some((std::time::SystemTime::now() + Duration::from_hours(1)).into());
    let new = pb::CreateConversationRequest { expires_at, ..Default::default() };
    person.create_conversation(new).await.unwrap().conversation.unwrap().id
}

async fn is_there(superuser: &mut PgConnection, id: &str) -> bool {
    let exists = "SELECT EXISTS (SELECT FROM history.conversation WHERE conversation_id = $1)";
    sqlx::query_scalar(exists).bind(id.parse::<Uuid>().unwrap()).fetch_one(superuser).await.unwrap()
}

#[tokio::test]
async fn temporary_conversations_go_when_they_have_expired_and_not_before() {
    let world = World::new().await;
    let (one, other) = (world.user(), world.user());
    let mut superuser = world.superuser().await;
    let (expired, lasting, foreign) = (temporary(&one).await, temporary(&one).await, temporary(&other).await);
    one.say(&expired, "hello", None).await;
    let plain = one.conversation().await.id;
    age(&mut superuser, &[&expired, &foreign, &plain], 1_000).await;
    tidy(&world, None).await;
    for (id, there) in [(&expired, false), (&foreign, false), (&lasting, true), (&plain, true)] {
        assert_eq!(is_there(&mut superuser, id).await, there);
    }
}

#[tokio::test]
async fn retention_takes_what_nobody_changed_and_nobody_pinned() {
    let world = World::new().await;
    let person = world.user();
    let mut superuser = world.superuser().await;
    let (old, young, pinned) =
        (person.conversation().await.id, person.conversation().await.id, person.conversation().await.id);
    let pin = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation { id: pinned.clone(), pinned: true, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["pinned".to_owned()] }),
    };
    person.update_conversation(pin).await.unwrap();
    age(&mut superuser, &[&old, &pinned], 31).await;
    age(&mut superuser, &[&young], 29).await;
    tidy(&world, None).await;
    assert!(is_there(&mut superuser, &old).await, "without retention nothing goes");
    tidy(&world, Some(30)).await;
    for (id, there) in [(&old, false), (&young, true), (&pinned, true)] {
        assert_eq!(is_there(&mut superuser, id).await, there);
    }
}

/// What a conversation holds goes by cascade, past policies that are forced on the owner of the tables too.
#[tokio::test]
async fn much_goes_in_many_steps_with_everything_below_it() {
    let world = World::new().await;
    let (person, other) = (world.user(), world.user());
    let mut superuser = world.superuser().await;
    let kept = other.ask(None, "kept?").await.run.unwrap().conversation_id;
    let mut old = Vec::new();
    for _ in 0..250 {
        old.push(person.ask(None, "gone?").await.run.unwrap().conversation_id);
    }
    let long = person.conversation().await.id;
    fill(&mut superuser, &person, &long, 2_500).await;
    old.push(long);
    age(&mut superuser, &old.iter().map(String::as_str).collect::<Vec<_>>(), 400).await;
    tokio::join!(tidy(&world, Some(365)), tidy(&world, Some(365)));
    for table in ["conversation", "message", "run"] {
        let left = sqlx::AssertSqlSafe(format!("SELECT array_agg(DISTINCT user_id) FROM history.{table}"));
        let left: Vec<Uuid> = sqlx::query_scalar(left).fetch_one(&mut superuser).await.unwrap();
        assert_eq!(left, [other.id], "{table}");
    }
    assert_eq!(other.read(&kept).await.message_count, 2);
}

/// Makes the second step find a message that nobody may take.
async fn break_off_in_the_second_step(superuser: &mut PgConnection) {
    sqlx::raw_sql(
        "CREATE TABLE public.anchor (message_id uuid, user_id uuid, \
         FOREIGN KEY (message_id, user_id) REFERENCES history.message (message_id, user_id)); \
         INSERT INTO public.anchor SELECT message_id, user_id FROM history.message ORDER BY message_id LIMIT 1",
    )
    .execute(superuser)
    .await
    .unwrap();
}

/// In the middle of a long conversation that goes, nobody sees half of it, and nobody adds to it.
#[tokio::test]
async fn a_long_conversation_expires_before_its_first_message_goes() {
    let world = World::new().await;
    let person = world.user();
    let mut superuser = world.superuser().await;
    let long = person.conversation().await.id;
    fill(&mut superuser, &person, &long, 2_500).await;
    age(&mut superuser, &[&long], 400).await;
    break_off_in_the_second_step(&mut superuser).await;
    // It began before the conversation was hidden, and gets to it afterwards.
    let mut service = world.service_connection().await;
    let mut waiter = service.begin().await.unwrap();
    let become_person = "SELECT set_config('colloquy.user_id', $1, true)";
    sqlx::query(become_person).bind(person.id.to_string()).execute(&mut *waiter).await.unwrap();
    let mut config = config(world.database.service_url.clone());
    config.options.retention = Some(Duration::from_hours(24 * 365));
    history_service::tidy(&config, &CancellationToken::new()).await.unwrap_err();
    let append = "SELECT appended_at::text FROM history.append_message($1, $2, $3, NULL, false, NULL, 'user', 'x', 0, \
                  '{}', 'x', NULL)";
    let append = sqlx::query(append).bind(person.id).bind(long.parse::<Uuid>().unwrap()).bind(Uuid::now_v7());
    assert!(append.fetch_optional(&mut *waiter).await.unwrap().is_none(), "it would be taken away with the rest");
    waiter.rollback().await.unwrap();
    let left = "SELECT count(*), bool_and(c.expires_at <= now()) FROM history.message m \
                JOIN history.conversation c USING (conversation_id)";
    let (left, expired): (i64, bool) = sqlx::query_as(left).fetch_one(&mut superuser).await.unwrap();
    assert_eq!((left, expired), (500, true));
    sqlx::raw_sql("DROP TABLE public.anchor").execute(&mut superuser).await.unwrap();
    tidy(&world, None).await;
    assert!(!is_there(&mut superuser, &long).await);
}

/// Conversations go while their texts are being indexed.
#[tokio::test]
async fn a_running_service_takes_what_has_expired_and_indexes_the_rest() {
    let world = World::new().await;
    let person = world.user();
    let mut superuser = world.superuser().await;
    let (kept, mut expired) = (person.conversation().await.id, Vec::new());
    person.say(&kept, "a walrus stays", None).await;
    for _ in 0..20 {
        let id = temporary(&person).await;
        person.say(&id, "a walrus goes", None).await;
        expired.push(id);
    }
    age(&mut superuser, &expired.iter().map(String::as_str).collect::<Vec<_>>(), 1).await;
    beside_a_service(&world, person.id, async |there| {
        assert_eq!(found(&there, "walrus goes").await, 0);
        for id in &expired {
            while is_there(&mut superuser, id).await {
                tokio::task::yield_now().await;
            }
        }
        waiting(&mut superuser, 0).await;
        there.say(&kept, "another walrus", None).await;
        waiting(&mut superuser, 0).await;
        // Two messages, and the title that the first one gave.
        assert_eq!(found(&there, "walrus").await, 3);
    })
    .await;
    let left = "SELECT count(*) FROM history.search_entry";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&mut superuser).await.unwrap();
    assert_eq!(left, 3);
}
