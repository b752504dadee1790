//! Many at once, on connections of their own: counters stay exact, nothing is lost, and nothing waits for itself.

use futures_util::future::join_all;
use prost_types::FieldMask;
use proto::history::v1 as pb;
use tonic::{Code, Status};

use crate::world::{Person, World, completed, question, reason_of, user_message};

async fn choose(user: &Person, id: &str, leaf: &str) -> Result<pb::Conversation, Status> {
    let request = pb::UpdateConversationRequest {
        conversation: Some(pb::Conversation {
            id: id.to_owned(),
            active_leaf_id: Some(leaf.to_owned()),
            ..pb::Conversation::default()
        }),
        update_mask: Some(FieldMask { paths: vec!["active_leaf_id".to_owned()] }),
    };
    Ok(user.update_conversation(request).await?.conversation.unwrap())
}

/// How many messages a conversation has, and how many of them hang on one of its roots.
async fn counted(world: &World, id: &str) -> (i64, i64) {
    let count = "
        WITH RECURSIVE own AS (SELECT message_id, parent_id FROM history.message WHERE conversation_id = $1::uuid),
        reached AS (
            SELECT message_id FROM own WHERE parent_id IS NULL
            UNION ALL
            SELECT own.message_id FROM reached JOIN own ON own.parent_id = reached.message_id
        )
        SELECT (SELECT count(*) FROM own), (SELECT count(*) FROM reached)";
    sqlx::query_as(count).bind(id).fetch_one(&mut world.superuser().await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_runs_edits_and_leaves_at_once_are_counted_exactly_and_all_hang_together() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let root = user.say(&id, "root", None).await.id;
    let other = user.say(&id, "other", Some(&root)).await.id;
    let done = join_all((0..48).map(async |place: usize| match place % 4 {
        0 => user.create_message(user_message(&id, "at the leaf")).await.map(|_| 1),
        1 => {
            let parents = [root.as_str(), other.as_str(), ""];
            let parent_id = Some(parents[place / 4 % 3].to_owned());
            user.create_message(pb::CreateMessageRequest { parent_id, ..user_message(&id, "a branch") })
                .await
                .map(|_| 1)
        }
        2 => match user.start_run(question(Some(&id), "run")).await {
            Ok(started) => user.finish_run(completed(&started.run.unwrap(), "answer")).await.map(|_| 2),
            Err(refused) if reason_of(&refused) == "RUN_IN_PROGRESS" => Ok(0),
            Err(refused) => Err(refused),
        },
        _ => choose(&user, &id, [&root, &other][place / 4 % 2]).await.map(|_| 0),
    }))
    .await;
    let expected = 2 + done.into_iter().map(Result::unwrap).sum::<i64>();
    let after = user.read(&id).await;
    assert_eq!((i64::from(after.message_count), counted(&world, &id).await), (expected, (expected, expected)));
    let path = pb::ListMessagesRequest { conversation_id: id, ..pb::ListMessagesRequest::default() };
    let path = user.list_messages(path).await.unwrap().messages;
    assert_eq!(path.last().map(|message| &message.id), after.active_leaf_id.as_ref());
    for message in &path {
        let siblings = message.siblings.unwrap();
        assert!(1 <= siblings.index && siblings.index <= siblings.count, "{siblings:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_leaves_chosen_at_once_the_last_stays_and_each_answer_is_one_of_them() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let root = user.say(&id, "root", None).await.id;
    let mut leaves = Vec::new();
    for place in 0..4 {
        leaves.push(user.say(&id, &format!("branch {place}"), Some(&root)).await.id);
    }
    let (user, id) = (&user, id.as_str());
    let chosen = join_all((0..32).map(|place: usize| {
        let leaf = &leaves[place % 4];
        async move { (leaf.clone(), choose(user, id, leaf).await.unwrap()) }
    }))
    .await;
    for (leaf, answer) in chosen {
        assert_eq!((answer.active_leaf_id, answer.message_count), (Some(leaf), 5));
    }
    let after = user.read(id).await;
    assert!(leaves.contains(after.active_leaf_id.as_ref().unwrap()));
    let path = pb::ListMessagesRequest { conversation_id: id.to_owned(), ..pb::ListMessagesRequest::default() };
    let path: Vec<_> = user.list_messages(path).await.unwrap().messages.into_iter().map(|message| message.id).collect();
    assert_eq!(path, [root, after.active_leaf_id.unwrap()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_written_while_a_conversation_is_deleted_goes_with_it_or_finds_nothing() {
    let world = World::new().await;
    let user = world.user();
    for _ in 0..5 {
        let id = user.conversation().await.id;
        let root = user.say(&id, "root", None).await.id;
        let judged = || pb::SetFeedbackRequest {
            message_id: root.clone(),
            feedback: Some(pb::Feedback { rating: pb::feedback::Rating::Up.into(), ..pb::Feedback::default() }),
        };
        let sources = || vec![pb::Source { url: Some("https://a".to_owned()), ..pb::Source::default() }];
        let outcomes = join_all((0..32).map(async |place: usize| {
            match place % 6 {
                0 => {
                    let cites = pb::CreateMessageRequest { sources: sources(), ..user_message(&id, "cites") };
                    user.create_message(cites).await.map(drop)
                }
                1 => match user.start_run(question(Some(&id), "run")).await {
                    Ok(started) => user.finish_run(completed(&started.run.unwrap(), "answer")).await.map(drop),
                    Err(refused) if reason_of(&refused) == "RUN_IN_PROGRESS" => Ok(()),
                    Err(refused) => Err(refused),
                },
                2 => choose(&user, &id, &root).await.map(drop),
                3 => user.set_feedback(judged()).await.map(drop),
                4 => user
                    .create_message(pb::CreateMessageRequest {
                        parent_id: Some(root.clone()),
                        ..user_message(&id, "x")
                    })
                    .await
                    .map(drop),
                _ if place == 17 => user
                    .delete_conversation(pb::DeleteConversationRequest { conversation_id: id.clone() })
                    .await
                    .map(drop),
                _ => {
                    let path = pb::ListMessagesRequest { conversation_id: id.clone(), ..Default::default() };
                    user.list_messages(path).await.map(drop)
                }
            }
        }))
        .await;
        for outcome in outcomes {
            if let Err(refused) = outcome {
                assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
            }
        }
    }
    let mut superuser = world.superuser().await;
    for table in ["conversation", "message", "source", "run"] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM history.{table}"));
        assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut superuser).await.unwrap(), 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_client_id_from_many_places_at_once_makes_one_message() {
    let world = World::new().await;
    let user = world.user();
    let (here, there) = (user.conversation().await.id, user.conversation().await.id);
    let root = user.say(&here, "root", None).await.id;
    let sent = join_all((0..32).map(async |place: usize| {
        let request = pb::CreateMessageRequest {
            client_id: Some("same".to_owned()),
            parent_id: (place % 4 == 1).then(|| root.clone()),
            ..user_message(if place % 4 == 3 { &there } else { &here }, "hello")
        };
        user.create_message(request).await
    }))
    .await;
    let (sent, refused): (Vec<_>, Vec<_>) = sent.into_iter().partition(Result::is_ok);
    let mut ids: Vec<_> = sent.into_iter().map(|sent| sent.unwrap().message.unwrap().id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    for refused in refused {
        assert_eq!(reason_of(&refused.unwrap_err()), "CLIENT_ID_TAKEN");
    }
    assert_eq!(user.read(&here).await.message_count + user.read(&there).await.message_count, 2);
}
