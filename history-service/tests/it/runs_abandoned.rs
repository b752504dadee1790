//! Runs that nobody holds any more: they end by themselves, and what was streamed is kept.

use futures_util::future::join;
use history_service::Config;
use proto::history::v1::{self as pb, run_event::Event};
use tokio_util::sync::CancellationToken;

use crate::{
    runs_streaming::let_leases_run_out,
    search_index::beside_a_service,
    world::{Person, World, batch, completed, config, reason_of, text, told},
};

/// One round of the background work.
async fn tidy(config: &Config) {
    history_service::tidy(config, &CancellationToken::new()).await.unwrap();
}

/// All that an agent can say.
fn everything() -> Vec<Event> {
    let source = pb::Source { url: Some("https://example.com".to_owned()), ..pb::Source::default() };
    let call = pb::ToolCall { id: "1".to_owned(), name: "look".to_owned(), input_json: "{\"q\":1}".to_owned() };
    let result = pb::ToolResult { id: "1".to_owned(), output_json: "[7]".to_owned(), error: None };
    vec![
        Event::Reasoning("hm".to_owned()),
        Event::ToolCall(call),
        Event::ToolResult(result),
        text("It "),
        text("is"),
        Event::Source(source),
        Event::Title("About it".to_owned()),
        Event::Usage(pb::Usage { input_tokens: Some(3), output_tokens: None, total_tokens: Some(9) }),
        Event::Model("small".to_owned()),
        Event::FinishReason("length".to_owned()),
    ]
}

fn check(ended: &pb::GetRunResponse) {
    let (run, answer) = (ended.run.as_ref().unwrap(), ended.message.as_ref().unwrap());
    assert_eq!((run.status(), run.fence), (pb::RunStatus::Interrupted, 2));
    assert_eq!((run.error.as_ref().unwrap().code.as_str(), &answer.error), ("interrupted", &run.error));
    assert_eq!((answer.status(), answer.content.as_str()), (pb::MessageStatus::Interrupted, "It is"));
    assert_eq!((answer.completed_at, answer.run_id.as_ref()), (run.finished_at, None));
    let parts = r#"[{"type":"reasoning","text":"hm"},{"type":"tool_call","id":"1","name":"look","input":{"q":1}},{"type":"tool_result","id":"1","output":[7]},{"type":"text","text":"It is"}]"#;
    assert_eq!(answer.parts_json, parts);
    assert_eq!(answer.sources[0].url.as_deref(), Some("https://example.com"));
    let usage = pb::Usage { input_tokens: Some(3), output_tokens: None, total_tokens: Some(9) };
    assert_eq!((answer.usage, run.usage), (Some(usage), Some(usage)));
    assert_eq!((answer.model.as_deref(), answer.finish_reason.as_deref()), (Some("small"), Some("length")));
}

#[tokio::test]
async fn what_was_streamed_is_kept_by_each_of_the_ways_to_an_end() {
    let world = World::new().await;
    let user = world.user();
    let streamed = async || {
        let started = user
            .start_run(pb::StartRunRequest {
                request_id: Some("key".to_owned()),
                ..crate::world::question(None, "What is it?")
            })
            .await
            .unwrap();
        let run = started.run.unwrap();
        let (first, rest) = (everything()[..4].to_vec(), everything()[4..].to_vec());
        user.stream(&run, 0, &first).await;
        user.stream(&run, 4, &rest).await;
        run
    };
    let run = streamed().await;
    // Somebody holds it: nothing happens.
    tidy(&config(world.database.service_url.clone())).await;
    assert_eq!(user.run(&run.id).await.run.unwrap().status(), pb::RunStatus::Running);
    let_leases_run_out(&world).await;
    for way in ["sweep", "next question", "cancel", "repeated"] {
        let run = if way == "sweep" { run.clone() } else { streamed().await };
        let_leases_run_out(&world).await;
        match way {
            "sweep" => tidy(&config(world.database.service_url.clone())).await,
            "next question" => {
                let next = user.ask(Some(&run.conversation_id), "and now?").await.run.unwrap();
                user.end(&next, "Now this.").await;
            }
            "cancel" => {
                let cancelled = user.cancel_run(pb::CancelRunRequest { run_id: run.id.clone() }).await.unwrap();
                assert_eq!(cancelled.run.unwrap().status(), pb::RunStatus::Interrupted);
            }
            _ => {
                let again = crate::world::question(None, "What is it?");
                let again = pb::StartRunRequest { request_id: Some("key".to_owned()), ..again };
                assert!(user.start_run(again).await.unwrap().joined);
            }
        }
        check(&user.run(&run.id).await);
        assert_eq!(user.read(&run.conversation_id).await.title.as_deref(), Some("About it"));
        let refused = user.finish_run(completed(&run, "too late")).await.unwrap_err();
        assert_eq!(reason_of(&refused), "RUN_FENCED");
        let late = world.clients.append([batch(&run, user.id, 10, &[text("late")])]).await.unwrap();
        assert_eq!(late.lost_run_ids, [run.id.as_str()]);
        // The key is free for the next way.
        let free = "UPDATE history.run SET request_id = NULL";
        sqlx::query(free).execute(&mut world.superuser().await).await.unwrap();
    }
}

