//! The log of one run: one writer, any number of readers, each from the first step on.
//!
//! What was said is held as it goes over the wire, which takes a tenth of the memory that a list of events would, and
//! read event by event.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use prost::Message as _;
use proto::history::v1::{RunEvent, RunEvents};
use tokio::sync::watch;

use crate::event::{Event, Outcome, Started, Step};

/// One step with its place: the beginning is 0, the first event 1.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: usize,
    pub(crate) step: Step,
}

/// Why there is no next step, though the run has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The reader is too far behind.
    Behind,
    /// The writer is gone.
    Broken,
}

impl Lost {
    /// What a client is told, in code and words.
    pub(crate) fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Behind => (
                "reader_too_slow",
                "the answer was read too slowly and is cut off here; resume it, or ask for it again",
            ),
            Self::Broken => ("stream_broken", "the answer breaks off here; resume it, or ask for it again"),
        }
    }
}

/// An empty log. Readers for whom more than `backlog` bytes wait are [behind](Reader::is_behind).
pub(crate) fn open(run_id: &str, backlog: usize) -> (Writer, Reader) {
    let (steps, _) = watch::channel(0);
    let log = Arc::new(Log { run_id: run_id.to_owned(), backlog, written: RwLock::default() });
    let seen = steps.subscribe();
    (Writer { log: Arc::clone(&log), steps }, Reader { log, seen, next: 0, resumed: false })
}

#[derive(Debug)]
struct Log {
    run_id: String,
    backlog: usize,
    written: RwLock<Written>,
}

#[derive(Debug, Default)]
struct Written {
    started: Option<Arc<Started>>,
    /// All events, encoded, one after another.
    events: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<u32>,
    ended: Option<Arc<Outcome>>,
    /// Whether the events are not those that were said, but what they made: they have other numbers.
    retold: bool,
}

impl Log {
    fn read(&self) -> RwLockReadGuard<'_, Written> {
        self.written.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Written> {
        self.written.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    /// How many bytes the first events have.
    fn end(&self, events: usize) -> usize {
        events.checked_sub(1).and_then(|last| self.ends.get(last)).map_or(0, |end| *end as usize)
    }

    fn event(&self, position: usize) -> Option<RunEvent> {
        let bytes =
            self.events.get(self.end(position)..self.end(position + 1)).filter(|_| position < self.ends.len())?;
        Some(RunEvent::decode(bytes).expect("we encoded it"))
    }
}

/// The one who writes. Dropping it ends the log.
#[derive(Debug)]
pub(crate) struct Writer {
    log: Arc<Log>,
    steps: watch::Sender<usize>,
}

impl Writer {
    pub(crate) fn start(&self, started: Arc<Started>) {
        self.log.write().started = Some(started);
        self.steps.send_modify(|steps| *steps += 1);
    }

    pub(crate) fn say(&self, event: Event) {
        self.pass_on(&RunEvent { event: Some(event) });
    }

    /// The same for an event that this version may not know: it has its number, and is nothing to readers.
    pub(super) fn pass_on(&self, event: &RunEvent) {
        let mut written = self.log.write();
        event.encode(&mut written.events).expect("a vector grows");
        let end = u32::try_from(written.events.len()).expect("an answer is far smaller than 4 GiB");
        written.ends.push(end);
        drop(written);
        self.steps.send_modify(|steps| *steps += 1);
    }

    /// From here on events have other numbers than when they were said. Whoever has some of those is told the end alone,
    /// whose message is whole.
    pub(super) fn retell(&self) {
        self.log.write().retold = true;
    }

    pub(crate) fn end(&self, outcome: Arc<Outcome>) {
        self.log.write().ended = Some(outcome);
        self.steps.send_modify(|steps| *steps += 1);
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.log.read().ends.len()
    }

    pub(crate) fn run_id(&self) -> &str {
        &self.log.run_id
    }

    /// How many readers there are.
    pub(super) fn readers(&self) -> usize {
        self.steps.receiver_count()
    }
}

/// One who reads. A clone goes on where the original stands.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    log: Arc<Log>,
    seen: watch::Receiver<usize>,
    next: usize,
    /// Whether it has some of the events already.
    resumed: bool,
}

impl Reader {
    pub(crate) fn run_id(&self) -> &str {
        &self.log.run_id
    }

    /// Whether it reads what this one writes.
    pub(super) fn is_of(&self, writer: &Writer) -> bool {
        Arc::ptr_eq(&self.log, &writer.log)
    }

    /// One that begins after the step of this number; the last step comes in any case.
    #[must_use]
    pub(crate) fn after(mut self, number: Option<usize>) -> Self {
        self.next = number.map_or(0, |number| number.saturating_add(1));
        self.resumed = number.is_some_and(|number| number > 0);
        self
    }

