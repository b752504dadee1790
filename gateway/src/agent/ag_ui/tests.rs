//! The table of events.

use serde_json::json;

use super::{super::testing, *};

fn reader() -> Box<dyn Reader> {
    Box::<Answer>::default()
}

fn heard(events: &[Value]) -> Vec<Value> {
    let (heard, ended) = testing::stream(reader(), events);
    assert_eq!(ended, Ok(()), "{events:?}");
    heard
}

fn finished() -> Value {
    json!({"type": "RUN_FINISHED", "threadId": "t", "runId": "r"})
}

#[test]
fn each_event_says_what_it_says() {
    for (event, said) in [
        (json!({"type": "RUN_STARTED", "threadId": "t", "runId": "r"}), vec![]),
        (json!({"type": "STEP_STARTED", "stepName": "s"}), vec![]),
        (json!({"type": "STATE_SNAPSHOT", "snapshot": {"a": 1}}), vec![]),
        (json!({"type": "STATE_DELTA", "delta": [{"op": "add", "path": "/a", "value": 1}]}), vec![]),
        (json!({"type": "ACTIVITY_SNAPSHOT", "messageId": "m", "activityType": "plan", "content": {}}), vec![]),
        (json!({"type": "RAW", "event": {"type": "x"}}), vec![]),
        (json!({"type": "SOMETHING_NEW", "delta": 7}), vec![]),
        (json!("[DONE]"), vec![]),
        (json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "Hi"}), vec![json!({"text": "Hi"})]),
        (
            json!({"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "role": "assistant", "delta": "Hi"}),
            vec![json!({"text": "Hi"})],
        ),
        (json!({"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "role": "user", "delta": "Hi"}), vec![]),
        (
            json!({"type": "TEXT_MESSAGE_END", "messageId": "m", "metadata": {"sources": ["https://a"]}}),
            vec![json!({"source": {"kind": "url", "url": "https://a"}})],
        ),
        (
            json!({"type": "REASONING_MESSAGE_CONTENT", "messageId": "m", "delta": "hm"}),
            vec![json!({"reasoning": "hm"})],
        ),
        (json!({"type": "REASONING_MESSAGE_CHUNK", "messageId": "m", "delta": "hm"}), vec![json!({"reasoning": "hm"})]),
        (
            json!({"type": "REASONING_ENCRYPTED_VALUE", "subtype": "message", "entityId": "m", "encryptedValue": "x"}),
            vec![],
        ),
        (
            json!({"type": "CUSTOM", "name": "sources", "value": ["https://a"]}),
            vec![json!({"source": {"kind": "url", "url": "https://a"}})],
        ),
        (
            json!({"type": "CUSTOM", "name": "source", "value": {"title": "A"}}),
            vec![json!({"source": {"kind": "document", "title": "A"}})],
        ),
        (json!({"type": "CUSTOM", "name": "title", "value": "T"}), vec![json!({"title": "T"})]),
        (
            json!({"type": "CUSTOM", "name": "weather", "value": {"c": 7}}),
            vec![json!({"data": ["weather", null, {"c": 7}, false]})],
        ),
        (
            json!({"type": "TOOL_CALL_RESULT", "messageId": "m", "toolCallId": "c", "content": "{\"c\": 7}"}),
            vec![json!({"tool_result": ["c", {"c": 7}]})],
        ),
        (
            json!({"type": "TOOL_CALL_RESULT", "messageId": "m", "toolCallId": "c", "content": "7 degrees"}),
            vec![json!({"tool_result": ["c", "7 degrees"]})],
        ),
    ] {
        testing::survives(reader, &finished(), &event);
        assert_eq!(heard(&[event.clone(), finished()]), said, "{event}");
    }
}

#[test]
fn messages_are_paragraphs_and_only_the_agents_own_are_its_answer() {
    let said = heard(&[
        json!({"type": "TEXT_MESSAGE_START", "messageId": "1", "role": "assistant"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "1", "delta": "One."}),
        json!({"type": "TEXT_MESSAGE_END", "messageId": "1"}),
        json!({"type": "TEXT_MESSAGE_START", "messageId": "2", "role": "user"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "2", "delta": "What?"}),
        json!({"type": "TEXT_MESSAGE_CHUNK", "messageId": "3", "delta": "Two"}),
        json!({"type": "TEXT_MESSAGE_CHUNK", "delta": "."}),
        finished(),
    ]);
    assert_eq!(said, ["One.", "\n\n", "Two", "."].map(|text| json!({"text": text})));
}

#[test]
fn tool_calls_are_told_in_pieces_and_whole() {
    let whole = [
        json!({"tool_input": ["c", "look", ""]}),
        json!({"tool_input": ["c", "look", "{\"q\":"]}),
        json!({"tool_input": ["c", "look", "1}"]}),
        json!({"tool_call": ["c", "look", {"q": 1}]}),
    ];
    let said = heard(&[
        json!({"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "look"}),
        json!({"type": "TOOL_CALL_ARGS", "toolCallId": "c", "delta": "{\"q\":"}),
        json!({"type": "TOOL_CALL_ARGS", "toolCallId": "c", "delta": "1}"}),
        json!({"type": "TOOL_CALL_END", "toolCallId": "c"}),
        finished(),
    ]);
    assert_eq!(said, whole);
    let said = heard(&[
        json!({"type": "TOOL_CALL_CHUNK", "toolCallId": "c", "toolCallName": "look", "delta": "{\"q\":"}),
        json!({"type": "STATE_SNAPSHOT", "snapshot": {}}),
        json!({"type": "TOOL_CALL_CHUNK", "delta": "1}"}),
        json!({"type": "TEXT_MESSAGE_CHUNK", "messageId": "1", "delta": "Hi"}),
        json!({"type": "TOOL_CALL_CHUNK", "toolCallId": "d", "toolCallName": "time"}),
        json!({"type": "TOOL_CALL_RESULT", "toolCallId": "d", "content": "noon"}),
        finished(),
    ]);
    assert_eq!(said[..4], whole);
    assert_eq!(
        said[4..],
        [
            json!({"text": "Hi"}),
            json!({"tool_input": ["d", "time", ""]}),
            json!({"tool_call": ["d", "time", {}]}),
            json!({"tool_result": ["d", "noon"]}),
        ]
    );
}

#[test]
fn an_agent_that_does_not_stream_says_all_at_the_end() {
    let snapshot = |content: &str| {
        json!({"type": "MESSAGES_SNAPSHOT", "messages": [{"id": "0", "role": "user", "content": "Hello"},
            {"id": "1", "role": "assistant", "content": content, "metadata": {"sources": ["https://a"]}}]})
    };
    testing::survives(reader, &finished(), &snapshot("Hi"));
    let source = json!({"source": {"kind": "url", "url": "https://a"}});
    assert_eq!(heard(&[snapshot("Hi"), finished()]), [source.clone(), json!({"text": "Hi"})]);
    let text = json!({"type": "TEXT_MESSAGE_CHUNK", "messageId": "1", "delta": "Hi"});
    assert_eq!(heard(&[text, snapshot("Hi"), finished()]), [json!({"text": "Hi"}), source.clone()]);
    let result = |result: Value| json!({"type": "RUN_FINISHED", "result": result});
    assert_eq!(heard(&[result(json!("Hi"))]), [json!({"text": "Hi"})]);
    assert_eq!(heard(&[result(json!({"a": 1}))]), [json!({"data": ["result", null, {"a": 1}, false]})]);
    testing::survives(reader, &finished(), &result(json!({"sources": ["https://a"]})));
    assert_eq!(
        heard(&[result(json!({"citations": ["https://a"], "sources": ["https://a"]}))]),
        std::slice::from_ref(&source)
    );
    assert_eq!(
        heard(&[result(json!({"a": 1, "citations": ["https://a"]}))]),
        [source.clone(), json!({"data": ["result", null, {"a": 1}, false]})]
    );
    let cited = json!({"type": "TEXT_MESSAGE_END", "messageId": "m", "metadata": {"citations": ["https://a"]}});
    assert_eq!(heard(&[cited, result(json!(null))]), [source]);
}

#[test]
fn only_its_own_word_ends_a_stream() {
    let end = |outcome: Value| json!({"type": "RUN_FINISHED", "outcome": outcome, "usage": [{"inputTokens": 1}]});
    testing::survives(reader, &finished(), &end(json!({"type": "success", "pendingToolCallIds": ["c"]})));
    testing::survives(reader, &finished(), &end(json!({"type": "interrupt", "interrupts": [{"id": "i"}]})));
    let usage = json!({"usage": [1, null, null]});
    let stopped = |reason: &str| json!({ "finish_reason": reason });
    assert_eq!(heard(&[end(json!({"type": "success"}))]), [usage.clone(), stopped("stop")]);
    assert_eq!(
        heard(&[end(json!({"type": "success", "pendingToolCallIds": ["c"]}))]),
        [usage.clone(), stopped("tool_calls")]
    );
    assert_eq!(
        heard(&[end(json!({"type": "interrupt", "interrupts": [{"id": "i"}]}))]),
        [usage, json!({"data": ["interrupts", null, [{"id": "i"}], false]}), stopped("other")]
    );
    let ended = |last: Value| testing::stream(reader(), &[last]).1.unwrap_err();
    assert_eq!(ended(end(json!({"type": "cancelled"}))), "agent_cut: the agent called its run off");
    assert_eq!(ended(json!({"type": "RUN_ERROR", "message": "out of tea", "code": "TEA"})), "agent_error: out of tea");
    assert_eq!(
        ended(json!({"type": "STEP_FINISHED"})),
        "agent_cut: the agent's stream ended without a `RUN_FINISHED` event"
    );
    assert!(ended(json!("rubbish")).starts_with("agent_bad_response: an event of the agent's stream is broken"));
}

#[test]
fn any_slicing_says_the_same() {
    testing::slicing_does_not_matter(
        reader,
        concat!(
            "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
            "data: {\"type\":\"REASONING_MESSAGE_CONTENT\",\"messageId\":\"0\",\"delta\":\"hm\"}\n\n",
            "data: {\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"c\",\"toolCallName\":\"look\"}\n\n",
            "data: {\"type\":\"TOOL_CALL_END\",\"toolCallId\":\"c\"}\n\n",
            "data: {\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"1\",\"role\":\"assistant\"}\n\n",
            "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"1\",\"delta\":\"grüße 😀\"}\n\n",
            "data: {\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"1\"}\n\n",
            "data: {\"type\":\"CUSTOM\",\"name\":\"sources\",\"value\":[\"https://a\"]}\n\n",
            "data: {\"type\":\"RUN_FINISHED\",\"usage\":[{\"inputTokens\":1}]}\n\n",
        ),
    );
}
