//! The beginning of runs.

use std::time::Duration;

use futures_util::future::join_all;
use proto::{history::v1 as pb, reason::METADATA_RUN_ID};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{World, completed, question, reason_of};

#[tokio::test]
async fn a_question_is_saved_with_its_pending_answer_before_any_agent_is_called() {
    let world = World::new().await;
    let user = world.user();
    let request = pb::StartRunRequest { metadata_json: "{\"tab\":1}".to_owned(), ..question(None, "What is a lease?") };
    let started = user.start_run(request).await.unwrap();
    let (run, conversation) = (started.run.clone().unwrap(), started.conversation.clone().unwrap());
    let (asked, answer) = (started.user_message.clone().unwrap(), started.message.clone().unwrap());

    assert!(!started.joined);
    let only = pb::ContextMessage { role: pb::Role::User.into(), content: "What is a lease?".to_owned() };
    assert_eq!(started.context, [only]);
    let expected = pb::Run {
        id: run.id.clone(),
        conversation_id: conversation.id.clone(),
        user_message_id: asked.id.clone(),
        message_id: answer.id.clone(),
        agent: "docs".to_owned(),
        status: pb::RunStatus::Running.into(),
        fence: 1,
        lease_expires_at: run.lease_expires_at,
        created_at: run.created_at,
        ..pb::Run::default()
    };
    assert_eq!(run, expected);
    assert_eq!(run.lease_expires_at.unwrap().seconds - run.created_at.unwrap().seconds, 30);
    assert_eq!((asked.role(), asked.metadata_json.as_str()), (pb::Role::User, "{\"tab\":1}"));
    assert_eq!((answer.role(), answer.status()), (pb::Role::Assistant, pb::MessageStatus::Pending));
    assert_eq!((answer.agent.as_deref(), answer.parts_json.as_str()), (Some("docs"), "[]"));
    assert_eq!((answer.parent_id.as_ref(), answer.completed_at), (Some(&asked.id), None));
    assert_eq!(conversation.title.as_deref(), Some("What is a lease?"));
    assert_eq!(conversation.preview, "What is a lease?");
    assert_eq!((conversation.agent.as_deref(), conversation.message_count), (Some("docs"), 2));
    assert_eq!(conversation.active_leaf_id.as_ref(), Some(&answer.id));

    // What was answered is what is stored.
    assert_eq!(user.read(&conversation.id).await, conversation);
    let stored = user.get_run(pb::GetRunRequest { run_id: run.id.clone(), ..Default::default() }).await.unwrap();
    assert_eq!(stored, pb::GetRunResponse { run: Some(run), user_message: Some(asked), message: Some(answer) });
}

#[tokio::test]
async fn the_context_is_the_path_without_what_came_to_nothing() {
    let world = World::new().await;
    let user = world.user();
    let first = user.ask(None, "q1").await;
    let id = first.conversation.unwrap().id;
    let answer = user.end(&first.run.unwrap(), "a1").await.message.unwrap();
    let failed = user.ask(Some(&id), "q2").await.run.unwrap();
    let finish = pb::FinishRunRequest {
        status: pb::RunStatus::Failed.into(),
        error: Some(pb::RunError { code: "agent_failed".to_owned(), message: "It broke.".to_owned() }),
        ..completed(&failed, "half an ans")
    };
    user.finish_run(finish).await.unwrap();
    let empty = user.ask(Some(&id), "q3").await.run.unwrap();
    user.end(&empty, "").await;

    let ask = |content: &str, parent: Option<&str>, limit: i32| pb::StartRunRequest {
        parent_id: parent.map(str::to_owned),
        context_limit: limit,
        ..question(Some(&id), content)
    };
    let mut contexts = Vec::new();
    for request in [
        ask("q4", None, 20),
        ask("q5", None, 3),
        ask("q6", Some(&answer.id), 20),
        ask("q7", None, 1),
        ask("q8", None, 0),
    ] {
        let started = user.start_run(request).await.unwrap();
        user.end(&started.run.unwrap(), "ok").await;
        contexts.push(started.context.into_iter().map(|message| message.content).collect::<Vec<_>>());
    }
    assert_eq!(contexts[0], ["q1", "a1", "q2", "half an ans", "q3", "q4"]);
    assert_eq!(contexts[1], ["q4", "ok", "q5"]);
    assert_eq!(contexts[2], ["q1", "a1", "q6"]);
    assert_eq!(contexts[3], ["q7"]);
    assert_eq!(contexts[4], Vec::<String>::new());
}

