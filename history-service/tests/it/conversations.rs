//! Conversations: creating, reading, changing, deleting.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use prost_types::FieldMask;
use proto::history::v1 as pb;
use tonic::{Code, Status};

use crate::world::{Person, World, reason_of, violations};

async fn change(user: &Person, id: &str, paths: &[&str], values: pb::Conversation) -> Result<pb::Conversation, Status> {
    let request = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation { id: id.to_owned(), ..values }),
        update_mask: Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() }),
    };
    Ok(user.update_conversation(request).await?.conversation.unwrap())
}

fn titled(title: &str) -> pb::Conversation {
    pb::Conversation { title: Some(title.to_owned()), ..pb::Conversation::default() }
}

#[tokio::test]
async fn a_conversation_comes_back_as_it_was_created() {
    let world = World::new().await;
    let user = world.user();
    let expires_at = prost_types::Timestamp::from(SystemTime::now() + Duration::from_hours(1));
    let metadata = "{\"z\":1.0, \"a\":[1e2,\"\\u0041\"],\"z\":2}";
    let request = pb::CreateConversationRequest {
        client_id: Some("chat_1".to_owned()),
        title: Some("Plans".to_owned()),
        metadata_json: metadata.to_owned(),
        expires_at: Some(expires_at),
    };
    let created = user.create_conversation(request.clone()).await.unwrap().conversation.unwrap();
    let micros = prost_types::Timestamp { nanos: expires_at.nanos / 1_000 * 1_000, ..expires_at };
    let expected = pb::Conversation {
        id: created.id.clone(),
        client_id: Some("chat_1".to_owned()),
        title: Some("Plans".to_owned()),
        title_source: pb::TitleSource::User.into(),
        metadata_json: metadata.to_owned(),
        created_at: created.created_at,
        updated_at: created.created_at,
        expires_at: Some(micros),
        ..pb::Conversation::default()
    };
    assert_eq!(created, expected);
    assert_eq!(user.read(&created.id).await, expected);

    let again = pb::CreateConversationRequest { title: Some("Other".to_owned()), ..request };
    assert_eq!(user.create_conversation(again).await.unwrap().conversation.unwrap(), expected);
}

