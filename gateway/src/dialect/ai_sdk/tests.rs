use serde_json::{Value, json};

use super::*;
use crate::dialect::sample::{data, everything, told};

async fn chunks(events: Vec<Event>, status: Option<RunStatus>) -> Vec<Value> {
    data(stream(told(events, status))).await
}

fn begun(rest: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let metadata = json!({
        "runId": "r", "conversationId": "c", "userMessageId": "q", "agent": "docs", "createdAt": "1970-01-01T00:00:07Z",
    });
    let start = json!({"type": "start", "messageId": "a", "messageMetadata": metadata});
    [start, json!({"type": "start-step"})].into_iter().chain(rest).collect()
}

#[tokio::test]
async fn everything_an_agent_says_has_its_chunks_and_all_that_is_opened_is_closed() {
    let call = json!({"toolCallId": "call", "toolName": "look", "providerExecuted": true});
    let with = |kind: &str, base: &Value, more: Value| {
        let mut chunk = base.clone();
        chunk["type"] = kind.into();
        chunk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        chunk
    };
    let expected = begun([
        json!({"type": "reasoning-start", "id": "r1"}),
        json!({"type": "reasoning-delta", "id": "r1", "delta": "Hm"}),
        json!({"type": "reasoning-end", "id": "r1"}),
        json!({"type": "text-start", "id": "t2"}),
        json!({"type": "text-delta", "id": "t2", "delta": "One "}),
        json!({"type": "text-delta", "id": "t2", "delta": "moment."}),
        json!({"type": "text-end", "id": "t2"}),
        with("tool-input-start", &call, json!({})),
        json!({"type": "tool-input-delta", "toolCallId": "call", "inputTextDelta": "{\"q\":1}"}),
        with("tool-input-available", &call, json!({"input": {"q": 1}})),
        json!({"type": "tool-output-available", "toolCallId": "call", "output": [7], "providerExecuted": true}),
        json!({"type": "tool-input-available", "toolCallId": "other", "toolName": "unknown", "input": {}, "providerExecuted": true}),
        json!({"type": "tool-output-error", "toolCallId": "other", "errorText": "gone", "providerExecuted": true}),
        json!({"type": "data-chat-title", "data": "Tea", "transient": true}),
        json!({"type": "text-start", "id": "t3"}),
        json!({"type": "text-delta", "id": "t3", "delta": "Seven."}),
        json!({"type": "source-url", "sourceId": "s1", "url": "https://t", "title": "T", "providerMetadata": {"colloquy": {
            "ordinal": 1, "score": 0.5, "span": {"start": 0, "end": 3}, "metadata": {"page": 3},
        }}}),
        json!({"type": "source-document", "sourceId": "s2", "mediaType": "text/plain", "title": "untitled",
            "providerMetadata": {"colloquy": {"ordinal": 2, "score": 0.5}}}),
        json!({"type": "text-end", "id": "t3"}),
        json!({"type": "file", "url": "data:,x", "mediaType": "text/plain"}),
        json!({"type": "data-weather", "id": "1", "data": {"sun": true}}),
        json!({"type": "finish-step"}),
        json!({"type": "finish", "finishReason": "length", "messageMetadata": {
            "status": "completed", "model": "m-1", "usage": {"inputTokens": 1, "outputTokens": 2},
        }}),
        json!("[DONE]"),
    ]);
    assert_eq!(chunks(everything(), Some(RunStatus::Completed)).await, expected);
}

#[tokio::test]
async fn every_end_is_a_word_that_the_client_understands() {
    let said = || vec![Event::Text("half".to_owned())];
    let half = [
        json!({"type": "text-start", "id": "t1"}),
        json!({"type": "text-delta", "id": "t1", "delta": "half"}),
        json!({"type": "text-end", "id": "t1"}),
    ];
    let metadata = |metadata: Value| json!({"type": "message-metadata", "messageMetadata": metadata});
    let error = |text: &str| json!({"type": "error", "errorText": text});
    let lost = "the answer breaks off here; resume it, or ask for it again";
    for (status, last) in [
        (
            Some(RunStatus::Cancelled),
            vec![
                json!({"type": "finish-step"}),
                json!({"type": "abort"}),
                json!({"type": "finish", "finishReason": "other", "messageMetadata": {"status": "cancelled"}}),
            ],
        ),
        (
            Some(RunStatus::Failed),
            vec![
                metadata(json!({"status": "failed", "error": {"code": "agent_error", "message": "no tea"}})),
                error("no tea"),
            ],
        ),
        (
            Some(RunStatus::Interrupted),
            vec![
                metadata(
                    json!({"status": "interrupted", "error": {"code": "interrupted", "message": "the answer was interrupted"}}),
                ),
                error("the answer was interrupted"),
            ],
        ),
        (
            None,
            vec![metadata(json!({"status": "lost", "error": {"code": "stream_broken", "message": lost}})), error(lost)],
        ),
    ] {
        let expected = begun(half.iter().cloned().chain(last).chain([json!("[DONE]")]));
        assert_eq!(chunks(said(), status).await, expected);
    }
}

#[tokio::test]
async fn of_a_call_that_is_known_whole_no_pieces_are_told() {
    let call = || Event::ToolCall(history::ToolCall { id: "c".into(), name: "look".into(), input_json: "{}".into() });
    let piece = || Event::ToolInput(history::ToolInput { id: "c".into(), name: "look".into(), delta: "{".into() });
    let result = || Event::ToolResult(history::ToolResult { id: "c".into(), output_json: "1".into(), error: None });
    for events in [vec![call(), piece(), result()], vec![result(), piece()], vec![piece(), call(), piece(), result()]] {
        let chunks = chunks(events, Some(RunStatus::Completed)).await;
        let kinds = chunks.iter().filter_map(|chunk| chunk["type"].as_str());
        let kinds: Vec<_> = kinds.filter(|kind| kind.starts_with("tool-")).collect();
        let pieces = kinds.iter().filter(|kind| **kind == "tool-input-delta").count();
        let starts = kinds.iter().filter(|kind| **kind == "tool-input-start").count();
        assert!(pieces == starts && kinds.contains(&"tool-input-available"), "{kinds:?}");
    }
}
