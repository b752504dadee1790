//! An agent that costs next to nothing: answers at once, or streams tokens at the pace that the question asks for.

use std::{fmt::Write as _, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, interval_at},
};
use url::Url;

/// What a question must hold for an answer of so many tokens, one in each interval, the first at once.
pub(crate) fn pace(tokens: usize, interval: Duration) -> String {
    format!("[[{tokens}/{}]]", interval.as_millis())
}

/// The agent. It ends with the value.
pub(crate) struct Agent {
    pub(crate) url: Url,
    _server: JoinSet<()>,
}

impl Agent {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/run", listener.local_addr()?).parse()?;
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // A caller that leaves ends its connection, which is no concern of the agent.
                connections.spawn(async move { drop(serve(stream).await) });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { url, _server: server })
    }
}

async fn serve(mut stream: TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let (mut question, at_once) = (Vec::new(), whole_answer());
    loop {
        question.clear();
        while !is_whole(&question)? {
            if stream.read_buf(&mut question).await? == 0 {
                return Ok(());
            }
        }
        match paced(&question) {
            Some((tokens, interval)) => tell(&mut stream, tokens, interval).await?,
            None => stream.write_all(&at_once).await?,
        }
    }
}

fn whole_answer() -> Vec<u8> {
    let text =
        "The answer is in the second chapter, where the handling of such cases is described in detail. ".repeat(4);
    let source = |number: usize| {
        json!({
            "title": format!("Chapter {number}"), "url": format!("https://docs.example.com/{number}"),
            "snippet": "what is described in detail", "score": 0.5,
        })
    };
    let body = json!({ "output": text, "sources": [source(1), source(2)] }).to_string();
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

async fn tell(stream: &mut TcpStream, tokens: usize, interval: Duration) -> anyhow::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut out = head.to_owned();
    let mut ticks = interval_at(Instant::now(), interval.max(Duration::from_millis(1)));
    for number in 0..tokens {
        ticks.tick().await;
        chunk(&mut out, &format!("event: delta\ndata: {{\"text\":\"word{number} \"}}\n\n"));
        stream.write_all(out.as_bytes()).await?;
        out.clear();
    }
    chunk(&mut out, "event: done\ndata: {}\n\n");
    out.push_str("0\r\n\r\n");
    Ok(stream.write_all(out.as_bytes()).await?)
}

fn chunk(out: &mut String, event: &str) {
    write!(out, "{:x}\r\n{event}\r\n", event.len()).expect("a string grows");
}

fn paced(question: &[u8]) -> Option<(usize, Duration)> {
    let text = std::str::from_utf8(question).ok()?;
    let (pace, _) = text.split_once("[[")?.1.split_once("]]")?;
    let (tokens, interval) = pace.split_once('/')?;
    Some((tokens.parse().ok()?, Duration::from_millis(interval.parse().ok()?)))
}

fn is_whole(question: &[u8]) -> anyhow::Result<bool> {
    let Some(end) = question.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&question[..end])?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("a length")?;
    ensure!(head.starts_with("post "), "only POST is a question");
    Ok(question.len() >= end + 4 + length.trim().parse::<usize>()?)
}
