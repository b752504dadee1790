//! What agents say is kept while they say it, for many runs at once, and only from whoever holds a run.

use std::time::Duration;

use futures_util::future::join_all;
use proto::history::v1::{self as pb, append_events_request::Batch, run_event::Event};
use testkit::Proxy;
use tonic::Code;
use uuid::Uuid;

use crate::world::{Person, World, batch, clients_with, completed, question, reason_of, text, told, violations};

/// How many events of a run are kept.
async fn kept(world: &World, run: &str) -> i64 {
    let count = "SELECT COALESCE(sum(count), 0) FROM history.run_event WHERE run_id = $1::uuid";
    sqlx::query_scalar(count).bind(run).fetch_one(&mut world.superuser().await).await.unwrap()
}

pub(crate) async fn let_leases_run_out(world: &World) {
    let past = "UPDATE history.run SET lease_expires_at = now() - interval '1 second' WHERE status = 'running'";
    sqlx::query(past).execute(&mut world.superuser().await).await.unwrap();
}

#[tokio::test]
async fn the_first_batch_says_that_the_answer_streams_and_by_which_run() {
    let world = World::new().await;
    let user = world.user();
    let started = user.ask(None, "go on").await;
    let (run, pending) = (started.run.unwrap(), started.message.unwrap());
    assert_eq!((pending.status(), pending.run_id.as_ref()), (pb::MessageStatus::Pending, Some(&run.id)));
    user.stream(&run, 0, &[text("Once")]).await;
    let answer = user.run(&run.id).await.message.unwrap();
    let expected = pb::Message { status: pb::MessageStatus::Streaming.into(), ..pending };
    assert_eq!(answer, expected);
    let finish = pb::FinishRunRequest { finish_reason: Some("length".to_owned()), ..completed(&run, "Once") };
    let finished = user.finish_run(finish).await.unwrap().message.unwrap();
    assert_eq!((finished.run_id, finished.finish_reason.as_deref()), (None, Some("length")));
    let refused = pb::FinishRunRequest { finish_reason: Some("tired".to_owned()), ..completed(&run, "Once") };
    let refused = user.finish_run(refused).await.unwrap_err();
    assert_eq!(violations(&refused), [("finish_reason".to_owned(), "INVALID".to_owned())]);
}

#[tokio::test]
async fn a_batch_under_another_fence_or_of_another_user_is_left_out_and_its_run_named() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let run = user.ask(None, "mine").await.run.unwrap();
    let good = user.ask(None, "good").await.run.unwrap();
    let unknown = pb::Run { id: Uuid::now_v7().to_string(), fence: 1, ..pb::Run::default() };
    let older = pb::Run { fence: 0, ..run.clone() };
    let newer = pb::Run { fence: 2, ..run.clone() };
    for (bad, whose) in [(&older, &user), (&newer, &user), (&run, &other), (&unknown, &user)] {
        let batches = [batch(bad, whose.id, 0, &[text("no")]), batch(&good, user.id, 0, &[text("yes")])];
        let appended = world.clients.append(batches).await.unwrap();
        assert_eq!(appended.lost_run_ids, [bad.id.as_str()]);
    }
    assert_eq!((kept(&world, &run.id).await, kept(&world, &good.id).await), (0, 1));
    user.end(&run, "done").await;
    let late = world.clients.append([batch(&run, user.id, 0, &[text("late")])]).await.unwrap();
    assert_eq!((late.lost_run_ids, kept(&world, &run.id).await), (vec![run.id], 0));
}

#[tokio::test]
async fn a_batch_that_is_sent_again_may_have_grown_and_never_shrinks() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "go on").await.run.unwrap();
    for words in [&["a"][..], &["a", "b"], &["a"], &["a", "b", "c"], &["a", "b", "c"]] {
        let events: Vec<_> = words.iter().map(|word| text(word)).collect();
        user.stream(&run, 0, &events).await;
    }
    user.stream(&run, 3, &[text("d")]).await;
    assert_eq!(kept(&world, &run.id).await, 4);
    let_leases_run_out(&world).await;
    user.cancel_run(pb::CancelRunRequest { run_id: run.id.clone() }).await.unwrap();
    let answer = user.run(&run.id).await.message.unwrap();
    assert_eq!((answer.content.as_str(), answer.status()), ("abcd", pb::MessageStatus::Interrupted));
}

