//! Our own server-sent events: `run`, then `delta`, `reasoning`, `tool_input`, `tool_call`, `tool_result`, `source`,
//! `file`, `data`, `title`, `usage`, then exactly one of `completed`, `failed`, `cancelled`, `interrupted`. A stream never
//! ends without that last word.

use std::sync::Arc;

use axum::response::Response;
use proto::history::v1::{self as history, RunError, RunStatus};
use serde::Serialize;
use serde_json::value::RawValue;

use super::sse::{self, Dialect, Frames};
use crate::{
    event::{Event, Outcome, Started, Step},
    problem::Problem,
    resource::{Message, Run, Source, Usage, document},
    run::{Coming, Lost, Reader},
};

/// The first event: what is saved before the agent is called.
#[derive(Serialize)]
struct Beginning {
    conversation_id: String,
    run: Run,
    user_message: Message,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Title {
    title: String,
}

#[derive(Serialize)]
struct ToolInput {
    id: String,
    name: String,
    delta: String,
}

#[derive(Serialize)]
struct ToolCall {
    id: String,
    name: String,
    input: Box<RawValue>,
}

#[derive(Serialize)]
struct ToolResult {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct File {
    url: String,
    media_type: String,
    name: Option<String>,
}

#[expect(clippy::struct_field_names, reason = "the names of the JSON members")]
#[derive(Serialize)]
struct Data {
    name: String,
    id: Option<String>,
    data: Box<RawValue>,
}

/// The last event.
#[derive(Serialize)]
struct End {
    run: Run,
    message: Message,
}

/// Follows a run to its last event.
pub(crate) fn stream(coming: impl Into<Coming>) -> Response {
    sse::follow(coming, Native::default())
}

#[derive(Default)]
struct Native {
    started: Option<Arc<Started>>,
    /// The id of the last event.
    last: String,
}

/// The last event where there is no run.
#[derive(Serialize)]
struct Refusal<'a> {
    run: (),
    message: (),
    problem: &'a Problem,
}

impl Dialect for Native {
    fn begin(&mut self, reader: &Reader) {
        self.started = reader.started();
        self.last = format!("{}-0", reader.run_id());
    }

    fn tell(&mut self, step: Step, id: &str, frames: &mut Frames) {
        id.clone_into(&mut self.last);
        match step {
            Step::Started(started) => {
                let conversation_id = started.run.conversation_id.clone();
                let (run, user_message) = (started.run.clone().into(), started.user_message.clone().into());
                frames.event("run", id, &Beginning { conversation_id, run, user_message });
                self.started = Some(started);
            }
            Step::Said(event) => said(event, id, frames),
            Step::Ended(outcome) => {
                let Outcome { run, message, .. } = (*outcome).clone();
                end(id, run, message, frames);
            }
        }
    }

    /// The run is told as it is known here: whoever is cut off resumes with the id of the last event.
    fn lose(&mut self, lost: Lost, frames: &mut Frames) {
        let (run, mut message) =
            self.started.as_ref().map(|started| (started.run.clone(), started.message.clone())).unwrap_or_default();
        let (code, text) = lost.told();
        message.error = Some(RunError { code: code.to_owned(), message: text.to_owned() });
        frames.event("interrupted", self.last.as_str(), &End { run: run.into(), message: message.into() });
    }