#[tokio::test]
async fn twenty_creations_with_one_client_id_make_one() {
    let world = World::new().await;
    let user = world.user();
    let request = pb::CreateConversationRequest { client_id: Some("same".to_owned()), ..Default::default() };
    let created = join_all((0..20).map(|_| user.create_conversation(request.clone()))).await;
    let mut ids: Vec<_> = created.into_iter().map(|created| created.unwrap().conversation.unwrap().id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn only_what_the_mask_names_changes() {
    let world = World::new().await;
    let user = world.user();
    let before = user.conversation().await;
    let values = pb::Conversation {
        pinned: true,
        archived: true,
        metadata_json: "{\"k\":1}".to_owned(),
        agent: Some("mallory".to_owned()),
        ..titled("Mine")
    };
    let after = change(&user, &before.id, &["pinned", "metadata"], values.clone()).await.unwrap();
    let expected = pb::Conversation {
        pinned: true,
        metadata_json: "{\"k\":1}".to_owned(),
        updated_at: after.updated_at,
        ..before.clone()
    };
    assert_eq!(after, expected);
    assert!(after.updated_at.unwrap().seconds >= before.updated_at.unwrap().seconds);
    assert_ne!(after.updated_at, before.updated_at);

    let all = change(&user, &before.id, &["title", "archived"], values).await.unwrap();
    assert_eq!((all.title.as_deref(), all.archived, all.agent), (Some("Mine"), true, None));
    assert_eq!(user.read(&before.id).await.title_source(), pb::TitleSource::User);
}

#[tokio::test]
async fn a_users_title_wins_until_it_is_taken_back() {
    let world = World::new().await;
    let user = world.user();
    let started = user.ask(None, "What is a fence?\nAnd why?").await;
    let conversation = started.conversation.unwrap();
    assert_eq!(conversation.title.as_deref(), Some("What is a fence?"));
    assert_eq!(conversation.title_source(), pb::TitleSource::FirstLine);

    let mine = change(&user, &conversation.id, &["title"], titled("Mine")).await.unwrap();
    assert_eq!(mine.title_source(), pb::TitleSource::User);
    let run = started.run.unwrap();
    let finish = pb::FinishRunRequest { title: Some("Theirs".to_owned()), ..crate::world::completed(&run, "yes") };
    let finished = user.finish_run(finish).await.unwrap().conversation.unwrap();
    assert_eq!(finished.title.as_deref(), Some("Mine"));

    let bare = change(&user, &conversation.id, &["title"], titled(" ")).await.unwrap();
    assert_eq!((bare.title.clone(), bare.title_source()), (None, pb::TitleSource::Unspecified));
    user.say(&conversation.id, "Once more", None).await;
    assert_eq!(user.read(&conversation.id).await.title.as_deref(), Some("Once more"));
}

#[tokio::test]
async fn any_message_of_the_conversation_may_become_the_active_leaf() {
    let world = World::new().await;
    let user = world.user();
    let conversation = user.conversation().await;
    let first = user.say(&conversation.id, "one", None).await;
    user.say(&conversation.id, "two", None).await;
    let before = user.read(&conversation.id).await;

    let leaf = pb::Conversation { active_leaf_id: Some(first.id.clone()), ..pb::Conversation::default() };
    let after = change(&user, &conversation.id, &["active_leaf_id"], leaf.clone()).await.unwrap();
    // Looking at another branch does not move a conversation to the top.
    assert_eq!(after, pb::Conversation { active_leaf_id: Some(first.id), ..before });

    let other = user.conversation().await;
    let refused = change(&user, &other.id, &["active_leaf_id"], leaf).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, "MESSAGE_NOT_FOUND"));
    assert_eq!(user.read(&other.id).await, other);
}

#[tokio::test]
async fn a_mask_that_cannot_be_followed_is_refused_whole() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    for (paths, expected) in [
        (vec![], vec![("update_mask", "REQUIRED")]),
        (vec!["title", "user_id"], vec![("update_mask", "UNKNOWN")]),
        (vec!["active_leaf_id"], vec![("active_leaf_id", "REQUIRED")]),
    ] {
        let refused = change(&user, &id, &paths, titled("x")).await.unwrap_err();
        let found = violations(&refused);
        let found: Vec<_> = found.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        assert_eq!(found, expected, "{paths:?}");
    }
    assert_eq!(user.read(&id).await.title, None);
}

#[tokio::test]
async fn a_deleted_conversation_takes_everything_with_it() {
    let world = World::new().await;
    let user = world.user();
    let started = user.ask(None, "remember this").await;
    let (conversation, run) = (started.conversation.unwrap(), started.run.unwrap());
    let cited = pb::Source { title: Some("A page".to_owned()), ..pb::Source::default() };
    let finish = pb::FinishRunRequest { sources: vec![cited], ..crate::world::completed(&run, "I will") };
    user.finish_run(finish).await.unwrap();
    user.ask(Some(&conversation.id), "and this").await;

    let delete = || pb::DeleteConversationRequest { conversation_id: conversation.id.clone() };
    user.delete_conversation(delete()).await.unwrap();
    let refused = user.delete_conversation(delete()).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, "CONVERSATION_NOT_FOUND"));
    let refused = user.get_run(pb::GetRunRequest { run_id: run.id, ..Default::default() }).await.unwrap_err();
    assert_eq!(reason_of(&refused), "RUN_NOT_FOUND");

    let mut superuser = world.superuser().await;
    for table in ["conversation", "message", "source", "run"] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM history.{table}"));
        assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut superuser).await.unwrap(), 0, "{table}");
    }
}