/// Ends and ticks at the same moment: what a tick was told to be kept is there, and nothing comes behind the end.
#[tokio::test]
async fn no_batch_slips_in_behind_the_end() {
    let world = World::new().await;
    let user = world.user();
    for _ in 0..20 {
        let run = user.ask(None, "race").await.run.unwrap();
        user.stream(&run, 0, &[text("a")]).await;
        let ticks = (1..6).map(|position| world.clients.append([batch(&run, user.id, position, &[text("b")])]));
        let end = async {
            user.end(&run, "end").await;
            kept(&world, &run.id).await
        };
        let (ticks, at_the_end) = futures_util::future::join(join_all(ticks), end).await;
        let in_time = ticks.into_iter().filter(|tick| tick.as_ref().unwrap().lost_run_ids.is_empty()).count();
        let stored = kept(&world, &run.id).await;
        assert_eq!((stored, usize::try_from(stored).unwrap()), (at_the_end, in_time + 1));
    }
}

/// Ticks of many runs and the end of everything of their user, at the same moment, in any order of the runs.
#[tokio::test]
async fn ticks_and_erasures_never_wait_for_one_another() {
    let world = World::new().await;
    for _ in 0..5 {
        let user = world.user();
        let runs = join_all((0..30).map(|_| user.ask(None, "go on"))).await;
        let runs: Vec<_> = runs.into_iter().map(|started| started.run.unwrap()).collect();
        let ticks = (0..20).map(|position| {
            let batches = runs.iter().rev().map(|run| batch(run, user.id, position, &[text("b")]));
            world.clients.append(batches.collect::<Vec<_>>())
        });
        let erased = user.erase_user(pb::EraseUserRequest {});
        let (ticks, erased) = futures_util::future::join(join_all(ticks), erased).await;
        assert_eq!(erased.unwrap().counts.unwrap().runs, 30);
        for tick in ticks {
            assert!([0, 30].contains(&tick.unwrap().lost_run_ids.len()));
        }
    }
}

#[tokio::test]
async fn leases_are_renewed_where_it_is_asked_for_and_in_place() {
    let world = World::new().await;
    let user = world.user();
    let (one, other) = (user.ask(None, "one").await.run.unwrap(), user.ask(None, "other").await.run.unwrap());
    let updates = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'run'";
    for _ in 0..5 {
        let idle = Batch { events: None, ..batch(&one, user.id, 0, &[]) };
        let quiet = Batch { renew: false, ..batch(&other, user.id, 0, &[text("a")]) };
        let lease = Some(Duration::from_hours(1).try_into().unwrap());
        let request = pb::AppendEventsRequest { batches: vec![idle, quiet], lease };
        assert_eq!(world.clients.append_as_it_is(request).await.unwrap(), pb::AppendEventsResponse::default());
    }
    let held = async |run: &pb::Run| user.run(&run.id).await.run.unwrap().lease_expires_at.unwrap().seconds;
    assert!(held(&one).await > one.lease_expires_at.unwrap().seconds + 3_000);
    assert_eq!(held(&other).await, other.lease_expires_at.unwrap().seconds);
    let mut superuser = world.superuser().await;
    let (all, in_place): (i64, i64) = loop {
        let seen: (i64, i64) = sqlx::query_as(updates).fetch_one(&mut superuser).await.unwrap();
        if seen.0 >= 5 {
            break seen;
        }
        sqlx::query("SELECT pg_stat_clear_snapshot()").execute(&mut superuser).await.unwrap();
        tokio::task::yield_now().await;
    };
    assert_eq!(all, in_place);
}