    fn refuse(&mut self, problem: &Problem, frames: &mut Frames) {
        frames.event("failed", None, &Refusal { run: (), message: (), problem });
    }
}

fn said(event: Event, id: &str, frames: &mut Frames) {
    let json = |text: String| document(text, "null");
    match event {
        Event::Text(text) => frames.event("delta", id, &Text { text }),
        Event::Reasoning(text) => frames.event("reasoning", id, &Text { text }),
        Event::ToolInput(history::ToolInput { id: call, name, delta }) => {
            frames.event("tool_input", id, &ToolInput { id: call, name, delta });
        }
        Event::ToolCall(history::ToolCall { id: call, name, input_json }) => {
            frames.event("tool_call", id, &ToolCall { id: call, name, input: json(input_json) });
        }
        Event::ToolResult(history::ToolResult { id: call, output_json, error }) => {
            let output = error.is_none().then(|| json(output_json));
            frames.event("tool_result", id, &ToolResult { id: call, output, error });
        }
        Event::Source(source) => frames.event("source", id, &Source::from(source)),
        Event::File(history::File { url, media_type, name }) => {
            frames.event("file", id, &File { url, media_type, name });
        }
        Event::Data(history::Data { name, id: data_id, data_json, .. }) => {
            frames.event("data", id, &Data { name, id: data_id, data: json(data_json) });
        }
        Event::Title(title) => frames.event("title", id, &Title { title }),
        Event::Usage(usage) => frames.event("usage", id, &Usage::from(usage)),
        // The final message tells of them.
        Event::Model(_) | Event::FinishReason(_) => {}
    }
}

fn end(id: &str, run: history::Run, message: history::Message, frames: &mut Frames) {
    let name = match run.status() {
        RunStatus::Completed => "completed",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
        RunStatus::Interrupted | RunStatus::Running | RunStatus::Unspecified => "interrupted",
    };
    frames.event(name, id, &End { run: run.into(), message: message.into() });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse as _;
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::{dialect::sample::text, run::open_log};

    #[tokio::test]
    async fn a_log_that_breaks_off_still_has_a_last_word() {
        let (writer, reader) = open_log("r", 100);
        writer.start(Arc::default());
        writer.say(Event::Text("half".to_owned()));
        drop(writer);
        let text = text(stream(reader.after(Some(0)))).await;
        assert!(
            text.starts_with(
                ": keep-alive\n\nevent: delta\nid: r-1\ndata: {\"text\":\"half\"}\n\nevent: interrupted\nid: r-1\ndata: {"
            ),
            "{text}"
        );
        assert!(text.contains(r#""error":{"code":"stream_broken""#) && text.ends_with("}\n\n"), "{text}");
    }

    /// A body that was asked for what goes out first.
    async fn begun(reader: Reader) -> axum::body::Body {
        let mut body = stream(reader).into_body();
        body.frame().await.unwrap().unwrap();
        body.frame().await.unwrap().unwrap();
        body
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_while_much_waits_is_told_so_and_resumes() {
        let (writer, reader) = open_log("r", 10);
        writer.start(Arc::default());
        let slow = begun(reader.clone()).await;
        for piece in ["01234", "56789", "01234", "56789"] {
            writer.say(Event::Text(piece.to_owned()));
        }
        tokio::time::advance(Duration::from_secs(31)).await;
        let told = text(slow.into_response()).await;
        assert!(told.starts_with("event: interrupted\nid: r-0\n") && told.contains("reader_too_slow"), "{told}");
        writer.end(Arc::default());
        let rest = text(stream(reader.after(Some(0)))).await;
        let pieces = rest.matches("event: delta\n").count();
        assert!(pieces == 4 && rest.contains("event: interrupted\nid: r-5\n"), "{rest}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_waits_or_for_whom_little_waits_is_not_slow() {
        let (writer, reader) = open_log("r", 20);
        writer.start(Arc::default());
        let (late, mut waiting) = (begun(reader.clone()).await, begun(reader).await);
        // One that asks for more waits, and has time for whatever comes then; one for whom little waits may come late.
        let asked = async { (waiting.frame().await.unwrap().unwrap(), waiting) };
        let said = async {
            tokio::time::sleep(Duration::from_millis(9_999)).await;
            writer.say(Event::Text("01234".to_owned()));
        };
        let ((first, waiting), ()) = tokio::join!(asked, said);
        assert!(first.into_data().unwrap().starts_with(b"event: delta\n"));
        tokio::time::advance(Duration::from_mins(10)).await;
        writer.end(Arc::default());
        for body in [late, waiting] {
            let told = text(body.into_response()).await;
            assert!(told.contains("event: interrupted\nid: r-2\n") && !told.contains("reader_too_slow"), "{told}");
        }
    }
}
