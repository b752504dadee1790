//! Bad days of runs: whatever dies, nothing is lost, doubled or cut, and every client hears a last word.

use std::{io::Write as _, path::Path, process::Command, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::agent::{Gate, Piece, Reply};

use crate::{parts::Parts, stack::signal};

/// An agent that says `one `, waits, and says `two`.
fn halting() -> (Gate, Reply) {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::delta("one "), Piece::Wait(gate.clone()), Piece::delta("two"), Piece::done()]);
    (gate, reply)
}

fn hi() -> Value {
    json!({"message": "hi"})
}

fn stored(run: &str, text: &str) -> (String, String, String) {
    (run.to_owned(), run.to_owned(), text.to_owned())
}

#[tokio::test]
async fn a_gateway_that_is_killed_loses_nothing_that_was_kept_and_another_tells_of_it() {
    let (_gate, reply) = halting();
    let answered = Reply::Sse(vec![Piece::delta("again"), Piece::done()]);
    let mut parts = Parts::start([reply, answered], &[]).await;
    let mut asked = parts.stream(0, &hi()).await;
    let run_id = asked.run_id().await;
    let mut followed = parts.follow(1, &run_id).await;
    assert!(followed.until("one ").await);
    parts.gateways[0].kill();
    asked.rest().await;

    followed.rest().await;
    let (name, end) = followed.last();
    assert_eq!((name.as_str(), &end["message"]["content"]), ("interrupted", &json!("one ")));
    assert_eq!(parts.stored(), [stored("interrupted", "one ")]);
    assert_eq!(parts.agent.received().len(), 1, "a run is never executed twice by itself");

    // The user tries again, with a click: a sibling.
    let body =
        json!({"conversation_id": end["run"]["conversation_id"], "user_message_id": end["run"]["user_message_id"]});
    let mut again = parts.stream(1, &body).await;
    again.rest().await;
    let (name, end) = again.last();
    assert_eq!((name.as_str(), &end["message"]["siblings"]), ("completed", &json!({"index": 2, "count": 2})));
    assert_eq!(parts.stored(), [stored("interrupted", "one "), stored("completed", "again")]);
}

#[tokio::test]
async fn a_history_service_that_is_killed_in_the_middle_is_not_noticed() {
    let (gate, reply) = halting();
    let mut parts = Parts::start([reply], &[]).await;
    let mut asked = parts.stream(0, &hi()).await;
    let run_id = asked.run_id().await;
    let mut followed = parts.follow(1, &run_id).await;
    assert!(followed.until("one ").await);
    parts.history.restart();
    gate.open();
    for stream in [&mut asked, &mut followed] {
        stream.rest().await;
        assert_eq!((stream.last().0.as_str(), stream.text().as_str()), ("completed", "one two"));
    }
    assert_eq!(parts.stored(), [stored("completed", "one two")]);
}

#[tokio::test]
async fn a_database_that_crashes_in_the_middle_is_not_noticed_either() {
    let (gate, reply) = halting();
    let mut parts = Parts::start([reply], &[]).await;
    let mut asked = parts.stream(0, &hi()).await;
    assert!(asked.until("one ").await);
    parts.crash_database().await;
    gate.open();
    asked.rest().await;
    assert_eq!((asked.last().0.as_str(), asked.text().as_str()), ("completed", "one two"));
    assert_eq!(parts.stored(), [stored("completed", "one two")]);
}

#[tokio::test]
async fn a_database_that_stands_still_holds_up_nobody_who_reads() {
    let (gate, reply) = halting();
    let parts = Parts::start([reply], &[("GATEWAY_RUN_LEASE", "60s")]).await;
    let mut asked = parts.stream(0, &hi()).await;
    assert!(asked.until("one ").await);
    let pids = parts.database_pids();
    for pid in &pids {
        signal(*pid, "STOP");
    }
    gate.open();
    assert!(asked.until("two").await, "the reader goes on being served");
    let refused = parts.request(1, Method::POST, "/agents/run").json(&hi()).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    for pid in &pids {
        signal(*pid, "CONT");
    }
    asked.rest().await;
    assert_eq!((asked.last().0.as_str(), asked.text().as_str()), ("completed", "one two"));
    assert_eq!(parts.agent.received().len(), 1, "the agent was not asked what was not saved");
    assert_eq!(parts.stored()[0], stored("completed", "one two"));
}

/// A small disk of its own. Gone with the value.
struct Disk(std::path::PathBuf);

impl Disk {
    /// None where this user may not mount one.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs"]).arg(at);
        mount.output().unwrap().status.success().then(|| Self(at.to_owned()))
    }

    fn fill(&self) {
        let filled = std::fs::write(self.0.join("filler"), vec![0; 1 << 30]).unwrap_err();
        assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull);
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_database_whose_disk_is_full_gets_everything_when_there_is_room_again() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(directory.path(), "160m") else {
        writeln!(std::io::stdout(), "only who may mount a disk can fill one: left out").unwrap();
        return;
    };
    let gate = Gate::new();
    let long = "long ".repeat(100_000);
    let (begin, wait) = (Piece::delta("one "), Piece::Wait(gate.clone()));
    let reply = Reply::Sse(vec![begin, wait, Piece::delta(&long), Piece::done()]);
    let parts = Parts::start_on(directory, [reply], &[], &[]).await;
    let mut asked = parts.stream(0, &hi()).await;
    assert!(asked.until("one ").await);
    disk.fill();
    gate.open();
    assert!(asked.until("long ").await, "the reader goes on being served");
    let refused = json!({"message": long});
    let refused = parts.request(1, Method::POST, "/agents/run").json(&refused).send().await.unwrap();
    assert_eq!(refused.status(), 503, "what cannot be saved is not asked");
    disk.make_room();
    asked.rest().await;
    assert_eq!(asked.last().0, "completed");
    assert_eq!(parts.stored(), [stored("completed", &format!("one {long}"))]);
    assert_eq!(parts.agent.received().len(), 1);
}