#[tokio::test]
async fn asking_again_from_an_older_message_makes_a_branch() {
    let world = World::new().await;
    let user = world.user();
    let first = user.ask(None, "q1").await;
    let id = first.conversation.unwrap().id;
    let root = user.end(&first.run.unwrap(), "a1").await.message.unwrap();
    let second = user.ask(Some(&id), "q2").await;
    user.end(&second.run.unwrap(), "a2").await;
    let request = pb::StartRunRequest { parent_id: Some(root.id.clone()), ..question(Some(&id), "q2, edited") };
    let edited = user.start_run(request).await.unwrap();
    let asked = edited.user_message.unwrap();
    assert_eq!(asked.parent_id, Some(root.id));
    assert_eq!(asked.siblings, Some(pb::Siblings { index: 2, count: 2 }));
    assert_eq!(edited.conversation.unwrap().message_count, 6);
    let get = pb::GetMessageRequest { message_id: asked.id.clone(), ..Default::default() };
    assert_eq!(user.get_message(get).await.unwrap().message.unwrap(), asked);
}

#[tokio::test]
async fn a_second_run_is_refused_with_the_run_to_join() {
    let world = World::new().await;
    let user = world.user();
    let started = user.ask(None, "one").await;
    let (run, before) = (started.run.unwrap(), started.conversation.unwrap());
    let refused = user.start_run(question(Some(&before.id), "two")).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "RUN_IN_PROGRESS"));
    assert_eq!(refused.get_details_error_info().unwrap().metadata[METADATA_RUN_ID], run.id);
    assert_eq!(user.read(&before.id).await, before);

    user.end(&run, "done").await;
    user.ask(Some(&before.id), "two").await;
}

#[tokio::test]
async fn of_many_runs_at_once_one_begins() {
    let world = World::new().await;
    let user = world.user();
    let id = user.conversation().await.id;
    let started = join_all((0..20).map(|_| user.start_run(question(Some(&id), "me first")))).await;
    let (begun, refused): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
    assert_eq!(begun.len(), 1);
    let run = begun[0].as_ref().unwrap().run.as_ref().unwrap();
    for refused in refused {
        let details = refused.unwrap_err().get_details_error_info().unwrap();
        assert_eq!((details.reason.as_str(), &details.metadata[METADATA_RUN_ID]), ("RUN_IN_PROGRESS", &run.id));
    }
    assert_eq!(user.read(&id).await.message_count, 2);
}

#[tokio::test]
async fn a_run_whose_lease_has_run_out_makes_way() {
    let world = World::new().await;
    let user = world.user();
    let lost = user.start_run(pb::StartRunRequest {
        lease: Some(Duration::from_secs(1).try_into().unwrap()),
        ..question(None, "one")
    });
    let lost = lost.await.unwrap().run.unwrap();
    let mut superuser = world.superuser().await;
    let past = "UPDATE history.run SET lease_expires_at = now() - interval '1 second'";
    sqlx::query(past).execute(&mut superuser).await.unwrap();

    let started = user.ask(Some(&lost.conversation_id), "two").await;
    assert_eq!(started.conversation.unwrap().message_count, 4);
    let stored = user.get_run(pb::GetRunRequest { run_id: lost.id.clone(), ..Default::default() }).await.unwrap();
    let (run, message) = (stored.run.unwrap(), stored.message.unwrap());
    assert_eq!((run.status(), run.fence), (pb::RunStatus::Interrupted, 2));
    assert!(run.finished_at.is_some());
    assert_eq!(message.status(), pb::MessageStatus::Interrupted);
    assert_eq!(message.completed_at, run.finished_at);

    // Whoever had it can write no more.
    let refused = user.finish_run(completed(&lost, "too late")).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "RUN_FENCED"));
}
