//! The native agent contract, to the letter.

use axum::http::{Request, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{ask_with, harbour, send, text};

fn question() -> Value {
    json!({
        "run_id": "0198c2de-0000-7000-8000-000000000001",
        "conversation_id": "0198c2de-0000-7000-8000-000000000002",
        "user": { "id": "0198c2de-0000-7000-8000-000000000003", "email": null, "name": "Ada" },
        "input": "How do I restore a backup?",
        "messages": [{ "role": "user", "content": "How do I restore a backup?" }],
        "metadata": { "anything": [1, 2] },
    })
}

#[tokio::test]
async fn json_is_answered_whole() {
    insta::assert_json_snapshot!(ask_with(question()).await);
}

#[tokio::test]
async fn events_say_the_same_as_json() {
    let response = send("text/event-stream", question().to_string()).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let body = text(response).await;
    let events = body.split_terminator("\n\n").map(|frame| {
        let (name, data) = frame.split_once('\n').unwrap();
        let data = serde_json::from_str::<Value>(data.strip_prefix("data: ").unwrap()).unwrap();
        (name.strip_prefix("event: ").unwrap(), data)
    });
    let (mut output, mut sources, mut names) = (String::new(), Vec::new(), Vec::new());
    let (mut title, mut usage) = (Value::Null, Value::Null);
    for (name, data) in events {
        names.push(name);
        match name {
            "delta" => output.push_str(data["text"].as_str().unwrap()),
            "source" => sources.push(data),
            "title" => title = data["title"].clone(),
            "usage" => usage = data,
            _ => assert_eq!((name, data), ("done", json!({}))),
        }
    }
    let streamed = json!({ "output": output, "title": title, "sources": sources, "usage": usage });
    assert_eq!(streamed, ask_with(question()).await);
    assert!(names.iter().filter(|name| **name == "delta").count() > 3, "{names:?}");
    names.dedup();
    assert_eq!(names, ["title", "source", "delta", "usage", "done"]);
}

#[tokio::test]
async fn a_span_is_the_part_of_the_output_that_a_source_supports() {
    let answer = ask_with(json!({ "input": "Does Kubernetes restore a backup from last night?" })).await;
    let output = answer["output"].as_str().unwrap().chars().collect::<Vec<_>>();
    let span = |end: &str| usize::try_from(answer["sources"][0]["span"][end].as_u64().unwrap()).unwrap();
    let supported = output[span("start")..span("end")].iter().collect::<String>();
    assert!(supported.contains("[1]"), "{supported}");
    assert!(!supported.contains("The documents"), "{supported}");
}

#[tokio::test]
async fn the_question_may_stand_in_the_messages_only() {
    let answer = ask_with(json!({ "messages": [{ "role": "user", "content": "How do I restore a backup?" }] })).await;
    assert_eq!(answer["title"], "Restore a backup");
}

#[tokio::test]
async fn bad_input_is_refused_with_a_reason() {
    for (body, message) in [
        ("", "the body is no JSON: EOF while parsing a value at line 1 column 0"),
        ("{\"input\":", "the body is no JSON: EOF while parsing a value at line 1 column 9"),
        ("{\"input\": \"a\"} x", "the body is no JSON: trailing characters at line 1 column 16"),
        ("{}", "input: the question is missing"),
        ("{\"input\": 7}", "input: invalid type: integer `7`, expected a string at line 1 column 11"),
        (
            "{\"input\": \"a\", \"messages\": [{\"role\": \"user\"}]}",
            "messages[0]: missing field `content` at line 1 column 44",
        ),
    ] {
        let response = send("text/event-stream", body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        let problem = serde_json::from_str::<Value>(&text(response).await).unwrap();
        assert_eq!(problem, json!({ "error": { "code": "invalid_request", "message": message } }), "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let response = send("*/*", " ".repeat(33 * 1024 * 1024)).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_question_as_long_as_a_book_is_answered() {
    let words = (0..100_000).map(|word| format!("wrd{word}")).collect::<Vec<_>>();
    let book = format!("How do I restore a backup? {}", words.join(" "));
    let answer = ask_with(json!({ "input": book })).await;
    assert_eq!(answer["usage"]["input_tokens"], 100_006);
}

#[tokio::test]
async fn other_routes_say_what_there_is() {
    for (method, path, status, body) in [
        ("GET", "/healthz", StatusCode::OK, json!({ "status": "ok", "documents": 3, "passages": 9 })),
        (
            "GET",
            "/run",
            StatusCode::METHOD_NOT_ALLOWED,
            json!({ "error": { "code": "method_not_allowed", "message": "ask with POST /run" } }),
        ),
        (
            "POST",
            "/",
            StatusCode::NOT_FOUND,
            json!({ "error": { "code": "not_found", "message": "there are POST /run and GET /healthz" } }),
        ),
    ] {
        let request = Request::builder().method(method).uri(path).body(axum::body::Body::empty()).unwrap();
        let response = harbour().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(serde_json::from_str::<Value>(&text(response).await).unwrap(), body);
    }
}
