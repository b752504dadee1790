use serde_json::{Value, json};

use super::*;
use crate::dialect::sample::{data, everything, told};

async fn events(said: Vec<Event>, status: Option<RunStatus>) -> Vec<Value> {
    let names = RunNames { thread_id: "thread".to_owned(), run_id: "run".to_owned() };
    data(stream(told(said, status), names)).await
}

fn begun(rest: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let value = json!({"runId": "r", "conversationId": "c", "userMessageId": "q", "messageId": "a", "agent": "docs"});
    let first = [
        json!({"type": "RUN_STARTED", "threadId": "thread", "runId": "run"}),
        json!({"type": "CUSTOM", "name": "run", "value": value}),
    ];
    first.into_iter().chain(rest).collect()
}

#[tokio::test]
async fn everything_an_agent_says_has_its_events_and_all_that_is_opened_is_closed() {
    let events = events(everything(), Some(RunStatus::Completed)).await;
    let kinds: Vec<_> = events
        .iter()
        .map(|event| match &event["name"] {
            Value::String(name) => name.as_str(),
            _ => event["type"].as_str().unwrap(),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "RUN_STARTED",
            "run",
            "REASONING_START",
            "REASONING_MESSAGE_START",
            "REASONING_MESSAGE_CONTENT",
            "REASONING_MESSAGE_END",
            "REASONING_END",
            "TEXT_MESSAGE_START",
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_END",
            "TOOL_CALL_START",
            "TOOL_CALL_ARGS",
            "TOOL_CALL_END",
            "TOOL_CALL_RESULT",
            "TOOL_CALL_START",
            "TOOL_CALL_END",
            "TOOL_CALL_RESULT",
            "title",
            "TEXT_MESSAGE_START",
            "TEXT_MESSAGE_CONTENT",
            "source",
            "source",
            "file",
            "data",
            "sources",
            "TEXT_MESSAGE_END",
            "RUN_FINISHED",
        ]
    );
    let texts: Vec<_> = events.iter().filter(|event| event["type"] == "TEXT_MESSAGE_START").collect();
    assert_eq!((&texts[0]["messageId"], &texts[1]["messageId"]), (&json!("a"), &json!("a-2")));
    assert_eq!(events[12]["delta"], "{\"q\":1}");
    assert_eq!(
        events[14],
        json!({"type": "TOOL_CALL_RESULT", "messageId": "a-call", "toolCallId": "call", "content": "[7]", "role": "tool"})
    );
    assert_eq!(events[17]["content"], "gone");
    assert_eq!(events[24]["value"], json!({"name": "weather", "id": "1", "data": {"sun": true}, "transient": false}));
    assert_eq!(events[25]["value"].as_array().unwrap().len(), 2);
    assert_eq!(events[26]["metadata"]["sources"], events[25]["value"]);
    assert_eq!(events[25]["value"][0]["url"], "https://t");
    assert_eq!(
        events[27],
        json!({
            "type": "RUN_FINISHED", "threadId": "thread", "runId": "run",
            "outcome": {"type": "success", "pendingToolCallIds": []},
            "usage": [{"model": "m-1", "inputTokens": 1, "outputTokens": 2}],
        })
    );
}

#[tokio::test]
async fn every_end_is_a_word_that_the_client_understands() {
    let half = [
        json!({"type": "TEXT_MESSAGE_START", "messageId": "a", "role": "assistant"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "a", "delta": "half"}),
        json!({"type": "TEXT_MESSAGE_END", "messageId": "a"}),
    ];
    let error = |code: &str, message: &str| json!({"type": "RUN_ERROR", "message": message, "code": code});
    for (status, last) in [
        (
            Some(RunStatus::Cancelled),
            json!({"type": "RUN_FINISHED", "threadId": "thread", "runId": "run", "outcome": {"type": "cancelled"}}),
        ),
        (Some(RunStatus::Failed), error("agent_error", "no tea")),
        (Some(RunStatus::Interrupted), error("interrupted", "the answer was interrupted")),
        (None, error("stream_broken", "the answer breaks off here; resume it, or ask for it again")),
    ] {
        let expected = begun(half.iter().cloned().chain([last]));
        assert_eq!(events(vec![Event::Text("half".to_owned())], status).await, expected);
    }
}

#[tokio::test]
async fn sources_that_come_after_the_last_text_still_belong_to_a_message() {
    let source = Event::Source(history::Source { ordinal: 1, ..history::Source::default() });
    let call = Event::ToolCall(history::ToolCall { id: "x".to_owned(), ..history::ToolCall::default() });
    let events = events(vec![Event::Text("t".to_owned()), call, source], Some(RunStatus::Completed)).await;
    let last = &events[events.len() - 3..];
    assert_eq!((&last[0]["type"], &last[0]["messageId"]), (&json!("TEXT_MESSAGE_START"), &json!("a")));
    assert_eq!(last[1]["metadata"]["sources"][0]["ordinal"], 1);
}
