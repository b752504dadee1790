//! What each protocol sends.

use testkit::agent::{FakeAgent, Piece, Reply};

use super::*;

const FLAGS: [&str; 3] = ["--agent-model=m", "--agent-system-prompt=Be kind.", "--agent-api-key=sk-secret"];

fn stream(data: &str) -> Reply {
    Reply::Sse(vec![Piece::Bytes(format!("data: {data}\n\n"))])
}

#[tokio::test]
async fn every_protocol_asks_in_its_own_words() {
    let user = json!({"id": "u", "email": "alice@example.com", "name": null});
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let plain = [
        ("system", "Be kind."),
        ("system", "Speak of tea."),
        ("user", "Hello"),
        ("assistant", "It is noon."),
        ("user", "Is it hot?"),
    ];
    let numbered = |make: &dyn Fn(&str, &str) -> Value| -> Vec<Value> {
        let turns = plain.iter().enumerate();
        turns
            .map(|(place, (role, content))| {
                let mut message = make(role, content);
                message["id"] = json!(format!("r-{place}"));
                message
            })
            .collect()
    };
    let cases = [
        (
            "native",
            Reply::Json(json!({"output": "Yes"})),
            "/run",
            "text/event-stream, application/json",
            json!({"run_id": "r", "conversation_id": "c", "user": user, "input": "Is it hot?", "model": "m",
                "metadata": {"page": 1},
                "messages": [turn("system", "Be kind."), turn("system", "Speak of tea."), turn("user", "Hello"),
                    turn("assistant", ""), turn("tool", "It is noon."), turn("user", "Is it hot?")]}),
        ),
        (
            "openai-chat",
            stream("[DONE]"),
            "/run/chat/completions",
            "text/event-stream, application/json",
            json!({"model": "m", "messages": plain.map(|(role, content)| turn(role, content)), "stream": true,
                "stream_options": {"include_usage": true}}),
        ),
        (
            "ai-sdk",
            stream("[DONE]"),
            "/run",
            "text/event-stream",
            json!({"id": "c", "trigger": "submit-message", "user": user, "model": "m", "metadata": {"page": 1},
                "messages": numbered(&|role, text| json!({"role": role, "parts": [{"type": "text", "text": text}]}))}),
        ),
        (
            "ag-ui",
            stream("{\"type\":\"RUN_FINISHED\"}"),
            "/run",
            "text/event-stream",
            json!({"threadId": "c", "runId": "r", "state": {}, "tools": [], "context": [],
                "forwardedProps": {"user": user, "model": "m", "metadata": {"page": 1}}, "messages": numbered(&turn)}),
        ),
    ];
    for (protocol, reply, path, accept, body) in cases {
        let fake = FakeAgent::always(reply).await;
        let flags: Vec<_> = ["--agent-protocol", protocol].into_iter().chain(FLAGS).collect();
        let (_, ended) = ask(&agent(&fake.url(), &flags), "Is it hot?").await;
        assert_eq!(ended, Ok(()), "{protocol}");
        let [received] = &fake.received()[..] else { panic!("asked once") };
        assert_eq!((received.path.as_str(), &received.body), (path, &body), "{protocol}");
        let header = |name: &str| received.headers[name].to_str().unwrap();
        assert_eq!((header("authorization"), header("accept")), ("Bearer sk-secret", accept));
    }
}

#[tokio::test]
async fn a_question_without_a_conversation_is_asked_all_the_same() {
    let fake = FakeAgent::always(stream("[DONE]")).await;
    let agent = agent(&fake.url(), &["--agent-protocol=openai-chat", "--agent-model=m"]);
    let question = Question { context: Vec::new(), ..question("Is it hot?") };
    agent.answer(Box::new(question), &mut Heard::default()).await.unwrap();
    assert_eq!(fake.received()[0].body["messages"], json!([{"role": "user", "content": "Is it hot?"}]));
}

#[tokio::test]
async fn a_refusal_speaks_for_itself_but_not_of_the_key() {
    let refusal = json!({"error": {"message": "Incorrect API key provided: sk-secret.", "code": "invalid_api_key"}});
    for (protocol, status, said) in [
        ("openai-chat", 401, refusal.to_string()),
        ("ai-sdk", 403, json!({"message": "Incorrect API key provided: sk-secret."}).to_string()),
        ("ag-ui", 500, json!({"detail": "Incorrect API key provided: sk-secret."}).to_string()),
    ] {
        let fake = FakeAgent::always(Reply::Raw(status.try_into().unwrap(), "application/json", said)).await;
        let flags: Vec<_> = ["--agent-protocol", protocol].into_iter().chain(FLAGS).collect();
        let (_, ended) = ask(&agent(&fake.url(), &flags), "Is it hot?").await;
        assert_eq!(ended.unwrap_err(), "agent_error: Incorrect API key provided: [key].");
    }
}

#[tokio::test]
async fn a_stream_must_be_one() {
    for protocol in ["ai-sdk", "ag-ui"] {
        let fake = FakeAgent::always(Reply::Json(json!({"output": "Yes"}))).await;
        let (_, ended) = ask(&agent(&fake.url(), &["--agent-protocol", protocol]), "Is it hot?").await;
        let why = "agent_bad_response: the agent answered with JSON; it must be `text/event-stream`";
        assert_eq!(ended.unwrap_err(), why);
    }
}
