//! What all streams of server-sent events have in common: a first comment at once, heartbeats in silence, ids that
//! `Last-Event-ID` understands, and a last word whatever happens.

use std::{convert::Infallible, fmt::Write as _, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::{future::BoxFuture, stream};
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::{
    event::Step,
    problem::{Problem, Refused},
    run::{Coming, Entry, Lost, Reader},
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
    /// Learns which run it is to tell, before anything else.
    fn begin(&mut self, _reader: &Reader) {}

    /// Tells a step. A dialect may have no word for it, or several.
    fn tell(&mut self, step: Step, id: &str, frames: &mut Frames);

    /// Says that the rest cannot be told here, though the run may go on: the last words after all that was told.
    fn lose(&mut self, lost: Lost, frames: &mut Frames);

    /// Says why there is no run to tell, after it was waited for: the only words.
    fn refuse(&mut self, problem: &Problem, frames: &mut Frames);
}

/// Frames that go out.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

impl Frames {
    /// An event with a name.
    pub(super) fn event<'a>(&mut self, name: &str, id: impl Into<Option<&'a str>>, data: &impl Serialize) {
        self.0.extend_from_slice(b"event: ");
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'\n');
        self.data(id.into(), data);
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

/// Follows a run to its last step, and waits for its first.
pub(super) fn follow(coming: impl Into<Coming>, dialect: impl Dialect) -> Response {
    let telling = match coming.into() {
        Coming::Begun(reader) => Telling::Following(Box::new(Following::new(reader, dialect))),
        Coming::Waiting(run) => Telling::Waiting(Waiting { run, dialect, heartbeat: heartbeat(), begun: false }),
    };
    let chunks = stream::unfold(telling, async |telling| {
        let (chunk, telling) = telling.chunk().await?;
        Some((Ok::<_, Infallible>(chunk), telling))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

fn heartbeat() -> Interval {
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat
}

enum Telling<D> {
    Waiting(Waiting<D>),
    Following(Box<Following<D>>),
    Over,
}

impl<D: Dialect> Telling<D> {
    /// What goes out next, and what comes after it.
    async fn chunk(self) -> Option<(Bytes, Self)> {
        let mut following = match self {
            Self::Waiting(waiting) => match waiting.outcome().await {
                Outcome::Waits(waiting) => return Some((Bytes::from_static(COMMENT), Self::Waiting(waiting))),
                Outcome::Refused(last_words) => return last_words.map(|words| (words, Self::Over)),
                Outcome::Begun(following) => Box::new(following),
            },
            Self::Following(following) => following,
            Self::Over => return None,
        };
        let chunk = following.chunk().await?;
        Some((chunk, Self::Following(following)))
    }
}

/// Somebody for whose question another run is in the way.
struct Waiting<D> {
    run: BoxFuture<'static, Result<Reader, Refused>>,
    dialect: D,
    heartbeat: Interval,
    begun: bool,
}

enum Outcome<D> {
    Waits(Waiting<D>),
    Refused(Option<Bytes>),
    Begun(Following<D>),
}

impl<D: Dialect> Waiting<D> {
    /// The very first is a comment, at once.
    async fn outcome(mut self) -> Outcome<D> {
        if !std::mem::replace(&mut self.begun, true) {
            return Outcome::Waits(self);
        }
        let run = tokio::select! {
            biased;
            run = &mut self.run => run,
            _ = self.heartbeat.tick() => return Outcome::Waits(self),
        };
        match run {
            Ok(reader) => Outcome::Begun(Following { begun: true, ..Following::new(reader, self.dialect) }),
            Err(refused) => {
                let mut frames = Frames::default();
                self.dialect.refuse(&refused, &mut frames);
                Outcome::Refused(frames.take())
            }
        }
    }
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
    fn new(reader: Reader, mut dialect: D) -> Self {
        dialect.begin(&reader);
        let id = format!("{}-", reader.run_id());
        Self {
            prefix: id.len(),
            id,
            reader,
            dialect,
            heartbeat: heartbeat(),
            given: Instant::now(),
            frames: Frames::default(),
            begun: false,
            over: false,
        }
    }

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
        fn refuse(&mut self, problem: &Problem, frames: &mut Frames) {
            frames.word(problem.code());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_so_at_once_and_every_ten_seconds() {
        for refused in [false, true] {
            let (writer, reader) = open_log("r", 100);
            let run = async move {
                tokio::time::sleep(HEARTBEAT * 7 / 2).await;
                if refused { Err(Problem::overloaded("enough")) } else { Ok(reader) }
            };
            let mut body = follow(Coming::Waiting(Box::pin(run)), Silent).into_body();
            let began = Instant::now();
            for _ in 0..4 {
                assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), COMMENT);
            }
            assert_eq!(began.elapsed(), HEARTBEAT * 3);
            writer.start(std::sync::Arc::default());
            writer.end(std::sync::Arc::default());
            let last = body.frame().await.map(|frame| frame.unwrap().into_data().unwrap());
            assert_eq!(last.as_deref(), refused.then_some(&b"data: overloaded\n\n"[..]));
            assert!(!refused || body.frame().await.is_none());
        }
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
