//! Runs that go on at another gateway, followed through the history: one stream for all who read here.

use std::sync::Arc;

use kit::caller::UserId;
use proto::history::v1::{
    RunEvents, WatchRunRequest, WatchRunResponse,
    watch_run_response::{Exchange, Step as Told},
};
use tokio::time::{Duration, Instant, sleep, timeout};
use tonic::{Status, Streaming};

use super::{Reader, Runs, Writer, open_log};
use crate::{
    event::{Outcome, Started},
    extract::Caller,
    history,
    problem::Refused,
};

/// How long a stream that broke is begun again.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(250);
/// How often it is looked whether somebody still reads.
const LOOK: Duration = Duration::from_secs(5);

impl Runs {
    /// Follows a run of another gateway's, or one that ended.
    pub(super) async fn follow(&self, caller: &Caller, run_id: &str) -> Result<Reader, Refused> {
        let key = (caller.user_id, run_id.to_owned());
        if let Some(reader) = self.followed().get(&key) {
            return Ok(reader.clone());
        }
        let request = WatchRunRequest { run_id: run_id.to_owned(), position: 0 };
        let mut stream =
            self.0.history.watches().watch_run(caller.ask(request)).await.map_err(history::problem)?.into_inner();
        let first = stream.message().await.map_err(history::problem)?.and_then(|message| message.step);
        let Some(Told::Found(found)) = first else { return Err(history::incomplete("WatchRunResponse")) };
        let found = outcome(found)?;
        let (writer, reader) = open_log(run_id, self.0.limits.reader_backlog);
        writer.start(Arc::new(Started { run: found.run, user_message: found.user_message, message: found.message }));
        let readers = {
            let mut followed = self.followed();
            // Somebody may have been faster.
            let readers = followed.entry(key.clone()).or_insert_with(|| reader.clone());
            readers.clone()
        };
        if readers.is_of(&writer) {
            let (caller, relay) = (caller.clone(), Relay { runs: self.clone(), key, writer });
            drop(reader);
            self.0.relays.spawn(async move {
                relay.runs.0.interrupt.run_until_cancelled(relay.pass_on(&caller, stream)).await;
            });
        }
        Ok(readers)
    }
}

/// The log of a run that goes on elsewhere. Whoever comes finds it until it is dropped, whatever the reason, or left.
struct Relay {
    runs: Runs,
    key: (UserId, String),
    writer: Writer,
}

impl Relay {
    /// Leaves if nobody reads. Who comes from then on begins another: found and left is no log.
    fn leave(&self) -> bool {
        let mut followed = self.runs.followed();
        // The map has one reader for those to come.
        let left = self.writer.readers() <= 1;
        if left {
            followed.remove(&self.key);
        }
        left
    }

    /// What comes after all that is known.
    async fn watch_on(&self, caller: &Caller) -> Result<Streaming<WatchRunResponse>, Status> {
        let position = i64::try_from(self.writer.len()).unwrap_or(i64::MAX);
        let request = WatchRunRequest { run_id: self.writer.run_id().to_owned(), position };
        Ok(self.runs.0.history.watches().watch_run(caller.ask(request)).await?.into_inner())
    }

    /// Passes on what comes, and begins again where it broke.
    async fn pass_on(&self, caller: &Caller, stream: Streaming<WatchRunResponse>) {
        let writer = &self.writer;
        let mut stream = Some(stream);
        let mut deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.leave() {
                return;
            }
            let told = match &mut stream {
                Some(stream) => timeout(LOOK, next(stream)).await,
                None => Ok(self.watch_on(caller).await.map(|begun| {
                    stream = Some(begun);
                    None
                })),
            };
            let step = match told {
                Ok(Ok(Some(step))) => Ok(step),
                Ok(Err(status)) => Err(status),
                // A new stream, or silence on an old one.
                Ok(Ok(None)) | Err(_) => {
                    deadline = Instant::now() + PATIENCE;
                    continue;
                }
            };
            match step {
                Ok(Told::Found(_)) => {}
                Ok(Told::Events(events)) => {
                    if !say(writer, &events) {
                        tracing::error!(
                            run.id = writer.run_id(),
                            "a run cannot be followed: some of its events are missing"
                        );
                        return;
                    }
                }
                Ok(Told::Ended(exchange)) => return end(writer, exchange),
                Err(status) if history::is_away(&status) => {
                    stream = None;
                    sleep(PAUSE).await;
                    continue;
                }
                Err(status) => {
                    tracing::info!(
                        run.id = writer.run_id(),
                        error = status.message(),
                        "a run cannot be followed any more"
                    );
                    return;
                }
            }
            deadline = Instant::now() + PATIENCE;
        }
        tracing::warn!(run.id = writer.run_id(), "a run is not followed any more: the history service stayed away");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let mut followed = self.runs.followed();
        // It may have been left, and another begun.
        if followed.get(&self.key).is_some_and(|readers| readers.is_of(&self.writer)) {
            followed.remove(&self.key);
        }
    }
}

