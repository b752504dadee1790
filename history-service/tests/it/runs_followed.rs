//! Runs that are followed where nobody holds them: from any event on, to the end.

use std::time::Duration;

use futures_util::future::join_all;
use kit::server::Listeners;
use proto::history::v1::{self as pb, run_event::Event, watch_run_response::Step};
use testkit::Proxy;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming, transport::Endpoint};

use crate::world::{Person, World, clients_on, clients_with, completed, config, reason_of, text, told};

const PATIENCE: Duration = Duration::from_mins(1);

/// A follower, and how many events it has.
struct Follower {
    stream: Streaming<pb::WatchRunResponse>,
    position: i64,
}

impl Follower {
    async fn new(user: &Person, run: &pb::Run, position: i64) -> Self {
        let mut follower = Self { stream: user.watch(&run.id, position).await.unwrap(), position };
        let Step::Found(found) = follower.step().await.unwrap() else { panic!("the first is what was found") };
        assert_eq!(found.run.unwrap().id, run.id);
        follower
    }

    async fn step(&mut self) -> Result<Step, Status> {
        let message = tokio::time::timeout(PATIENCE, self.stream.message()).await.expect("in time");
        Ok(message?.expect("an end is told").step.unwrap())
    }

    /// The texts until so many events are known.
    async fn until(&mut self, position: i64) -> String {
        let mut texts = String::new();
        while self.position < position {
            let step = self.step().await.unwrap();
            let Step::Events(events) = step else { panic!("{step:?}") };
            self.take(events, &mut texts);
        }
        texts
    }

    fn take(&mut self, events: pb::RunEvents, texts: &mut String) {
        let known = usize::try_from(self.position - events.position).expect("no gap");
        for event in events.events.into_iter().skip(known) {
            let Some(Event::Text(text)) = event.event else { panic!("{event:?}") };
            texts.push_str(&text);
            self.position += 1;
        }
    }

    /// The texts that are left, and the run after its end.
    async fn rest(mut self) -> (String, pb::watch_run_response::Exchange) {
        let mut texts = String::new();
        loop {
            match self.step().await.unwrap() {
                Step::Events(events) => self.take(events, &mut texts),
                Step::Ended(ended) => {
                    assert!(self.stream.message().await.unwrap().is_none());
                    return (texts, ended);
                }
                Step::Found(found) => panic!("{found:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_follower_gets_every_event_once_from_where_it_is() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "tell me").await.run.unwrap();
    let mut first = Follower::new(&user, &run, 0).await;
    user.stream(&run, 0, &[text("a"), text("b"), text("c")]).await;
    assert_eq!(first.until(3).await, "abc");
    let mut middle = Follower::new(&user, &run, 2).await;
    let beyond = Follower::new(&user, &run, 5).await;
    assert_eq!(middle.until(3).await, "c");
    user.stream(&run, 3, &[text("d")]).await;
    assert_eq!((first.until(4).await, middle.until(4).await), ("d".to_owned(), "d".to_owned()));
    let rest = Some(told(4, &[text("e"), text("f")]));
    let finish = pb::FinishRunRequest { rest, ..completed(&run, "abcdef") };
    let finished = user.finish_run(finish).await.unwrap();

    let late = Follower::new(&user, &run, 1).await;
    for (follower, expected) in [(first, "ef"), (middle, "ef"), (beyond, "f"), (late, "bcdef")] {
        let (texts, ended) = follower.rest().await;
        assert_eq!((texts.as_str(), &ended.run, &ended.message), (expected, &finished.run, &finished.message));
        assert_eq!(ended.user_message.unwrap().content, "tell me");
    }
    // When its events are gone, its answer has all of them.
    sqlx::query("DELETE FROM history.run_event").execute(&mut world.superuser().await).await.unwrap();
    let (texts, ended) = Follower::new(&user, &run, 0).await.rest().await;
    assert_eq!((texts.as_str(), ended.message), ("", finished.message));
}

#[tokio::test]
async fn many_small_and_some_large_batches_come_whole() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "tell me much").await.run.unwrap();
    let large = "x".repeat(700_000);
    let mut expected = String::new();
    for position in 0..150 {
        let said = if position % 10 == 7 { large.clone() } else { format!("{position} ") };
        user.stream(&run, position, &[text(&said)]).await;
        expected.push_str(&said);
    }
    // One reads nothing before the end.
    let slow = Follower::new(&user, &run, 0).await;
    let mut quick = Follower::new(&user, &run, 0).await;
    assert!(quick.until(150).await == expected);
    user.end(&run, "much").await;
    assert_eq!(quick.rest().await.0, "");
    assert!(slow.rest().await.0 == expected);
}

#[tokio::test]
async fn a_run_of_somebody_else_is_no_run_to_follow() {
    let world = World::new().await;
    let (user, other) = (world.user(), world.user());
    let run = user.ask(None, "mine").await.run.unwrap();
    user.stream(&run, 0, &[text("secret")]).await;
    let refused = other.watch(&run.id, 0).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::NotFound, "RUN_NOT_FOUND"));
}

