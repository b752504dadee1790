//! The table of events, and of names.

use serde_json::json;

use super::{
    super::{Sink, testing},
    *,
};

fn whole(body: &str) -> Result<Vec<Value>, String> {
    testing::Heard::from(|said| Answer.whole(body.as_bytes(), said))
}

fn event(name: &str, data: &str) -> Result<Vec<Value>, String> {
    testing::Heard::from(|said| Answer.event(sse::Event { name, data }, said).map(|_| ()))
}

#[test]
fn the_text_of_a_json_answer_has_many_names() {
    for body in [
        r#"{"output":"yes"}"#,
        r#"{"response":"yes"}"#,
        r#"{"answer":"yes"}"#,
        r#"{"content":"yes"}"#,
        r#"{"output":null,"final_output":"yes"}"#,
        r#""yes""#,
    ] {
        assert_eq!(whole(body).unwrap(), [json!({"text": "yes"})], "{body}");
    }
}

#[test]
fn a_json_answer_says_everything_at_once() {
    let body = json!({"output": "yes", "reasoning": "hm", "sources": ["https://a", "https://a"], "title": "T",
        "citations": ["https://a", {"title": "B"}],
        "usage": {"input_tokens": 1, "output_tokens": 2}, "model": "m", "finish_reason": "length"});
    assert_eq!(
        whole(&body.to_string()).unwrap(),
        [
            json!({"reasoning": "hm"}),
            json!({"text": "yes"}),
            json!({"source": {"kind": "url", "url": "https://a"}}),
            json!({"source": {"kind": "document", "title": "B"}}),
            json!({"title": "T"}),
            json!({"usage": [1, 2, 3]}),
            json!({"model": "m"}),
            json!({"finish_reason": "length"}),
        ]
    );
}

#[test]
fn json_that_is_no_answer_says_why() {
    for (body, problem) in [
        ("{", "agent_bad_response: the agent's JSON is broken: EOF while parsing an object at line 1 column 1"),
        ("[]", "agent_bad_response: the agent's JSON is no object"),
        (
            "{}",
            "agent_bad_response: the agent's JSON has no text under any of output, response, answer, content, final_output",
        ),
        (r#"{"error":{"message":"no model"}}"#, "agent_error: no model"),
    ] {
        assert_eq!(whole(body).unwrap_err(), problem);
    }
}

#[test]
fn events_of_a_stream() {
    for (name, data, said) in [
        ("delta", r#"{"text":"a\u0000"}"#, json!({"text": "a\u{fffd}"})),
        ("delta", r#""a""#, json!({"text": "a"})),
        ("reasoning", r#"{"text":"hm"}"#, json!({"reasoning": "hm"})),
        ("title", r#""Greetings""#, json!({"title": "Greetings"})),
        ("source", r#"{"url":"https://a"}"#, json!({"source": {"kind": "url", "url": "https://a"}})),
        ("citations", r#"["https://a"]"#, json!({"source": {"kind": "url", "url": "https://a"}})),
        ("delta", r#"{"sources":["https://a"]}"#, json!({"source": {"kind": "url", "url": "https://a"}})),
        ("done", r#"{"citations":["https://a"]}"#, json!({"source": {"kind": "url", "url": "https://a"}})),
        ("tool_input", r#"{"id":"c","name":"look","delta":"{\"q\""}"#, json!({"tool_input": ["c", "look", "{\"q\""]})),
        ("tool_call", r#"{"id":"c","name":"look","input":{"q":1}}"#, json!({"tool_call": ["c", "look", {"q": 1}]})),
        ("tool_result", r#"{"id":"c","output":[7]}"#, json!({"tool_result": ["c", [7]]})),
        ("tool_result", r#"{"id":"c","error":"gone"}"#, json!({"tool_error": ["c", "gone"]})),
        ("file", r#"{"url":"data:,x","media_type":"text/plain"}"#, json!({"file": ["data:,x", "text/plain", null]})),
        ("data", r#"{"name":"w","data":2,"transient":true}"#, json!({"data": ["w", null, 2, true]})),
        ("usage", r#"{"prompt_tokens":3,"completion_tokens":4}"#, json!({"usage": [3, 4, 7]})),
        ("model", r#""m""#, json!({"model": "m"})),
        ("finish_reason", r#"{"reason":"stop"}"#, json!({"finish_reason": "stop"})),
    ] {
        assert_eq!(event(name, data).unwrap(), [said], "{name} {data}");
    }
    let cited = r#"{"text":"a","sources":["https://a"],"citations":["https://a","https://b"]}"#;
    let source = |url: &str| json!({"source": {"kind": "url", "url": url}});
    assert_eq!(event("delta", cited).unwrap(), [json!({"text": "a"}), source("https://a"), source("https://b")]);
    assert_eq!(event("delta", r#"{"citations":[]}"#).unwrap(), Vec::<Value>::new());
    assert_eq!(event("ping", "not json").unwrap(), Vec::<Value>::new());
}

#[test]
fn a_document_that_is_nested_too_deep_is_kept_as_a_text_and_fails_nothing_else() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (levels, is_text) in [(126, false), (900, false), (901, true), (100_000, true)] {
        for (name, member) in [("tool_call", "input"), ("tool_result", "output"), ("data", "data")] {
            let data = format!(r#"{{"id":"c","name":"look","{member}":{}}}"#, deep(levels));
            let mut heard = Said::default();
            let flow = Answer.event(sse::Event { name, data: &data }, &mut Transcript::new(&mut heard));
            assert!(flow.unwrap().is_continue());
            let document = if is_text { format!("{:?}", deep(levels)) } else { deep(levels) };
            assert_eq!(heard.0, [document], "{name} {levels}");
        }
    }
}

/// The documents that were said.
#[derive(Default)]
struct Said(Vec<String>);

impl Sink for Said {
    fn emit(&mut self, event: Event) -> Result<(), AgentError> {
        self.0.push(match event {
            Event::ToolCall(call) => call.input_json,
            Event::ToolResult(result) => result.output_json,
            Event::Data(data) => data.data_json,
            other => panic!("{other:?}"),
        });
        Ok(())
    }
}

#[test]
fn events_that_say_nothing_are_refused() {
    for (name, data, problem) in [
        ("error", r#"{"message":"out of tea"}"#, "agent_error: out of tea"),
        ("delta", "{}", "agent_bad_response: the agent's `delta` event has no text"),
        ("tool_call", r#"{"id":"c"}"#, "agent_bad_response: the agent's `tool_call` event has no `name`"),
        ("file", "[]", "agent_bad_response: the data of the agent's `file` event is no object"),
    ] {
        assert_eq!(event(name, data).unwrap_err(), problem);
    }
    assert!(event("delta", "{").unwrap_err().starts_with("agent_bad_response: the data of the agent's `delta`"));
}

#[test]
fn any_slicing_says_the_same() {
    testing::slicing_does_not_matter(
        || Box::new(Answer),
        "event: reasoning\ndata: {\"text\":\"hm\"}\n\n: ping\n\nevent: delta\ndata: {\"text\":\ndata: \"grüße 😀\"}\n\n\
         event: tool_call\ndata: {\"id\":\"c\",\"name\":\"look\"}\n\nevent: source\ndata: \"https://a\"\n\n\
         event: delta\ndata: \"!\"\n\nevent: done\ndata: {\"usage\":{\"input_tokens\":1},\"finish_reason\":\"stop\"}\n\n",
    );
}