#[tokio::test]
async fn two_that_sweep_at_once_end_each_run_once() {
    let world = World::new().await;
    let users: Vec<_> = (0..5).map(|_| world.user()).collect();
    let mut runs = Vec::new();
    for (user, number) in users.iter().zip(0..) {
        for _ in 0..=number {
            let run = user.ask(None, "go on").await.run.unwrap();
            user.stream(&run, 0, &[text("so f"), Event::Source(pb::Source::default())]).await;
            runs.push((user, run));
        }
    }
    let_leases_run_out(&world).await;
    let config = config(world.database.service_url.clone());
    Box::pin(join(tidy(&config), tidy(&config))).await;
    for (user, run) in runs {
        let ended = user.run(&run.id).await;
        let (run, answer) = (ended.run.unwrap(), ended.message.unwrap());
        assert_eq!((run.status(), run.fence), (pb::RunStatus::Interrupted, 2));
        assert_eq!((answer.content.as_str(), answer.sources.len()), ("so f", 1));
    }
}

/// A running service ends it without being asked.
#[tokio::test]
async fn a_run_ends_when_its_lease_does() {
    let world = World::new().await;
    let id = world.user().id;
    beside_a_service(&world, id, async |user: Person| {
        let second = std::time::Duration::from_secs(1);
        let request = pb::StartRunRequest {
            lease: Some(second.try_into().unwrap()),
            ..crate::world::question(None, "and then nothing")
        };
        let run = user.start_run(request).await.unwrap().run.unwrap();
        let mut stream = user.watch(&run.id, 0).await.unwrap();
        let mut last = None;
        while let Some(told) = stream.message().await.unwrap() {
            last = told.step;
        }
        let Some(pb::watch_run_response::Step::Ended(ended)) = last else { panic!("{last:?}") };
        assert_eq!(ended.run.unwrap().status(), pb::RunStatus::Interrupted);
    })
    .await;
}

/// The gateway and the service that began it are gone; somebody has asked for it elsewhere.
#[tokio::test]
async fn a_run_ends_with_its_lease_wherever_it_was_asked_for() {
    let world = World::new().await;
    let there = world.user();
    let ended = async |user: &Person, run: &pb::Run| {
        let mut stream = user.watch(&run.id, 0).await.unwrap();
        let mut last = None;
        while let Some(told) = stream.message().await.unwrap() {
            last = told.step;
        }
        let Some(pb::watch_run_response::Step::Ended(ended)) = last else { panic!("{last:?}") };
        ended.run.unwrap().status()
    };
    let abandoned = there.ask(None, "first").await.run.unwrap();
    let_leases_run_out(&world).await;
    let work = beside_a_service(&world, there.id, async |here: Person| {
        // From then on nothing is looked for of which this service does not know.
        assert_eq!(ended(&here, &abandoned).await, pb::RunStatus::Interrupted);
        for follow in [true, false] {
            let request = pb::StartRunRequest {
                lease: Some(std::time::Duration::from_secs(1).try_into().unwrap()),
                ..crate::world::question(None, "and then nothing")
            };
            let run = there.start_run(request).await.unwrap().run.unwrap();
            if !follow {
                here.run(&run.id).await;
            }
            assert_eq!(ended(if follow { &here } else { &there }, &run).await, pb::RunStatus::Interrupted);
        }
    });
    tokio::time::timeout(std::time::Duration::from_mins(1), work).await.expect("leases end");
}

#[tokio::test]
async fn events_are_forgotten_a_while_after_the_end_and_not_before() {
    let world = World::new().await;
    let user = world.user();
    let mut superuser = world.superuser().await;
    let mut left = async || -> Vec<uuid::Uuid> {
        let runs = "SELECT DISTINCT run_id FROM history.run_event ORDER BY run_id";
        sqlx::query_scalar(runs).fetch_all(&mut superuser).await.unwrap()
    };
    let id = |run: &pb::Run| run.id.parse::<uuid::Uuid>().unwrap();
    let mut runs = Vec::new();
    for _ in 0..25 {
        let run = user.ask(None, "go on").await.run.unwrap();
        user.stream(&run, 0, &[text("a")]).await;
        user.stream(&run, 1, &[text("b")]).await;
        runs.push(run);
    }
    for run in &runs[..24] {
        let rest = Some(told(2, &[text("c")]));
        user.finish_run(pb::FinishRunRequest { rest, ..completed(run, "abc") }).await.unwrap();
    }
    // Of one that nobody could follow nothing is written.
    let silent = user.ask(None, "at once").await.run.unwrap();
    let rest = Some(told(0, &[text("c")]));
    user.finish_run(pb::FinishRunRequest { rest, ..completed(&silent, "c") }).await.unwrap();
    let config = config(world.database.service_url.clone());
    tidy(&config).await;
    assert_eq!(left().await, runs.iter().map(id).collect::<Vec<_>>());
    let past = "UPDATE history.run SET finished_at = now() - interval '61 seconds' \
                WHERE status = 'completed' AND run_id <> $1";
    sqlx::query(past).bind(id(&runs[3])).execute(&mut world.superuser().await).await.unwrap();
    tidy(&config).await;
    assert_eq!(left().await, [id(&runs[3]), id(&runs[24])]);
}

#[tokio::test]
async fn a_run_of_a_conversation_that_has_expired_goes_with_it() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "for now").await.run.unwrap();
    user.stream(&run, 0, &[text("a")]).await;
    let_leases_run_out(&world).await;
    let mut superuser = world.superuser().await;
    let past = "UPDATE history.conversation SET expires_at = now() - interval '1 second'";
    sqlx::query(past).execute(&mut superuser).await.unwrap();
    tidy(&config(world.database.service_url.clone())).await;
    let left = "SELECT (SELECT count(*) FROM history.run) + (SELECT count(*) FROM history.run_event)";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&mut superuser).await.unwrap(), 0);
}