#[tokio::test]
async fn a_run_that_is_deleted_or_expires_is_gone_for_those_who_follow_it() {
    let world = World::new().await;
    let user = world.user();
    for way in ["delete", "expire", "erase"] {
        let run = user.ask(None, "for now").await.run.unwrap();
        user.stream(&run, 0, &[text("a")]).await;
        let mut follower = Follower::new(&user, &run, 0).await;
        follower.until(1).await;
        match way {
            "delete" => {
                let request = pb::DeleteConversationRequest { conversation_id: run.conversation_id.clone() };
                user.delete_conversation(request).await.unwrap();
            }
            "expire" => {
                let past = "UPDATE history.conversation SET expires_at = now() - interval '1 second'";
                sqlx::query(past).execute(&mut world.superuser().await).await.unwrap();
            }
            _ => drop(user.erase_user(pb::EraseUserRequest {}).await.unwrap()),
        }
        let gone = follower.step().await.unwrap_err();
        assert_eq!((gone.code(), reason_of(&gone).as_str()), (Code::NotFound, "RUN_NOT_FOUND"), "{way}");
    }
}

/// However many follow however many runs, a look is one statement; when nobody follows there is none.
#[tokio::test]
async fn all_followers_are_served_by_one_look() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let clients = clients_with(proxy.service_url(&world.database), |config| config.options.max_connections = 1);
    let users: Vec<_> = (0..5).map(|_| Person::new(&clients)).collect();
    let mut followers = Vec::new();
    let mut runs = Vec::new();
    for user in &users {
        let run = user.ask(None, "tell us").await.run.unwrap();
        for _ in 0..10 {
            followers.push(Follower::new(user, &run, 0).await);
        }
        runs.push((user, run));
    }
    // Past the service that is looked at.
    let tick = |position| {
        let batches = runs.iter().map(move |(user, run)| crate::world::batch(run, user.id, position, &[text("a")]));
        world.clients.append(batches.collect::<Vec<_>>())
    };
    tick(0).await.unwrap();
    join_all(followers.iter_mut().map(|follower| follower.until(1))).await;
    let (before, began) = (proxy.said(), std::time::Instant::now());
    for position in 1..4 {
        tick(position).await.unwrap();
        join_all(followers.iter_mut().map(|follower| follower.until(position + 1))).await;
    }
    // Each look asks three times: begin, the statement, the end. No more often than every 50 ms.
    let looks = usize::try_from(began.elapsed().as_millis() / 50).unwrap() + 2;
    let said = proxy.said() - before;
    assert!(said <= looks * 3, "{said} questions in {looks} looks");
    drop(followers);
    let (user, run) = &runs[0];
    let stopped = async {
        // Longer than the longest pause between two looks nobody asks but this, whose reads are two each.
        let (mut reads, mut since) = (0, (std::time::Instant::now(), proxy.said()));
        while since.0.elapsed() < Duration::from_secs(1) {
            user.run(&run.id).await;
            reads += 1;
            if proxy.said() != since.1 + 2 * reads {
                (reads, since) = (0, (std::time::Instant::now(), proxy.said()));
            }
        }
    };
    tokio::time::timeout(PATIENCE, stopped).await.expect("the looks end");
}

#[tokio::test]
async fn a_follower_outlives_a_database_that_is_away_for_a_moment() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let user = world.user();
    let there = user.at(&clients_with(proxy.service_url(&world.database), |_| {}));
    let run = user.ask(None, "tell me").await.run.unwrap();
    let mut follower = Follower::new(&there, &run, 0).await;
    for position in 0..3 {
        proxy.cut();
        user.stream(&run, position, &[text("a")]).await;
        assert_eq!(follower.until(position + 1).await, "a");
    }
    user.end(&run, "aaa").await;
    proxy.cut();
    assert_eq!(follower.rest().await.1.message.unwrap().content, "aaa");
}

#[tokio::test]
async fn a_service_that_stops_sends_its_followers_elsewhere() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "tell me").await.run.unwrap();
    let stop = CancellationToken::new();
    let here = "127.0.0.1:0".parse().unwrap();
    let listeners = Listeners::bind(here, here).await.unwrap();
    let address = format!("http://{}", listeners.grpc.local_addr().unwrap());
    let there = user.at(&clients_on(Endpoint::from_shared(address).unwrap().connect_lazy()));
    let config = config(world.database.service_url.clone());
    let serving = Box::pin(history_service::serve(config, listeners, stop.clone()));
    let following = async {
        let mut follower = Follower::new(&there, &run, 0).await;
        user.stream(&run, 0, &[text("a")]).await;
        follower.until(1).await;
        stop.cancel();
        let refused = follower.step().await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::Unavailable, "SERVICE_UNAVAILABLE"));
        follower.position
    };
    let (served, position) = tokio::join!(serving, following);
    served.unwrap();
    user.stream(&run, 1, &[text("b")]).await;
    assert_eq!(Follower::new(&user, &run, position).await.until(2).await, "b");
}