async fn next(stream: &mut Streaming<WatchRunResponse>) -> Result<Option<Told>, Status> {
    let message = stream.message().await?.and_then(|message| message.step);
    message.map(Some).ok_or_else(|| Status::unavailable("the stream broke"))
}

/// Adds what is new. False where something is missing before it: numbers would not be what they are elsewhere.
fn say(writer: &Writer, RunEvents { position, events }: &RunEvents) -> bool {
    let position = usize::try_from(*position).unwrap_or(usize::MAX);
    let Some(known) = writer.len().checked_sub(position) else { return false };
    events.iter().skip(known).for_each(|event| writer.pass_on(event));
    true
}

fn end(writer: &Writer, exchange: Exchange) {
    let Ok(outcome) = outcome(exchange) else { return };
    if writer.len() == 0 {
        // Over before its first tick, or long ago, so that there is nothing but the answer.
        writer.retell();
        proto::answer::events(&outcome.message)
            .into_iter()
            .filter_map(|event| event.event)
            .for_each(|event| writer.say(event));
    }
    writer.end(Arc::new(outcome));
}

fn outcome(Exchange { run, user_message, message }: Exchange) -> Result<Outcome, Refused> {
    Outcome::of(run, user_message, message).ok_or_else(|| history::incomplete("WatchRunResponse"))
}

#[cfg(test)]
mod tests {
    use proto::history::v1::RunEvent;

    use super::*;
    use crate::{
        event::{Event, Step},
        run::{Entry, Lost, testing},
    };

    fn relay(runs: &Runs) -> Relay {
        let (writer, reader) = open_log("r", usize::MAX);
        let key = (UserId(uuid::Uuid::nil()), "r".to_owned());
        runs.followed().insert(key.clone(), reader);
        Relay { runs: runs.clone(), key, writer }
    }

    #[tokio::test]
    async fn who_finds_a_log_is_not_left_and_who_comes_later_finds_none() {
        let runs = testing::runs(&[]);
        for _ in 0..2_000 {
            let relay = relay(&runs);
            let key = relay.key.clone();
            let both = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                let leaving = scope.spawn(|| {
                    both.wait();
                    relay.leave()
                });
                both.wait();
                let found = runs.followed().get(&key).cloned();
                assert_eq!(leaving.join().unwrap(), found.is_none());
            });
            assert!(relay.leave() && runs.followed().is_empty());
        }
    }

    #[tokio::test]
    async fn a_relay_that_breaks_takes_its_log_along_and_no_other() {
        let runs = testing::runs(&[]);
        let first = relay(&runs);
        let broken = runs.0.relays.spawn(async move {
            let _relay = first;
            panic!("broken");
        });
        assert!(broken.await.unwrap_err().is_panic());
        assert!(runs.followed().is_empty());
        let left = relay(&runs);
        assert!(left.leave());
        let second = relay(&runs);
        drop(left);
        assert!(runs.followed().get(&second.key).unwrap().is_of(&second.writer));
    }

    fn told(position: i64, events: &[&str]) -> RunEvents {
        // What a newer version says has no word for us.
        let event = |text: &&str| RunEvent { event: (!text.is_empty()).then(|| Event::Text((*text).to_owned())) };
        RunEvents { position, events: events.iter().map(event).collect() }
    }

    #[tokio::test]
    async fn events_have_the_numbers_that_they_have_elsewhere() {
        let (writer, reader) = open_log("r", usize::MAX);
        assert!(say(&writer, &told(0, &["a", "", "b"])) && say(&writer, &told(1, &["", "b", "c", ""])));
        assert!(!say(&writer, &told(6, &["e"])), "one is missing");
        drop(writer);
        let (mut reader, mut numbers) = (reader.after(Some(0)), Vec::new());
        let lost = loop {
            match reader.next().await {
                Ok(Entry { number, step: Step::Said(Event::Text(text)) }) => numbers.push((number, text)),
                Ok(entry) => panic!("{entry:?}"),
                Err(lost) => break lost,
            }
        };
        let expected = [(1, "a"), (3, "b"), (4, "c")].map(|(number, text)| (number, text.to_owned()));
        assert_eq!((numbers.as_slice(), lost), (expected.as_slice(), Lost::Broken));
    }
}
