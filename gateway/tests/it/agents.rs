//! Agents of every protocol: what they say is what a client gets and what is kept.

use serde_json::{Value, json};
use testkit::agent::{Piece, Reply};

use crate::stack::Stack;

fn stream(data: &[Value]) -> Reply {
    Reply::Sse(data.iter().map(|data| Piece::Bytes(format!("data: {data}\n\n"))).collect())
}

/// The same answer in the words of each protocol.
fn answers() -> [(&'static str, Reply); 4] {
    let call = |function: Value| json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c", "function": function}]}}]});
    [
        (
            "native",
            Reply::Sse(vec![
                Piece::event("reasoning", &json!({"text": "hm"})),
                Piece::event("tool_call", &json!({"id": "c", "name": "look", "input": {"q": 1}})),
                Piece::delta("Yes."),
                Piece::event("source", &json!({"url": "https://a", "title": "A"})),
                Piece::event(
                    "done",
                    &json!({"usage": {"input_tokens": 1, "output_tokens": 2}, "finish_reason": "stop"}),
                ),
            ]),
        ),
        (
            "openai-chat",
            stream(&[
                json!({"choices": [{"delta": {"reasoning_content": "hm"}}]}),
                call(json!({"name": "look", "arguments": "{\"q\": "})),
                call(json!({"arguments": "1}"})),
                json!({"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}],
                    "search_results": [{"url": "https://a", "title": "A"}], "citations": ["https://a"]}),
                json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}),
            ]),
        ),
        (
            "ai-sdk",
            stream(&[
                json!({"type": "reasoning-delta", "id": "r", "delta": "hm"}),
                json!({"type": "tool-input-available", "toolCallId": "c", "toolName": "look", "input": {"q": 1}}),
                json!({"type": "text-delta", "id": "t", "delta": "Yes."}),
                json!({"type": "source-url", "url": "https://a", "title": "A"}),
                json!({"type": "finish", "finishReason": "stop", "messageMetadata": {"usage": {"inputTokens": 1, "outputTokens": 2}}}),
            ]),
        ),
        (
            "ag-ui",
            stream(&[
                json!({"type": "REASONING_MESSAGE_CONTENT", "messageId": "0", "delta": "hm"}),
                json!({"type": "TOOL_CALL_CHUNK", "toolCallId": "c", "toolCallName": "look", "delta": "{\"q\": 1}"}),
                json!({"type": "TEXT_MESSAGE_CHUNK", "messageId": "1", "delta": "Yes."}),
                json!({"type": "CUSTOM", "name": "sources", "value": [{"url": "https://a", "title": "A"}]}),
                json!({"type": "RUN_FINISHED", "outcome": {"type": "success"}, "usage": [{"inputTokens": 1, "outputTokens": 2}]}),
            ]),
        ),
    ]
}

#[tokio::test]
async fn every_protocol_makes_the_same_answer() {
    for (protocol, reply) in answers() {
        let stack = Stack::with(reply, &["--agent-protocol", protocol, "--agent-model=m"]).await;
        let answer = stack.ask(&json!({"message": "Is it?"})).await;
        assert_eq!(answer.status, 200, "{protocol}: {}", answer.text);
        let message = &answer.json()["message"];
        assert_eq!((&message["content"], &message["status"]), (&json!("Yes."), &json!("completed")), "{protocol}");
        let finished = stack.history.finished();
        let parts: Vec<Value> = serde_json::from_str(&finished.parts_json).unwrap();
        let kinds: Vec<_> = parts.iter().map(|part| part["type"].as_str().unwrap()).collect();
        let mut sorted = kinds.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["reasoning", "text", "tool_call"], "{protocol}");
        let call = parts.iter().find(|part| part["type"] == "tool_call").unwrap();
        assert_eq!(*call, json!({"type": "tool_call", "id": "c", "name": "look", "input": {"q": 1}}), "{protocol}");
        let [source] = &finished.sources[..] else { panic!("{protocol}: {:?}", finished.sources) };
        let said = (source.ordinal, source.kind.as_str(), source.url.as_deref(), source.title.as_deref());
        assert_eq!(said, (1, "url", Some("https://a"), Some("A")), "{protocol}");
        let usage = finished.usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (Some(1), Some(2), Some(3)));
        assert_eq!(finished.finish_reason.as_deref(), Some("stop"), "{protocol}");
    }
}
