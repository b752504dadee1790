//! Our own server-sent events: `run`, then `delta`, `source`, `title`, `usage`, then exactly one of `completed`,
//! `failed`, `cancelled`, `interrupted`. A stream never ends without that last word.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::{HeaderName, HeaderValue, header};
use proto::history::v1::{self as history, MessageStatus, RunStatus};
use serde::Serialize;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::{
    event::{Outcome, RunEvent, Started},
    resource::{Message, Run, Source, Usage},
    run::{Entry, Reader},
};

const HEARTBEAT: Duration = Duration::from_secs(10);
/// A comment (WHATWG HTML §9.2.5): proxies see traffic, clients see nothing.
const COMMENT: &[u8] = b": keep-alive\n\n";

/// The first event: what is saved before the agent is called.
#[derive(Serialize)]
struct Beginning {
    conversation_id: String,
    run: Run,
    user_message: Message,
}

#[derive(Serialize)]
struct Delta<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Title<'a> {
    title: &'a str,
}

/// The last event.
#[derive(Serialize)]
struct End {
    run: Run,
    message: Message,
}

/// Follows a run from its first event to its last.
pub(crate) fn stream(reader: Reader) -> Response {
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let following = Following { reader, heartbeat, started: None, next: 0, begun: false, over: false };
    let frames = stream::unfold(following, async |mut following| {
        following.frame().await.map(|frame| (Ok::<_, std::convert::Infallible>(frame), following))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(frames)).into_response()
}

struct Following {
    reader: Reader,
    heartbeat: Interval,
    started: Option<Arc<Started>>,
    next: usize,
    begun: bool,
    over: bool,
}

impl Following {
    /// The next frame; the very first is a comment, at once.
    async fn frame(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(Bytes::from_static(COMMENT));
        }
        while !self.over {
            let entry = tokio::select! {
                biased;
                _ = self.heartbeat.tick() => return Some(Bytes::from_static(COMMENT)),
                entry = self.reader.next() => entry,
            };
            let Some(frame) = self.encode(entry) else { continue };
            self.heartbeat.reset();
            return Some(frame);
        }
        None
    }

    /// `None` for what this dialect has no word for.
    fn encode(&mut self, entry: Option<Entry>) -> Option<Bytes> {
        let Some(Entry { number, event }) = entry else {
            self.over = true;
            tracing::error!(run.id = self.reader.run_id(), "a run ended without a word");
            return Some(self.broken_off());
        };
        self.next = number + 1;
        let id = format!("{}-{number}", self.reader.run_id());
        Some(match event {
            RunEvent::Started(started) => {
                self.started = Some(Arc::clone(&started));
                let run = Run::from(started.run.clone());
                let user_message = started.user_message.clone().into();
                let conversation_id = started.run.conversation_id.clone();
                frame("run", &id, &Beginning { conversation_id, run, user_message })
            }
            RunEvent::Text(text) => frame("delta", &id, &Delta { text: &text }),
            RunEvent::Source(source) => frame("source", &id, &Source::from((*source).clone())),
            RunEvent::Title(title) => frame("title", &id, &Title { title: &title }),
            RunEvent::Usage(usage) => frame("usage", &id, &Usage::from(usage)),
            RunEvent::Model(_) => return None,
            RunEvent::Ended(outcome) => {
                self.over = true;
                let Outcome { run, message, .. } = (*outcome).clone();
                end(&id, run, message)
            }
        })
    }

    /// The last word where there is none.
    fn broken_off(&self) -> Bytes {
        let (mut run, mut message) =
            self.started.as_ref().map(|started| (started.run.clone(), started.message.clone())).unwrap_or_default();
        let error =
            history::RunError { code: "internal".to_owned(), message: "something broke on our side".to_owned() };
        run.set_status(RunStatus::Failed);
        message.set_status(MessageStatus::Failed);
        (run.error, message.error) = (Some(error.clone()), Some(error));
        end(&format!("{}-{}", self.reader.run_id(), self.next), run, message)
    }
}

fn end(id: &str, run: history::Run, message: history::Message) -> Bytes {
    let name = match run.status() {
        RunStatus::Completed => "completed",
        RunStatus::Cancelled => "cancelled",
        RunStatus::Interrupted => "interrupted",
        RunStatus::Failed | RunStatus::Running | RunStatus::Unspecified => "failed",
    };
    frame(name, id, &End { run: run.into(), message: message.into() })
}

/// JSON has no raw line breaks outside of stored documents, whose lines become `data:` lines of their own.
fn frame<T: Serialize>(name: &str, id: &str, data: &T) -> Bytes {
    let json = serde_json::to_string(data).expect("strings and numbers are JSON");
    let mut frame = format!("event: {name}\nid: {id}\n");
    for line in json.split(['\n', '\r']) {
        frame.push_str("data: ");
        frame.push_str(line);
        frame.push('\n');
    }
    frame.push('\n');
    frame.into()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::run::open_log;

    async fn text(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_log_that_breaks_off_still_has_a_last_word() {
        let (mut writer, reader) = open_log("r");
        writer.push(RunEvent::Text("half".into()));
        drop(writer);
        let text = text(stream(reader)).await;
        assert!(
            text.starts_with(
                ": keep-alive\n\nevent: delta\nid: r-0\ndata: {\"text\":\"half\"}\n\nevent: failed\nid: r-1\ndata: {"
            ),
            "{text}"
        );
        assert!(text.contains(r#""error":{"code":"internal""#) && text.ends_with("}\n\n"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_comments() {
        let (writer, reader) = open_log("r");
        let mut body = stream(reader).into_body();
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
        assert_eq!(frame("x", "1", &raw), "event: x\nid: 1\ndata: {\ndata: \"a\":1}\n\n");
    }
}