    /// Whether more waits for it than may. That is so as well when much was said at once: only who does not read what
    /// waits is slow.
    pub(crate) fn is_behind(&self) -> bool {
        let written = self.log.read();
        let read = self.next.saturating_sub(1).min(written.ends.len());
        written.events.len() - written.end(read) > self.log.backlog
    }

    /// How the run began, where that is known yet.
    pub(crate) fn started(&self) -> Option<Arc<Started>> {
        self.log.read().started.clone()
    }

    /// The next step. Safe to call off. Not to be called after the last.
    pub(crate) async fn next(&mut self) -> Result<Entry, Lost> {
        loop {
            if let Some(entry) = self.step() {
                return Ok(entry);
            }
            if self.seen.changed().await.is_err() {
                // The writer is gone; what it wrote last is still there.
                return self.step().ok_or(Lost::Broken);
            }
        }
    }

    /// The same if it is there already.
    pub(crate) fn ready(&mut self) -> Option<Entry> {
        self.step()
    }

    fn step(&mut self) -> Option<Entry> {
        self.seen.borrow_and_update();
        let written = self.log.read();
        let step = loop {
            if self.resumed && written.retold {
                break written.ended.clone().map(Step::Ended);
            }
            break match self.next.checked_sub(1) {
                None => written.started.clone().map(Step::Started),
                Some(position) => match written.event(position) {
                    Some(RunEvent { event: Some(event) }) => Some(Step::Said(event)),
                    Some(RunEvent { event: None }) => {
                        self.next += 1;
                        continue;
                    }
                    None => written.ended.clone().map(Step::Ended),
                },
            };
        };
        let number = if matches!(step, Some(Step::Ended(_))) { written.ends.len() + 1 } else { self.next };
        step.map(|step| {
            self.next = number + 1;
            Entry { number, step }
        })
    }

    /// The events from a position on, as many as fit, and how many bytes they have.
    pub(super) fn said_since(&self, position: usize, most_bytes: usize) -> RunEvents {
        let written = self.log.read();
        let begin = written.end(position);
        let fitting = written.ends.iter().skip(position).take_while(|end| **end as usize - begin <= most_bytes).count();
        // One that is larger than allowed goes alone.
        let count = fitting.max(1).min(written.ends.len().saturating_sub(position));
        let events = (position..position + count).filter_map(|position| written.event(position)).collect();
        RunEvents { position: i64::try_from(position).unwrap_or(i64::MAX), events }
    }

    /// How many bytes of events came after this position.
    pub(super) fn bytes_since(&self, position: usize) -> usize {
        let written = self.log.read();
        written.events.len() - written.end(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKLOG: usize = 100;

    fn text(text: &str) -> Event {
        Event::Text(text.to_owned())
    }

    fn begun() -> (Writer, Reader) {
        let (writer, reader) = open("run", BACKLOG);
        writer.start(Arc::default());
        (writer, reader)
    }

    async fn texts(mut reader: Reader) -> (String, Lost) {
        let mut all = String::new();
        loop {
            match reader.next().await {
                Ok(Entry { step: Step::Said(Event::Text(text)), .. }) => all.push_str(&text),
                Ok(_) => {}
                Err(lost) => return (all, lost),
            }
        }
    }

    #[tokio::test]
    async fn every_reader_gets_everything_however_late_it_comes() {
        let (writer, reader) = begun();
        let early = texts(reader.clone());
        let writing = async {
            for piece in ["a", "b", "c"] {
                writer.say(text(piece));
                tokio::task::yield_now().await;
            }
            drop(writer);
        };
        let (early, ()) = tokio::join!(early, writing);
        let all = ("abc".to_owned(), Lost::Broken);
        assert_eq!((early, texts(reader.clone()).await), (all.clone(), all));
        assert_eq!(texts(reader.after(Some(2))).await.0, "c");
    }

    #[tokio::test]
    async fn a_reader_for_whom_much_waits_is_behind_and_gets_everything_all_the_same() {
        let (writer, mut reader) = begun();
        assert!(!reader.is_behind());
        for _ in 0..BACKLOG {
            writer.say(text("abc"));
        }
        assert!(reader.is_behind());
        let whole = reader.clone();
        while reader.is_behind() {
            reader.next().await.unwrap();
        }
        assert!(reader.next < BACKLOG && !reader.clone().after(Some(BACKLOG * 2)).is_behind());
        drop(writer);
        assert_eq!(texts(whole).await, ("abc".repeat(BACKLOG), Lost::Broken));
    }

    #[test]
    fn what_is_new_is_handed_out_in_pieces_that_fit() {
        let (writer, reader) = begun();
        for piece in ["a", "b", "a long one", "c"] {
            writer.say(text(piece));
        }
        let count = |position, most| reader.said_since(position, most).events.len();
        assert_eq!((count(0, 1000), count(0, 6), count(2, 6), count(3, 6), count(4, 6)), (4, 2, 1, 1, 0));
    }
}