#[tokio::test]
async fn two_hundred_runs_of_many_users_are_one_statement() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let clients = clients_with(proxy.service_url(&world.database), |config| config.options.max_connections = 1);
    let users: Vec<_> = (0..20).map(|_| Person::new(&clients)).collect();
    let mut runs = Vec::new();
    for user in &users {
        for number in 0..10 {
            runs.push((user.id, user.ask(None, &number.to_string()).await.run.unwrap()));
        }
    }
    let tick = |position, count: usize| {
        let batches = runs.iter().take(count).map(move |(user, run)| batch(run, *user, position, &[text("tick")]));
        clients.append(batches.collect::<Vec<_>>())
    };
    tick(0, 200).await.unwrap();
    let mut said = Vec::new();
    for (position, count) in [(1, 1), (2, 200)] {
        let before = proxy.said();
        tick(position, count).await.unwrap();
        said.push(proxy.said() - before);
    }
    assert_eq!(said, [3, 3], "begin, one statement, commit");
    assert_eq!(kept(&world, &runs[199].1.id).await, 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_tick_is_named_and_nothing_is_kept() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "go on").await.run.unwrap();
    let good = || batch(&run, user.id, 0, &[text("a")]);
    let minus = Some(told(-1, &[text("a")]));
    let bad = vec![
        good(),
        good(),
        Batch { run_id: "x".to_owned(), user_id: String::new(), ..good() },
        Batch { run_id: Uuid::now_v7().to_string(), events: minus, ..good() },
    ];
    let refused =
        world.clients.append_as_it_is(pb::AppendEventsRequest { batches: bad, lease: None }).await.unwrap_err();
    let expected = [
        ("batches[1].run_id", "INVALID"),
        ("batches[2].run_id", "INVALID"),
        ("batches[2].user_id", "REQUIRED"),
        ("batches[3].events.position", "OUT_OF_RANGE"),
        ("lease", "REQUIRED"),
    ];
    assert_eq!(violations(&refused), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    assert_eq!(kept(&world, &run.id).await, 0);
}

#[tokio::test]
async fn whoever_holds_a_run_learns_with_the_next_tick_that_it_is_to_stop() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let run = user.ask(None, "a long task").await.run.unwrap();
    let theirs = other.ask(None, "another").await.run.unwrap();
    let cancel = || pb::CancelRunRequest { run_id: run.id.clone() };
    let foreign = other.cancel_run(cancel()).await.unwrap_err();
    let unknown = pb::CancelRunRequest { run_id: Uuid::now_v7().to_string() };
    let unknown = user.cancel_run(unknown).await.unwrap_err();
    for refused in [foreign, unknown] {
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, "RUN_NOT_FOUND"));
    }
    let tick = || world.clients.append([batch(&theirs, other.id, 0, &[text("a")])]);
    assert_eq!(tick().await.unwrap(), pb::AppendEventsResponse::default());

    for _ in 0..2 {
        assert_eq!(user.cancel_run(cancel()).await.unwrap().run.unwrap(), run);
        // Whoever asks is told, were it another gateway's run.
        assert_eq!(tick().await.unwrap().cancelled_run_ids, [run.id.as_str()]);
    }
    let finish = pb::FinishRunRequest { status: pb::RunStatus::Cancelled.into(), ..completed(&run, "half") };
    let ended = user.finish_run(finish).await.unwrap().run;
    assert_eq!(user.cancel_run(cancel()).await.unwrap().run, ended);
    assert_eq!(tick().await.unwrap(), pb::AppendEventsResponse::default());
}

#[tokio::test]
async fn a_nul_of_an_agent_costs_no_event() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "nasty").await.run.unwrap();
    let source = pb::Source { title: Some("t\0".to_owned()), ..pb::Source::default() };
    let call = pb::ToolCall { id: "1\0".to_owned(), name: "n".to_owned(), input_json: "{\"a\":\"\0\"}".to_owned() };
    user.stream(&run, 0, &[text("a\0b"), Event::Source(source), Event::ToolCall(call), Event::Model("m\0".to_owned())])
        .await;
    let_leases_run_out(&world).await;
    user.start_run(question(Some(&run.conversation_id), "and now?")).await.unwrap();
    let answer = user.run(&run.id).await.message.unwrap();
    assert_eq!((answer.content.as_str(), answer.model.as_deref()), ("a\u{fffd}b", Some("m\u{fffd}")));
    assert_eq!(answer.sources[0].title.as_deref(), Some("t\u{fffd}"));
    assert!(answer.parts_json.contains("1\u{fffd}"), "{}", answer.parts_json);
}
