//! Native server-sent events: order, framing, and clients that leave.

use axum::http::header;
use http_body_util::BodyExt as _;
use serde_json::json;
use testkit::agent::{Gate, Piece, Reply};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use crate::stack::{Stack, events, text};

#[tokio::test]
async fn a_stream_tells_everything_in_order() {
    let pieces = vec![
        Piece::Bytes(": hello\r\n\r\nevent: delta\r\ndata: {\"text\":\r\ndata: \"Grüße\\n\"}\r\n\r\n".to_owned()),
        Piece::event("source", &json!({"url": "https://t", "page": 3})),
        Piece::event("title", &json!({"title": "Greetings"})),
        Piece::event("usage", &json!({"input_tokens": 1})),
        Piece::event("surprise", &json!(1)),
        Piece::delta("Alice"),
        Piece::done(),
        Piece::delta("never seen"),
    ];
    let stack = Stack::new(Reply::Sse(pieces)).await;
    let response = stack.stream(&json!({"message": "hi"})).await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-cache, no-transform");
    assert_eq!(header("x-accel-buffering"), "no");
    assert!(!header("x-request-id").is_empty());
    let events = events(&text(response).await);
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["run", "delta", "source", "title", "usage", "delta", "completed"]);
    let data = |index: usize| &events[index].1;
    assert_eq!(data(0)["run"]["status"], "running");
    assert_eq!(data(0)["run"]["conversation_id"], data(0)["conversation_id"]);
    assert_eq!(data(0)["user_message"]["content"], "hi");
    assert_eq!(data(1), &json!({"text": "Grüße\n"}));
    assert_eq!((&data(2)["ordinal"], &data(2)["metadata"]), (&json!(1), &json!({"page": 3})));
    assert_eq!(data(3), &json!({"title": "Greetings"}));
    assert_eq!(data(4), &json!({"input_tokens": 1, "output_tokens": null, "total_tokens": null}));
    assert_eq!(
        (&data(6)["message"]["content"], &data(6)["run"]["status"]),
        (&json!("Grüße\nAlice"), &json!("completed"))
    );
    assert_eq!(stack.history.story(), ["StartRun", "agent asked", "FinishRun"]);
}

#[tokio::test]
async fn the_stream_speaks_before_the_agent_does() {
    let gate = Gate::new();
    let stack = Stack::new(Reply::After(gate.clone(), Box::new(Reply::Sse(vec![Piece::done()])))).await;
    let mut body = stack.stream(&json!({"message": "hi"})).await.into_body();
    let mut seen = String::new();
    while !seen.contains("event: run\n") {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        seen.push_str(std::str::from_utf8(&frame).unwrap());
    }
    assert!(seen.starts_with(": "));
    gate.open();
    let rest = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert!(rest.starts_with("event: completed\n"), "{rest}");
}

#[tokio::test]
async fn a_client_that_leaves_changes_nothing() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::delta("a"), Piece::Wait(gate.clone()), Piece::delta("b"), Piece::done()]);
    let stack = Stack::new(reply).await;
    let mut body = stack.stream(&json!({"message": "hi"})).await.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    stack.agent.asked(1).await;
    gate.open();
    stack.history.happened("FinishRun").await;
    stack.gateway.drain().await;
    assert_eq!(stack.history.finished().content, "ab");
}

#[tokio::test]
async fn a_connection_that_breaks_changes_nothing_either() {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::delta("a"), Piece::Wait(gate.clone()), Piece::delta("b"), Piece::done()]);
    let stack = Stack::new(reply).await;
    let listener = || TcpListener::bind("127.0.0.1:0");
    let (http, admin) = (listener().await.unwrap(), listener().await.unwrap());
    let address = http.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = stack.gateway.clone().serve(gateway::Listeners { http, admin }, stop.clone());
    let client = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST /agents/run HTTP/1.1\r\nhost: x\r\nauthorization: Bearer alice\r\naccept: text/event-stream\r\n\
             {}: application/json\r\ncontent-length: 16\r\n\r\n{{\"message\":\"hi\"}}",
            header::CONTENT_TYPE
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut seen = String::new();
        while !seen.contains("event: delta\n") {
            let mut part = [0; 1024];
            let read = socket.read(&mut part).await.unwrap();
            seen.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
        assert!(seen.starts_with("HTTP/1.1 200 OK\r\n"), "{seen}");
        drop(socket);
        gate.open();
        stack.history.happened("FinishRun").await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(serving, client);
    served.unwrap();
    assert_eq!(stack.history.finished().content, "ab");
}