/// The library that tells programs another time.
fn faketime() -> String {
    let found = std::fs::read_dir("/usr/lib").unwrap().flatten().find_map(|architecture| {
        let library = architecture.path().join("faketime/libfaketime.so.1");
        library.exists().then(|| library.to_str().unwrap().to_owned())
    });
    found.expect("this test sets clocks: install libfaketime (on Debian: apt-get install faketime)")
}

#[tokio::test]
async fn a_clock_that_jumps_ends_no_run() {
    for jump in ["+1d", "-1d"] {
        let (gate, reply) = halting();
        let directory = tempfile::tempdir().unwrap();
        let clock = directory.path().join("clock");
        std::fs::write(&clock, "+0").unwrap();
        let everywhere = [
            ("LD_PRELOAD", &*faketime()),
            ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ];
        let parts = Parts::start_on(directory, [reply], &[], &everywhere).await;
        let mut asked = parts.stream(0, &hi()).await;
        let run_id = asked.run_id().await;
        let mut followed = parts.follow(1, &run_id).await;
        assert!(followed.until("one ").await);
        std::fs::write(&clock, jump).unwrap();
        // Longer than a lease: it has to be renewed in the new time.
        tokio::time::timeout(Duration::from_secs(3), followed.until("event: interrupted")).await.unwrap_err();
        gate.open();
        for stream in [&mut asked, &mut followed] {
            stream.rest().await;
            assert_eq!((stream.last().0.as_str(), stream.text().as_str()), ("completed", "one two"), "{jump}");
        }
        assert_eq!(parts.stored(), [stored("completed", "one two")], "{jump}");
    }
}

#[tokio::test]
async fn a_gateway_that_slept_through_its_lease_does_not_write_any_more() {
    let (gate, reply) = halting();
    let parts = Parts::start([reply], &[]).await;
    let mut asked = parts.stream(0, &hi()).await;
    let run_id = asked.run_id().await;
    let mut followed = parts.follow(1, &run_id).await;
    assert!(followed.until("one ").await);
    parts.gateways[0].signal("STOP");
    followed.rest().await;
    assert_eq!(followed.last().0, "interrupted");
    gate.open();
    parts.gateways[0].signal("CONT");
    asked.rest().await;
    assert_eq!(asked.last().0, "interrupted", "what is stored is what is told");
    assert_eq!(parts.stored(), [stored("interrupted", "one ")]);
}

#[tokio::test]
async fn a_hundred_duplicates_at_two_gateways_are_one_run() {
    let reply = Reply::Sse(vec![Piece::delta("once"), Piece::done()]);
    let parts = Parts::start([reply], &[]).await;
    let requests = (0..100).map(|number| {
        let request = parts.request(number % 2, Method::POST, "/agents/run").header("idempotency-key", "k");
        let request = request.json(&hi());
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    });
    let answers = futures_util::future::join_all(requests).await;
    assert_eq!((answers[0].0, &answers[0].1["message"]["content"]), (200, &json!("once")));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(parts.agent.received().len(), 1);
    assert_eq!(parts.stored(), [stored("completed", "once")]);
    let other = parts.request(1, Method::POST, "/agents/run").header("idempotency-key", "k");
    let other = other.json(&json!({"message": "something else"})).send().await.unwrap();
    assert_eq!(other.status(), 422);
}

#[tokio::test]
async fn the_end_of_a_gateway_with_a_hundred_runs_is_told_to_all() {
    const RUNS: usize = 100;
    let reply = Reply::Sse(vec![Piece::delta("half"), Piece::Hang]);
    let flags = [("GATEWAY_MAX_RUNS_PER_USER", "0"), ("GATEWAY_SHUTDOWN_GRACE", "1s")];
    let mut parts = Parts::start([reply], &flags).await;
    let mut streams = Vec::new();
    for _ in 0..RUNS {
        streams.push(parts.stream(0, &hi()).await);
    }
    for stream in &mut streams {
        assert!(stream.until("half").await);
    }
    parts.gateways[0].signal("TERM");
    for stream in &mut streams {
        stream.rest().await;
        let (name, end) = stream.last();
        assert_eq!((name.as_str(), &end["message"]["content"]), ("interrupted", &json!("half")));
    }
    parts.gateways[0].ended();
    assert_eq!(parts.stored(), vec![stored("interrupted", "half"); RUNS]);
}

#[tokio::test]
async fn a_run_is_stopped_from_the_other_gateway_within_a_tick_or_two() {
    let (_gate, reply) = halting();
    let parts = Parts::start([reply], &[]).await;
    let mut asked = parts.stream(0, &hi()).await;
    let run_id = asked.run_id().await;
    assert!(asked.until("one ").await);
    let stopped = parts.request(1, Method::POST, &format!("/runs/{run_id}/cancel")).send().await.unwrap();
    assert_eq!(stopped.status(), 200);
    asked.rest().await;
    assert_eq!(asked.last().0, "cancelled");
    tokio::time::timeout(Duration::from_secs(10), parts.agent.abandoned()).await.unwrap();
    assert_eq!(parts.stored(), [stored("cancelled", "one ")]);
}
