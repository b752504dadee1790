//! Runs to tell in tests, and what was told of them.

use std::sync::Arc;

use axum::response::Response;
use http_body_util::BodyExt as _;
use prost_types::Timestamp;
use proto::{
    answer::Answer,
    history::v1::{self as history, Message, Run, RunError, RunEvent, RunStatus},
};
use serde_json::Value;

use crate::{
    event::{Event, Outcome, Started},
    run::{Reader, open_log},
};

pub(super) async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// What the frames hold, words that are no JSON as strings.
pub(super) async fn data(response: Response) -> Vec<Value> {
    let text = text(response).await;
    assert!(text.starts_with(": keep-alive\n\n") && text.ends_with("\n\n"), "{text}");
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.map(|data| serde_json::from_str(data).unwrap_or_else(|_| data.into())).collect()
}

/// The log of a run whose agent said this, and that ended like this; in the middle without a status.
pub(super) fn told(events: Vec<Event>, status: Option<RunStatus>) -> Reader {
    let (writer, reader) = open_log("r", 10_000);
    let run = Run {
        id: "r".to_owned(),
        conversation_id: "c".to_owned(),
        user_message_id: "q".to_owned(),
        message_id: "a".to_owned(),
        agent: "docs".to_owned(),
        created_at: Some(Timestamp { seconds: 7, nanos: 0 }),
        ..Run::default()
    };
    let message = Message { id: "a".to_owned(), created_at: run.created_at, ..Message::default() };
    let user_message = Message { id: "q".to_owned(), ..Message::default() };
    let (first, question) = (message.clone(), user_message.clone());
    writer.start(Arc::new(Started { run: run.clone(), user_message: question, message: first }));
    let mut answer = Answer::default();
    for event in events {
        answer.take(RunEvent { event: Some(event.clone()) });
        writer.say(event);
    }
    let Some(status) = status else { return reader };
    let said = || RunError { code: "agent_error".to_owned(), message: "no tea".to_owned() };
    let error = (status == RunStatus::Failed).then(said);
    let message = Message {
        content: answer.text.clone(),
        parts_json: answer.parts_json(),
        sources: answer.sources.clone(),
        usage: answer.usage,
        model: answer.model.clone(),
        finish_reason: answer.finish_reason.clone(),
        ..message
    };
    let run = Run { status: status.into(), error, ..run };
    writer.end(Arc::new(Outcome { run, user_message, message }));
    reader
}

/// One of each kind, in an order that opens and closes everything.
pub(super) fn everything() -> Vec<Event> {
    let call = |json: &str| {
        let (id, name) = ("call".to_owned(), "look".to_owned());
        Event::ToolCall(history::ToolCall { id, name, input_json: json.to_owned() })
    };
    let input = |delta: &str| {
        let (id, name) = ("call".to_owned(), "look".to_owned());
        Event::ToolInput(history::ToolInput { id, name, delta: delta.to_owned() })
    };
    let result = |id: &str, error: Option<&str>| {
        let output_json = if error.is_none() { "[7]".to_owned() } else { String::new() };
        Event::ToolResult(history::ToolResult { id: id.to_owned(), output_json, error: error.map(str::to_owned) })
    };
    let source = |ordinal, url: Option<&str>, title: Option<&str>| {
        Event::Source(history::Source {
            ordinal,
            kind: if url.is_some() { "url" } else { "document" }.to_owned(),
            url: url.map(str::to_owned),
            title: title.map(str::to_owned),
            score: Some(0.5),
            span: url.map(|_| history::Span { start: 0, end: 3 }),
            metadata_json: if url.is_some() { r#"{"page":3}"#.to_owned() } else { String::new() },
            ..history::Source::default()
        })
    };
    vec![
        Event::Model("m-1".to_owned()),
        Event::Reasoning("Hm".to_owned()),
        Event::Text("One ".to_owned()),
        Event::Text("moment.".to_owned()),
        input(""),
        input(r#"{"q":1}"#),
        call(r#"{"q":1}"#),
        result("call", None),
        result("other", Some("gone")),
        Event::Title("Tea".to_owned()),
        Event::Text("Seven.".to_owned()),
        source(1, Some("https://t"), Some("T")),
        source(2, None, None),
        Event::File(history::File { url: "data:,x".to_owned(), media_type: "text/plain".to_owned(), name: None }),
        Event::Data(history::Data {
            name: "weather".to_owned(),
            id: Some("1".to_owned()),
            data_json: "{\"sun\":true}".to_owned(),
            transient: false,
        }),
        Event::Usage(history::Usage { input_tokens: Some(1), output_tokens: Some(2), total_tokens: None }),
        Event::FinishReason("length".to_owned()),
    ]
}
