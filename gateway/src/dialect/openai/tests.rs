use proto::history::v1::{RunStatus, Usage};
use serde_json::{Value, json};

use super::*;
use crate::dialect::sample::{data, everything, told};

fn wanted(include_usage: bool) -> Completions {
    Completions { model: "docs".to_owned(), include_usage }
}

async fn chunks(said: Vec<Event>, status: Option<RunStatus>, include_usage: bool) -> Vec<Value> {
    let response = wanted(include_usage).stream(told(said, status).into()).await.unwrap();
    assert_eq!(response.headers()[CONVERSATION], "c");
    data(response).await
}

#[tokio::test]
async fn a_completion_is_told_chunk_by_chunk() {
    let events = chunks(everything(), Some(RunStatus::Completed), true).await;
    let deltas: Vec<_> = events.iter().map(|chunk| &chunk["choices"][0]["delta"]).collect();
    assert_eq!(deltas[0], &json!({"role": "assistant", "content": ""}));
    assert_eq!(deltas[1], &json!({"reasoning_content": "Hm"}));
    let text: String = deltas.iter().filter_map(|delta| delta["content"].as_str()).collect();
    assert_eq!(text, "One moment.Seven.");
    let [last, usage, done] = &events[events.len() - 3..] else { panic!("{events:?}") };
    let citation = json!({"start_index": 0, "end_index": 3, "title": "T", "url": "https://t"});
    let annotations = json!([{"type": "url_citation", "url_citation": citation}]);
    assert_eq!(
        last["choices"][0],
        json!({"index": 0, "delta": {"annotations": annotations}, "finish_reason": "length"})
    );
    assert_eq!(last["colloquy"]["sources"].as_array().unwrap().len(), 2);
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"], json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}));
    assert_eq!(done, "[DONE]");
    for chunk in &events[..events.len() - 1] {
        assert_eq!((&chunk["id"], &chunk["created"]), (&json!("chatcmpl-r"), &json!(7)));
        assert!(chunk["usage"].is_null() && chunk.get("usage").is_some() || chunk == usage);
    }
    assert_eq!(events[0]["colloquy"]["conversation_id"], "c");
}

#[tokio::test]
async fn counts_that_cannot_be_added_are_told_all_the_same() {
    let usage = Usage { input_tokens: Some(i64::MAX), output_tokens: Some(1), total_tokens: None };
    let events = chunks(vec![Event::Usage(usage)], Some(RunStatus::Completed), true).await;
    let [.., told, _done] = events.as_slice() else { panic!("{events:?}") };
    let expected = json!({"prompt_tokens": i64::MAX, "completion_tokens": 1, "total_tokens": i64::MAX});
    assert_eq!(told["usage"], expected);
}

#[tokio::test]
async fn usage_is_not_told_unasked() {
    let events = chunks(everything(), Some(RunStatus::Completed), false).await;
    assert!(events.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[tokio::test]
async fn a_completion_that_does_not_come_to_its_end_is_an_error() {
    for (status, code, refusal) in [
        (Some(RunStatus::Cancelled), "cancelled", "cancelled"),
        (Some(RunStatus::Failed), "agent_error", "agent_error"),
        (Some(RunStatus::Interrupted), "interrupted", "interrupted"),
        (None, "stream_broken", "overloaded"),
    ] {
        let events = chunks(vec![Event::Text("half".to_owned())], status, false).await;
        let [.., half, error, done] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(half["choices"][0]["delta"]["content"], "half");
        assert_eq!(error["error"]["code"], code);
        assert!(error["error"]["message"].is_string() && error["error"]["type"].is_string());
        assert_eq!(done, "[DONE]");
        let refused = wanted(false).whole(told(vec![], status)).await.unwrap_err();
        assert_eq!(refused.code(), refusal);
    }
}

#[tokio::test]
async fn a_completion_is_told_whole() {
    let response = wanted(false).whole(told(everything(), Some(RunStatus::Completed))).await.unwrap();
    let body: Value = serde_json::from_str(&crate::dialect::sample::text(response).await).unwrap();
    let choice = &body["choices"][0];
    assert_eq!((&body["object"], &choice["finish_reason"]), (&json!("chat.completion"), &json!("length")));
    assert_eq!(choice["message"]["content"], "One moment.Seven.");
    assert_eq!(choice["message"]["reasoning_content"], "Hm");
    assert_eq!(choice["message"]["annotations"][0]["url_citation"]["url"], "https://t");
    assert_eq!(body["usage"]["total_tokens"], 3);
    assert_eq!(body["colloquy"]["run_id"], "r");
}
