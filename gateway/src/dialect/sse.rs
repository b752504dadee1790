//! What all streams of server-sent events have in common: a first comment at once, heartbeats in silence, ids that
//! `Last-Event-ID` understands, and a last word whatever happens.

use std::{convert::Infallible, fmt::Write as _, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::{
    event::Step,
    run::{Entry, Lost, Reader},
};

const HEARTBEAT: Duration = Duration::from_secs(10);
/// Whoever takes nothing for so long is slow, and cut off if more waits than may.
const PATIENCE: Duration = Duration::from_secs(30);
/// A comment (WHATWG HTML §9.2.5): proxies see traffic, clients see nothing.
pub(super) const COMMENT: &[u8] = b": keep-alive\n\n";
/// What is ready goes out together, up to so many bytes.
const TOGETHER: usize = 16 * 1024;

/// A way to tell a run, frame by frame.
pub(super) trait Dialect: Send + 'static {
    /// Tells a step. A dialect may have no word for it, or several.
    fn tell(&mut self, step: Step, id: &str, frames: &mut Frames);

    /// Says that the rest cannot be told here, though the run may go on: the last words after all that was told.
    fn lose(&mut self, lost: Lost, frames: &mut Frames);
}

/// Frames that go out.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

impl Frames {
    /// An event with a name.
    pub(super) fn event(&mut self, name: &str, id: &str, data: &impl Serialize) {
        self.0.extend_from_slice(b"event: ");
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'\n');
        self.data(Some(id), data);
    }

    /// An event without a name.
    pub(super) fn data(&mut self, id: Option<&str>, data: &impl Serialize) {
        if let Some(id) = id {
            self.0.extend_from_slice(b"id: ");
            self.0.extend_from_slice(id.as_bytes());
            self.0.push(b'\n');
        }
        self.0.extend_from_slice(b"data: ");
        let begin = self.0.len();
        serde_json::to_writer(&mut self.0, data).expect("strings and numbers are JSON");
        // Stored documents may have lines.
        if self.0[begin..].iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            let document = self.0.split_off(begin);
            for (number, line) in document.split(|byte| matches!(byte, b'\n' | b'\r')).enumerate() {
                if number > 0 {
                    self.0.extend_from_slice(b"\ndata: ");
                }
                self.0.extend_from_slice(line);
            }
        }
        self.0.extend_from_slice(b"\n\n");
    }

    /// An event whose data is no JSON.
    pub(super) fn word(&mut self, word: &str) {
        self.0.extend_from_slice(b"data: ");
        self.0.extend_from_slice(word.as_bytes());
        self.0.extend_from_slice(b"\n\n");
    }

    fn take(&mut self) -> Option<Bytes> {
        (!self.0.is_empty()).then(|| std::mem::take(&mut self.0).into())
    }
}

/// Follows a run to its last step.
pub(super) fn follow(reader: Reader, dialect: impl Dialect) -> Response {
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let id = format!("{}-", reader.run_id());
    let following = Following {
        prefix: id.len(),
        id,
        reader,
        dialect,
        heartbeat,
        given: Instant::now(),
        frames: Frames::default(),
        begun: false,
        over: false,
    };
    let chunks = stream::unfold(following, async |mut following| {
        following.chunk().await.map(|chunk| (Ok::<_, Infallible>(chunk), following))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

struct Following<D> {
    /// The id of the last event: what those of this run begin with, and its number.
    id: String,
    prefix: usize,
    reader: Reader,
    dialect: D,
    heartbeat: Interval,
    /// When it took what goes out: from then on it was its turn.
    given: Instant,
    frames: Frames,
    begun: bool,
    over: bool,
}

impl<D: Dialect> Following<D> {
    /// What goes out next.
    async fn chunk(&mut self) -> Option<Bytes> {
        if !self.over && self.given.elapsed() > PATIENCE && self.reader.is_behind() {
            self.lose(Lost::Behind);
            return self.frames.take();
        }
        let chunk = self.more().await;
        self.given = Instant::now();
        chunk
    }

    /// The very first is a comment, at once.
    async fn more(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(Bytes::from_static(COMMENT));
        }
        while !self.over {
            let entry = tokio::select! {
                biased;
                _ = self.heartbeat.tick() => return Some(Bytes::from_static(COMMENT)),
                entry = self.reader.next() => entry,
            };
            match entry {
                Ok(entry) => self.tell(entry),
                Err(lost) => self.lose(lost),
            }
            while !self.over
                && self.frames.0.len() < TOGETHER
                && let Some(entry) = self.reader.ready()
            {
                self.tell(entry);
            }
            if let Some(chunk) = self.frames.take() {
                self.heartbeat.reset();
                return Some(chunk);
            }
        }
        None
    }

    fn tell(&mut self, Entry { number, step }: Entry) {
        self.over = matches!(step, Step::Ended(_));
        self.id.truncate(self.prefix);
        write!(self.id, "{number}").expect("a string grows");
        self.dialect.tell(step, &self.id, &mut self.frames);
    }

    fn lose(&mut self, lost: Lost) {
        self.over = true;
        tracing::warn!(run.id = self.reader.run_id(), ?lost, "a stream ends before its run");
        self.dialect.lose(lost, &mut self.frames);
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::run::open_log;

    struct Silent;

    impl Dialect for Silent {
        fn tell(&mut self, _: Step, _: &str, _: &mut Frames) {}
        fn lose(&mut self, _: Lost, _: &mut Frames) {}
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_comments() {
        let (writer, reader) = open_log("r", 100);
        let mut body = follow(reader, Silent).into_body();
        let began = Instant::now();
        for _ in 0..4 {
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(frame, COMMENT);
        }
        assert_eq!(began.elapsed(), HEARTBEAT * 3);
        drop(writer);
    }

    #[test]
    fn line_breaks_of_stored_documents_stay_inside_the_frame() {
        let raw = serde_json::value::RawValue::from_string("{\n\"a\":1}".to_owned()).unwrap();
        let mut frames = Frames::default();
        frames.event("x", "1", &raw);
        frames.word("[DONE]");
        assert_eq!(frames.take().unwrap(), "event: x\nid: 1\ndata: {\ndata: \"a\":1}\n\ndata: [DONE]\n\n");
    }
}
