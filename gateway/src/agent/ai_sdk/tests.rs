//! The table of chunks.

use serde_json::json;

use super::{super::testing, *};

fn reader() -> Box<dyn Reader> {
    Box::<Answer>::default()
}

#[test]
fn each_chunk_says_what_it_says() {
    for (chunk, said) in [
        (json!({"type": "start", "messageId": "m", "messageMetadata": {"model": "m"}}), vec![json!({"model": "m"})]),
        (json!({"type": "start-step"}), vec![]),
        (json!({"type": "finish-step"}), vec![]),
        (json!({"type": "reset-step"}), vec![]),
        (json!({"type": "steering-message", "id": "m", "parts": []}), vec![]),
        (json!({"type": "something-new", "id": 7}), vec![]),
        (json!({"type": "text-delta", "id": "t", "delta": "Hi"}), vec![json!({"text": "Hi"})]),
        (json!({"type": "reasoning-start", "id": "r"}), vec![]),
        (json!({"type": "reasoning-delta", "id": "r", "delta": "hm"}), vec![json!({"reasoning": "hm"})]),
        (json!({"type": "reasoning-end", "id": "r"}), vec![]),
        (
            json!({"type": "source-url", "sourceId": "s", "url": "https://a", "title": "A", "providerMetadata": {"p": {"score": 0.5}}}),
            vec![json!({"source": {"kind": "url", "url": "https://a", "title": "A", "score": 0.5,
                "metadata": {"sourceId": "s", "providerMetadata": {"p": {"score": 0.5}}}}})],
        ),
        (
            json!({"type": "source-document", "sourceId": "s", "mediaType": "text/plain", "title": "A"}),
            vec![
                json!({"source": {"kind": "document", "title": "A", "metadata": {"sourceId": "s", "mediaType": "text/plain"}}}),
            ],
        ),
        (
            json!({"type": "file", "url": "data:,x", "mediaType": "text/plain"}),
            vec![json!({"file": ["data:,x", "text/plain", null]})],
        ),
        (
            json!({"type": "reasoning-file", "url": "data:,x", "mediaType": "text/plain"}),
            vec![json!({"file": ["data:,x", "text/plain", null]})],
        ),
        (
            json!({"type": "data-weather", "id": "1", "data": {"c": 7}, "transient": true}),
            vec![json!({"data": ["weather", "1", {"c": 7}, true]})],
        ),
        (
            json!({"type": "data-sources", "data": ["https://a"]}),
            vec![json!({"source": {"kind": "url", "url": "https://a"}})],
        ),
        (json!({"type": "data-chat-title", "data": "T", "transient": true}), vec![json!({"title": "T"})]),
        (
            json!({"type": "tool-input-start", "toolCallId": "c", "toolName": "look"}),
            vec![json!({"tool_input": ["c", "look", ""]})],
        ),
        (
            json!({"type": "tool-input-available", "toolCallId": "c", "toolName": "look", "input": {"q": 1}}),
            vec![json!({"tool_call": ["c", "look", {"q": 1}]})],
        ),
        (
            json!({"type": "tool-input-error", "toolCallId": "c", "toolName": "look", "input": "{", "errorText": "no JSON"}),
            vec![json!({"tool_call": ["c", "look", "{"]}), json!({"tool_error": ["c", "no JSON"]})],
        ),
        (
            json!({"type": "tool-output-available", "toolCallId": "c", "output": [7]}),
            vec![json!({"tool_result": ["c", [7]]})],
        ),
        (
            json!({"type": "tool-output-available", "toolCallId": "c", "output": null}),
            vec![json!({"tool_result": ["c", null]})],
        ),
        (json!({"type": "tool-output-available", "toolCallId": "c", "output": [7], "preliminary": true}), vec![]),
        (
            json!({"type": "tool-output-error", "toolCallId": "c", "errorText": "gone"}),
            vec![json!({"tool_error": ["c", "gone"]})],
        ),
        (
            json!({"type": "tool-output-denied", "toolCallId": "c"}),
            vec![json!({"tool_error": ["c", "the call was denied"]})],
        ),
        (
            json!({"type": "tool-approval-request", "approvalId": "a", "toolCallId": "c"}),
            vec![
                json!({"data": ["tool-approval-request", "a", {"type": "tool-approval-request", "approvalId": "a", "toolCallId": "c"}, false]}),
            ],
        ),
        (
            json!({"type": "custom", "kind": "a.b"}),
            vec![json!({"data": ["a.b", null, {"type": "custom", "kind": "a.b"}, false]})],
        ),
        (
            json!({"type": "message-metadata", "messageMetadata": {"sources": ["https://a"], "usage": {"inputTokens": 1}}}),
            vec![json!({"source": {"kind": "url", "url": "https://a"}}), json!({"usage": [1, null, null]})],
        ),
        (
            json!({"type": "start", "messageMetadata": {"citations": ["https://a"], "sources": [{"url": "https://a", "title": "A"}]}}),
            vec![json!({"source": {"kind": "url", "url": "https://a", "title": "A"}})],
        ),
        (
            json!({"type": "finish", "messageMetadata": {"citations": ["https://a"]}}),
            vec![json!({"source": {"kind": "url", "url": "https://a"}})],
        ),
        (json!({"type": "message-metadata", "messageMetadata": null}), vec![]),
    ] {
        testing::survives(reader, &json!({"type": "finish"}), &chunk);
        let (heard, ended) = testing::stream(reader(), &[chunk.clone(), json!({"type": "finish"})]);
        assert_eq!((heard, ended), (said, Ok(())), "{chunk}");
    }
}

