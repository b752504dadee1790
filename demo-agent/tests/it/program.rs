//! The agent as a program: its flags, its listener, its end.

use std::time::Duration;

use clap::{CommandFactory as _, Parser};
use demo_agent::Config;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    config: Config,
}

#[test]
fn the_flags_are_sound() {
    Program::command().debug_assert();
    let config = Program::parse_from(["demo-agent", "--demo-agent-pace", "0s"]).config;
    assert_eq!((config.listen.port(), config.pace), (8090, Duration::ZERO));
}

#[tokio::test]
async fn it_serves_until_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.md"), "# Tides\n\nThe tide turns twice a day.\n").unwrap();
    let flags = ["demo-agent", "--demo-agent-pace", "0s", "--demo-agent-docs", folder.path().to_str().unwrap()];
    let config = Program::parse_from(flags).config;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();

    let talk = async {
        let body = r#"{"input": "When does the tide turn?"}"#;
        let head =
            format!("POST /run HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        stop.cancel();
        answer
    };
    let (served, answer) = tokio::join!(demo_agent::serve(config, listener, stop.clone()), talk);
    served.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("The tide turns twice a day. [1]"), "{answer}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_at_the_start() {
    let config = Program::parse_from(["demo-agent", "--demo-agent-docs", "/nowhere/at/all"]).config;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = demo_agent::serve(config, listener, CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "reading documents from /nowhere/at/all");
}
