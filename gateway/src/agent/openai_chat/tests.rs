//! The table of what completions say.

use serde_json::json;

use super::{super::testing, *};

fn reader() -> Box<dyn Reader> {
    Box::<Answer>::default()
}

fn delta(delta: Value) -> Value {
    let choice = Value::Object([("index".to_owned(), json!(0)), ("delta".to_owned(), delta)].into_iter().collect());
    json!({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})
}

fn stop(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn heard(data: &[Value]) -> Vec<Value> {
    let (heard, ended) = testing::stream(reader(), data);
    ended.unwrap();
    heard
}

fn whole(body: &Value) -> Result<Vec<Value>, String> {
    testing::Heard::from(|said| Answer::default().whole(body.to_string().as_bytes(), said))
}

#[test]
fn each_piece_says_what_it_says() {
    for (piece, said) in [
        (delta(json!({"role": "assistant", "content": ""})), vec![]),
        (delta(json!({"content": "Hi", "refusal": null})), vec![json!({"text": "Hi"})]),
        (delta(json!({"reasoning_content": "hm", "content": null})), vec![json!({"reasoning": "hm"})]),
        (delta(json!({"reasoning": "hm", "reasoning_content": "hm"})), vec![json!({"reasoning": "hm"})]),
        (delta(json!({"refusal": "No."})), vec![json!({"text": "No."})]),
        (
            delta(
                json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hi"}]}),
            ),
            vec![json!({"reasoning": "hm"}), json!({"text": "Hi"})],
        ),
        (
            delta(json!({"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]})),
            vec![json!({"file": ["data:image/png;base64,AA", "image/png", null]})],
        ),
        (
            delta(
                json!({"annotations": [{"type": "url_citation", "url_citation": {"url": "https://a", "title": "A", "start_index": 1, "end_index": 2}}]}),
            ),
            vec![json!({"source": {"kind": "url", "url": "https://a", "title": "A", "span": [1, 2]}})],
        ),
        (
            json!({"sources": [{"source": {"name": "a.pdf"}}], "choices": []}),
            vec![json!({"source": {"kind": "document", "title": "a.pdf"}})],
        ),
        (
            json!({"model": "m", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}),
            vec![json!({"model": "m"}), json!({"usage": [1, 2, 3]})],
        ),
        (json!({"choices": [{"index": 1, "delta": {"content": "another"}}]}), vec![]),
        (json!({"choices": null, "prompt_filter_results": []}), vec![]),
    ] {
        testing::survives(reader, &stop("stop"), &piece);
        assert_eq!(heard(&[piece.clone(), json!("[DONE]")]), said, "{piece}");
    }
}

#[test]
fn what_is_cited_beside_the_text_is_found_wherever_it_stands() {
    let a = || json!(["https://a"]);
    let message = |message: Value| json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
    let azure = || json!({"intent": "[]", "citations": [{"content": "s", "title": null, "url": "https://a", "filepath": "a.pdf"}]});
    let kept_of_azure =
        json!({"kind": "url", "url": "https://a", "snippet": "s", "metadata": {"title": null, "filepath": "a.pdf"}});
    let alone = json!({"kind": "url", "url": "https://a"});
    for (piece, source) in [
        (delta(json!({"citations": a()})), &alone),
        (delta(json!({"sources": a(), "citations": a()})), &alone),
        (delta(json!({"context": azure()})), &kept_of_azure),
        (message(json!({"context": azure()})), &kept_of_azure),
        (message(json!({"content": "", "citations": a()})), &alone),
        (json!({"choices": [{"index": 0, "delta": {}, "message": {"citations": a()}}]}), &alone),
        (json!({"choices": [{"index": 0, "delta": {}, "citations": a()}]}), &alone),
    ] {
        testing::survives(reader, &stop("stop"), &piece);
        let mut heard = heard(&[piece.clone(), piece.clone(), json!("[DONE]")]);
        heard.retain(|said| said.get("source").is_some());
        assert_eq!(heard, [json!({ "source": source })], "{piece}");
    }
    assert!(heard(&[delta(json!({"context": {"intent": "[]"}})), json!("[DONE]")]).is_empty());
}

#[test]
fn events_with_names_between_the_pieces_break_nothing() {
    let stream = "event: sources\ndata: [{\"url\": \"https://a\"}]\n\nevent: message\ndata: \
        {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\nevent: ping\ndata: [1]\n\nevent: citations\ndata: \
        {\"sources\": [\"https://a\", \"https://b\"]}\n\ndata: [DONE]\n\n";
    let source = |url: &str| json!({"source": {"kind": "url", "url": url}});
    let (heard, ended) = testing::read(reader(), [stream.as_bytes()]);
    assert_eq!((heard, ended), (vec![source("https://a"), json!({"text": "Hi"}), source("https://b")], Ok(())));
}

#[test]
fn a_character_that_is_cut_in_two_is_one() {
    let piece = |name: &str, text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"{name}\":\"{text}\"}}}}]}}\n\n");
    let stream = [
        piece("reasoning", "\\ud83d"),
        piece("content", "Hi \\ud83d"),
        piece("reasoning", "\\ude00"),
        piece("content", "\\ude00 \\ude00\\ud83d"),
        piece("content", "!\\ud83d"),
        "data: [DONE]\n\n".to_owned(),
    ];
    let (heard, ended) = testing::read(reader(), [stream.concat().as_bytes()]);
    let text = |text: &str| json!({ "text": text });
    let expected = [text("Hi "), json!({"reasoning": "😀"}), text("😀 \u{fffd}"), text("\u{fffd}!"), text("\u{fffd}")];
    assert_eq!((heard.as_slice(), ended), (&expected[..], Ok(())));
}

#[test]
fn reasons_to_stop_have_one_name_each() {
    for (given, kept) in [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("eos_token", "other"),
    ] {
        assert_eq!(heard(&[stop(given), stop(given)]), [json!({"finish_reason": kept})]);
    }
}

#[test]
fn tool_calls_are_told_in_pieces_and_whole() {
    let call = |call: Value| delta(json!({ "tool_calls": [call] }));
    let said = heard(&[
        call(json!({"index": 0, "id": "a", "type": "function", "function": {"name": "look", "arguments": ""}})),
        call(json!({"index": 0, "function": {"arguments": "{\"q\":"}})),
        call(json!({"index": 1, "id": "b", "function": {"name": "time"}})),
        call(json!({"index": 0, "function": {"arguments": "1}"}})),
        stop("tool_calls"),
    ]);
    assert_eq!(
        said,
        [
            json!({"tool_input": ["a", "look", ""]}),
            json!({"tool_input": ["a", "look", "{\"q\":"]}),
            json!({"tool_input": ["b", "time", ""]}),
            json!({"tool_input": ["a", "look", "1}"]}),
            json!({"tool_call": ["a", "look", {"q": 1}]}),
            json!({"tool_call": ["b", "time", {}]}),
            json!({"finish_reason": "tool_calls"}),
        ]
    );
    // No ids, wrong places, arguments that are no string, the form of old.
    let calls = |data: &[Value]| -> Vec<Value> {
        heard(data).into_iter().filter(|said| said.get("tool_call").is_some()).collect()
    };
    testing::survives(
        reader,
        &stop("stop"),
        &call(json!({"index": 0, "id": "a", "function": {"name": "n", "arguments": "{}"}})),
    );
    let whole = |id: Value| json!({"index": 0, "id": id, "function": {"name": "look", "arguments": {"q": 1}}});
    assert_eq!(
        calls(&[call(whole(json!("a"))), call(whole(json!("b"))), json!("[DONE]")]),
        [json!({"tool_call": ["a", "look", {"q": 1}]}), json!({"tool_call": ["b", "look", {"q": 1}]})]
    );
    assert_eq!(calls(&[call(whole(json!(null))), stop("stop")]), [json!({"tool_call": ["call_0", "look", {"q": 1}]})]);
    let old = |function: Value| delta(json!({ "function_call": function }));
    assert_eq!(
        calls(&[old(json!({"name": "look", "arguments": "{"})), old(json!({"arguments": "}"})), stop("function_call")]),
        [json!({"tool_call": ["call_0", "look", {}]})]
    );
}

#[test]
fn what_is_repeated_with_every_piece_is_kept_once() {
    let piece = |text: &str, so_far: &str, tokens: u32| {
        json!({"model": "sonar", "usage": {"completion_tokens": tokens}, "citations": ["https://a", "https://b"],
            "search_results": [{"title": "A", "url": "https://a", "date": "today"}, {"title": "B", "url": "https://b"}],
            "choices": [{"index": 0, "delta": {"content": text}, "message": {"role": "assistant", "content": so_far}}]})
    };
    assert_eq!(
        heard(&[piece("Hello", "Hello", 1), piece(" you", "Hello you", 2), stop("stop")]),
        [
            json!({"model": "sonar"}),
            json!({"text": "Hello"}),
            json!({"source": {"kind": "url", "title": "A", "url": "https://a", "metadata": {"date": "today"}}}),
            json!({"source": {"kind": "url", "title": "B", "url": "https://b"}}),
            json!({"text": " you"}),
            json!({"finish_reason": "stop"}),
            json!({"usage": [null, 2, null]}),
        ]
    );
}

#[test]
fn only_its_own_word_ends_a_stream() {
    let ended = |data: &[Value]| testing::stream(reader(), data).1;
    let text = delta(json!({"content": "Hi"}));
    assert_eq!(ended(&[text.clone(), json!("[DONE]")]), Ok(()));
    assert_eq!(ended(&[text.clone(), stop("stop")]), Ok(()));
    assert_eq!(
        ended(std::slice::from_ref(&text)).unwrap_err(),
        "agent_cut: the agent's stream ended without a `finish_reason` or `[DONE]`"
    );
    let error = json!({"error": {"message": "out of tea", "type": "server_error", "code": null, "param": null}});
    assert_eq!(ended(&[text.clone(), error]).unwrap_err(), "agent_error: out of tea");
    assert!(ended(&[text, json!("rubbish")]).unwrap_err().starts_with("agent_bad_response: a piece of the agent's"));
    let named = testing::read(reader(), [b"event: error\ndata: {\"message\":\"out of tea\"}\n\n".as_slice()]);
    assert_eq!(named.1.unwrap_err(), "agent_error: out of tea");
}

#[test]
fn a_completion_may_come_as_a_whole() {
    let body = json!({"id": "c", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hi", "reasoning_content": "hm", "refusal": null,
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
            "annotations": [{"type": "url_citation", "url_citation": {"url": "https://a"}}]}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    assert_eq!(
        whole(&body).unwrap(),
        [
            json!({"model": "m"}),
            json!({"reasoning": "hm"}),
            json!({"text": "Hi"}),
            json!({"tool_input": ["a", "look", ""]}),
            json!({"tool_input": ["a", "look", "{}"]}),
            json!({"source": {"kind": "url", "url": "https://a"}}),
            json!({"tool_call": ["a", "look", {}]}),
            json!({"finish_reason": "stop"}),
            json!({"usage": [1, 2, 3]}),
        ]
    );
    assert_eq!(whole(&json!({"error": "no model"})).unwrap_err(), "agent_error: no model");
    assert_eq!(whole(&json!({"output": "Hi"})).unwrap_err(), "agent_bad_response: the agent's JSON has no `choices`");
}

#[test]
fn addresses_end_where_completions_are_made() {
    for (base, address) in [
        ("https://api.example/v1", "https://api.example/v1/chat/completions"),
        ("https://api.example/v1/", "https://api.example/v1/chat/completions"),
        ("https://api.example/v1/chat/completions", "https://api.example/v1/chat/completions"),
        ("https://api.example/?key=1", "https://api.example/chat/completions?key=1"),
    ] {
        assert_eq!(super::address(&base.parse().unwrap()).as_str(), address);
    }
}

#[test]
fn any_slicing_says_the_same() {
    testing::slicing_does_not_matter(
        reader,
        concat!(
            ": OPENROUTER PROCESSING\n\n",
            "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"grüße 😀\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\ud83d\\ude00\"}}],\"citations\":[\"https://a\"]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n",
            "data: [DONE]\n\n",
        ),
    );
}
