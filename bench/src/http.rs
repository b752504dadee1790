//! A client that costs next to nothing, so that what it measures is the other side.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use url::Url;

/// One connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// A request, ready to be sent again and again.
#[derive(Debug, Clone)]
pub(crate) struct Request(Vec<u8>);

impl Request {
    pub(crate) fn get(path: &str, token: Option<&str>) -> Self {
        let authorization = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
        Self(format!("GET {path} HTTP/1.1\r\nhost: gateway\r\n{authorization}\r\n").into_bytes())
    }

    pub(crate) fn post(path: &str, token: &str, accept: &str, body: &Value) -> Self {
        let body = body.to_string();
        let length = body.len();
        Self(
            format!(
                "POST {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {token}\r\naccept: {accept}\r\n\
                 content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    }
}

impl Connection {
    pub(crate) async fn open(server: &Url) -> anyhow::Result<Self> {
        let address = *server.socket_addrs(|| None)?.first().context("an address")?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: vec![0; 64 * 1024] })
    }

    /// How long an answer took that must be 200 or 201.
    pub(crate) async fn ask(&mut self, request: &Request) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.stream.write_all(&request.0).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.answer[filled..]).await?;
            ensure!(read > 0, "the connection ended early");
            filled += read;
            if is_whole(&self.answer[..filled])? {
                break;
            }
        }
        let elapsed = began.elapsed();
        let status = self.answer.get(9..12);
        ensure!(matches!(status, Some(b"200" | b"201")), "{}", String::from_utf8_lossy(&self.answer[..filled]));
        Ok(elapsed)
    }

    /// How long the first of these bytes took in an answer in chunks, which is read to its end.
    pub(crate) async fn follow(&mut self, request: &Request, awaited: &[u8]) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.stream.write_all(&request.0).await?;
        let (mut kept, mut came) = (0, None);
        loop {
            let read = self.stream.read(&mut self.answer[kept..]).await?;
            ensure!(read > 0, "the connection ended early");
            let there = &self.answer[..kept + read];
            if came.is_none() && there.windows(awaited.len()).any(|bytes| bytes == awaited) {
                came = Some(began.elapsed());
            }
            if there.ends_with(b"\r\n0\r\n\r\n") {
                return came.with_context(|| String::from_utf8_lossy(there).into_owned());
            }
            // Enough for what may be torn in two.
            let from = if came.is_some() { there.len().saturating_sub(8) } else { 0 };
            let end = kept + read;
            self.answer.copy_within(from..end, 0);
            kept = end - from;
            ensure!(kept < self.answer.len(), "an answer without what is awaited");
        }
    }

    /// The body of an answer that closes the connection.
    pub(crate) async fn read(server: &Url, path: &str) -> anyhow::Result<String> {
        let mut connection = Self::open(server).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        connection.stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

/// Whether header and body are there. Every answer that is measured tells its length.
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("a length")?;
    Ok(answer.len() >= end + 4 + length.trim().parse::<usize>()?)
}
