//! The log of one run: one writer, any number of readers, each from the first event on.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::event::RunEvent;

/// One event with its place in the log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) number: usize,
    pub(crate) event: RunEvent,
}

/// An empty log of a run.
pub(crate) fn open(run_id: &str) -> (Writer, Reader) {
    let log = Arc::new(Log { run_id: run_id.to_owned(), events: RwLock::default() });
    let (written, seen) = watch::channel(0);
    (Writer { log: Arc::clone(&log), written }, Reader { log, seen, next: 0 })
}

#[derive(Debug)]
struct Log {
    run_id: String,
    events: RwLock<Vec<RunEvent>>,
}

/// The one who writes. Dropping it ends the log.
#[derive(Debug)]
pub(crate) struct Writer {
    log: Arc<Log>,
    written: watch::Sender<usize>,
}

impl Writer {
    pub(crate) fn push(&mut self, event: RunEvent) {
        let mut events = self.log.events.write().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
        let length = events.len();
        drop(events);
        self.written.send_replace(length);
    }

    pub(super) fn len(&self) -> usize {
        *self.written.borrow()
    }
}

/// One who reads. A clone goes on where the original stands.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    log: Arc<Log>,
    seen: watch::Receiver<usize>,
    next: usize,
}

impl Reader {
    pub(crate) fn run_id(&self) -> &str {
        &self.log.run_id
    }

    /// The next event, when there is one; `None` after the last. Safe to call off.
    pub(crate) async fn next(&mut self) -> Option<Entry> {
        let number = self.next;
        // Fails when the writer is gone; what it wrote is still there.
        let _ = self.seen.wait_for(|written| *written > number).await;
        let events = self.log.events.read().unwrap_or_else(PoisonError::into_inner);
        let event = events.get(number)?.clone();
        self.next += 1;
        Some(Entry { number, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn texts(mut reader: Reader) -> String {
        let mut all = String::new();
        while let Some(entry) = reader.next().await {
            if let RunEvent::Text(text) = entry.event {
                all.push_str(&text);
            }
        }
        all
    }

    #[tokio::test]
    async fn every_reader_gets_everything_however_late_it_comes() {
        let (mut writer, reader) = open("run");
        let early = texts(reader.clone());
        let writing = async {
            for text in ["a", "b", "c"] {
                writer.push(RunEvent::Text(text.into()));
                tokio::task::yield_now().await;
            }
            drop(writer);
        };
        let (early, ()) = tokio::join!(early, writing);
        assert_eq!((early, texts(reader).await), ("abc".to_owned(), "abc".to_owned()));
    }
}