#[test]
fn texts_are_paragraphs_and_their_citations_count_from_the_first_one() {
    let end = json!({"type": "text-end", "id": "1", "citations": [{"source": {"url": "https://a"}, "startIndex": 3, "endIndex": 6}]});
    testing::survives(reader, &end, &json!({"type": "text-delta", "id": "1", "delta": "Hi"}));
    testing::survives(reader, &json!({"type": "finish"}), &end);
    let (heard, ended) = testing::stream(
        reader(),
        &[
            json!({"type": "text-start", "id": "1"}),
            json!({"type": "text-delta", "id": "1", "delta": "Äh."}),
            json!({"type": "text-end", "id": "1"}),
            json!({"type": "text-start", "id": "2"}),
            json!({"type": "text-delta", "id": "2", "delta": "😀"}),
            json!({"type": "text-delta", "id": "2", "delta": " yes"}),
            json!({"type": "text-end", "id": "2", "citations": [{"source": {"type": "source", "sourceType": "url", "id": "s",
                "url": "https://a"}, "startIndex": 3, "endIndex": 6, "citedText": "it is"}]}),
            json!("[DONE]"),
        ],
    );
    assert_eq!(ended, Ok(()));
    assert_eq!(
        heard,
        [
            json!({"text": "Äh."}),
            json!({"text": "\n\n"}),
            json!({"text": "😀"}),
            json!({"text": " yes"}),
            json!({"source": {"kind": "url", "url": "https://a", "snippet": "it is", "span": [7, 10], "metadata": {"id": "s"}}}),
        ]
    );
}

#[test]
fn only_its_own_word_ends_a_stream() {
    let text = json!({"type": "text-delta", "id": "1", "delta": "Hi"});
    for (last, ended) in [
        (json!({"type": "finish", "finishReason": "tool-calls"}), Ok(())),
        (json!("[DONE]"), Ok(())),
        (json!({"type": "error", "errorText": "out of tea"}), Err("agent_error: out of tea")),
        (json!({"type": "finish", "finishReason": "error"}), Err("agent_error: the agent failed and did not say why")),
        (json!({"type": "abort"}), Err("agent_cut: the agent broke its answer off")),
        (json!({"type": "abort", "reason": "tired"}), Err("agent_cut: the agent broke its answer off: tired")),
        (json!({"type": "finish-step"}), Err("agent_cut: the agent's stream ended without a `finish` chunk")),
        (
            json!("{}"),
            Err("agent_bad_response: a chunk of the agent's stream is broken: missing field `type` at line 1 column 2"),
        ),
    ] {
        assert_eq!(testing::stream(reader(), &[text.clone(), last]).1, ended.map_err(str::to_owned));
    }
}

#[test]
fn any_slicing_says_the_same() {
    testing::slicing_does_not_matter(
        reader,
        concat!(
            ": stream-open\n\nid: 1-0\ndata: {\"type\":\"start\",\"messageId\":\"m\"}\n\n",
            "data: {\"type\":\"reasoning-delta\",\"id\":\"r\",\"delta\":\"hm\"}\n\n",
            "data: {\"type\":\"text-start\",\"id\":\"t\"}\n\ndata: {\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"grüße 😀\"}\n\n",
            "data: {\"type\":\"text-end\",\"id\":\"t\"}\n\n",
            "data: {\"type\":\"tool-input-start\",\"toolCallId\":\"c\",\"toolName\":\"look\"}\n\n",
            "data: {\"type\":\"tool-input-delta\",\"toolCallId\":\"c\",\"inputTextDelta\":\"{}\"}\n\n",
            "data: {\"type\":\"tool-input-available\",\"toolCallId\":\"c\",\"toolName\":\"look\",\"input\":{}}\n\n",
            "data: {\"type\":\"source-url\",\"sourceId\":\"s\",\"url\":\"https://a\"}\n\n",
            "data: {\"type\":\"finish\",\"finishReason\":\"stop\"}\n\ndata: [DONE]\n\n",
        ),
    );
}

#[test]
fn units_of_a_text_become_characters_of_the_answer() {
    let text = "a😀é😀😀b";
    let mut part = TextPart { begin: Some(10), ..TextPart::default() };
    for delta in ["a😀", "é", "😀😀b"] {
        part.grow(delta);
    }
    for index in 0..20 {
        let units = |characters: usize| text.chars().take(characters).map(char::len_utf16).sum::<usize>();
        let before = (0..=text.chars().count()).rfind(|characters| units(*characters) <= index).unwrap();
        assert_eq!(part.place(&json!(index)), Some(10 + before), "{index}");
    }
    let halves: Vec<String> = [r#""a\ud83d""#, r#""\ude00\ud83d""#].map(|half| json::read(half, "it").unwrap()).into();
    let mut split = TextPart { begin: Some(10), ..TextPart::default() };
    for delta in &halves {
        split.grow(delta);
    }
    assert_eq!((split.units, split.wide), (4, vec![3]));
    assert_eq!(part.place(&json!(u64::MAX)), Some(16));
    assert_eq!(part.place(&json!(-1)), None);
    assert_eq!(TextPart::default().place(&json!(0)), None);
}
